"""Things that are done at the same time, each with a connection of its own."""

import threading
from collections.abc import Callable
from contextvars import copy_context

from django.db import connections


def at_once(*works: Callable[[], object]) -> list[Exception]:
    """Do several things at the same time; the exceptions that they raise."""
    wrong: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # a thread's failure must reach the test
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=copy_context().run, args=[run, work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong
