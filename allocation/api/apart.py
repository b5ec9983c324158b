"""Takes telemetry in a process of its own, where the server has asked for one.

A batch keeps an interpreter busy for tens of milliseconds, and hooks, which are waited for, would
have to share theirs with it. Servers of several processes (gunicorn) do without.
"""

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

from allocation.rights.roles import Role, acting_as, current

if TYPE_CHECKING:
    from allocation.api.telemetry import Accepted

# A body, whether it is JSON, and the moment it came in. Raises MalformedBody and OperationalError.
Take = Callable[[bytes, bool, datetime], "Accepted"]


class _Apart:
    """The process, if there is one. It starts with the first batch, and anew after it died."""

    pool: ProcessPoolExecutor | None = None
    lock = threading.Lock()


@contextmanager
def telemetry_apart() -> Iterator[None]:
    """Within the block `taken` lets another process do the work."""
    _Apart.pool = _new_pool()
    try:
        yield
    finally:
        pool, _Apart.pool = _Apart.pool, None
        pool.shutdown(cancel_futures=True)


def taken(take: Take, body: bytes, *, is_json: bool, now: datetime) -> "Accepted":
    """What `take` makes of a batch, here or in the other process.

    Raises what `take` raises, and OperationalError if the other process dies meanwhile: whatever
    it stored, the same batch sent again changes nothing of it.
    """
    work = _submitted(take, body, is_json, now)
    if work is None:
        return take(body, is_json, now)
    try:
        return work.result()
    except BrokenProcessPool as error:
        raise OperationalError("The process that takes telemetry has ended.") from error


def _submitted(take: Take, body: bytes, is_json: bool, now: datetime) -> "Future[Accepted] | None":
    with _Apart.lock:
        if _Apart.pool is None:
            return None
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
