"""Stores telemetry in a process of its own, if the server has asked for one (`telemetry_apart`).

To read and store a batch keeps Python busy for tens of milliseconds, in which no other thread of
the same process runs. Claude Code waits for its hooks, so the built-in server, which is one
process, hands batches to a second one. A server of several processes (gunicorn) has no need of it.

While a batch is stored, the request that brought it keeps one of the server's threads waiting. The
number of batches under way is bounded, so that a hook always finds a thread that is free.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import django
from django.db import OperationalError, close_old_connections

from allocation.polite import be_polite
from allocation.rights.roles import Role, acting_as, current

if TYPE_CHECKING:
    from allocation.api.telemetry import Accepted

logger = logging.getLogger(__name__)

# Batches under way: half of the threads of the built-in server.
MOST_UNDER_WAY = 4
# If no batch ends for so long, the process counts as stuck. The largest body takes a third of it.
STUCK_SECONDS = 120

# A body, whether it is JSON, and the moment it came in. Raises MalformedBody and OperationalError.
Take = Callable[[bytes, bool, datetime], "Accepted"]


class Full(Exception):
    """As many batches are under way as are allowed; the sender has to try again."""


class _Apart:
    """The process, if there is one. It starts with the first batch, and anew after it died."""

    pool: ProcessPoolExecutor | None = None
    lock = threading.Lock()
    room = threading.BoundedSemaphore(MOST_UNDER_WAY)
    ended = 0  # batches, well or not


@contextmanager
def telemetry_apart() -> Iterator[None]:
    """Within the block, `taken` hands its work to another process."""
    _Apart.pool = _new_pool()
    try:
        yield
    finally:
        pool, _Apart.pool = _Apart.pool, None
        pool.shutdown(cancel_futures=True)


def taken(take: Take, body: bytes, *, is_json: bool, now: datetime) -> "Accepted":
    """What `take` makes of a batch, here or in the other process.

    Raises what `take` raises, Full at once if too many are under way, and OperationalError if the
    other process dies meanwhile, or is ended because it is stuck: whatever it stored, the same
    batch sent again changes nothing of it.
    """
    if _Apart.pool is None:
        return take(body, is_json, now)
    if not _Apart.room.acquire(blocking=False):
        raise Full
    try:
        return _result(_submitted(take, body, is_json, now))
    except BrokenProcessPool as error:
        raise OperationalError("The process that takes telemetry has ended.") from error
    finally:
        _Apart.ended += 1
        _Apart.room.release()


def _result(work: "Future[Accepted]") -> "Accepted":
    while True:
        ended = _Apart.ended
        try:
            return work.result(timeout=STUCK_SECONDS)
        except TimeoutError:
            if work.done():
                raise
            if ended == _Apart.ended:
                logger.error("Telemetry is stuck: no batch in %s s. Starting anew.", STUCK_SECONDS)
                for process in multiprocessing.active_children():
                    process.kill()


def _submitted(take: Take, body: bytes, is_json: bool, now: datetime) -> "Future[Accepted]":
    with _Apart.lock:
        if _Apart.pool is None:
            raise BrokenProcessPool("The server is stopping.")
        arguments = (take, body, is_json, now, current())
        try:
            return _Apart.pool.submit(_take_as, *arguments)
        except BrokenProcessPool:
            _Apart.pool = _new_pool()
            return _Apart.pool.submit(_take_as, *arguments)


def _new_pool() -> ProcessPoolExecutor:
    # Not forked: this process has threads, and connections that two processes must not share.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_set_up)


def _set_up() -> None:
    """Make the process ready, and let it end with the one that it works for, however that ends."""
    be_polite()  # hooks are what is waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to answer
    django.setup()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _take_as(take: Take, body: bytes, is_json: bool, now: datetime, role: Role) -> "Accepted":
    close_old_connections()
    try:
        with acting_as(role):
            return take(body, is_json, now)
    finally:
        close_old_connections()
