"""Work beside a server, in threads that no failure ends."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from budgetctl.cli.refusals import first_line

logger = logging.getLogger(__name__)


def guarded(what: str, work: Callable[[], object]) -> None:
    """Do it in the name of the clock. What fails is logged in one line; its time comes again."""
    from django.db import connections

    from allocation.rights.roles import Role, acting_as

    try:
        with acting_as(Role.SYSTEM):
            work()
    except Exception as error:
        logger.error(
            "%s failed: %s: %s",
            what,
            type(error).__name__,
            first_line(error),
            exc_info=logger.isEnabledFor(logging.DEBUG),
        )
    finally:
        connections.close_all()


@contextmanager
def repeating(work: Callable[[], object], *, seconds: float) -> Iterator[None]:
    """Do it again and again in a thread until the block is left, first after so many seconds."""
    stopped = threading.Event()

    def repeat() -> None:
        while not stopped.wait(seconds):
            work()

    with running(repeat, stopped):
        yield


@contextmanager
def running(work: Callable[[], object], stopped: threading.Event) -> Iterator[None]:
    """Do it in a thread, which is told when the block is left."""
    thread = threading.Thread(target=work, name=work.__name__, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=5)  # what is under way may end; what hangs does not hold us up
