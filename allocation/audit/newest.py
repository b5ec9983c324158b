"""What was read is kept for as long as nobody edits anything: the newest entry tells."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db import connection

from allocation.audit.models import AuditEntry

T = TypeVar("T")


def newest_entry() -> int:
    """The id of the newest entry, 0 while there is none. Every edit leaves one.

    Hooks and telemetry ask it each time; the ORM would take ten times as long to put it into words.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(id) FROM {AuditEntry._meta.db_table}")  # noqa: S608 -- a table of ours
        (newest,) = cursor.fetchone()
    return newest or 0


class UntilEdited(Generic[T]):
    """Something that was read, kept for the process until an edit, and for `longest` at most.

    Entries that commit out of their order could hide one behind another; `longest` is for how long
    that can go unnoticed. Threads may read anew at once; the last to do so is kept.
    """

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest
        self._kept: tuple[int, datetime, T] | None = None

    def get(self, now: datetime, read: Callable[[], T], *, holding: timedelta = timedelta(0)) -> T:
        """What is right at `now`, and goes on being kept for `holding` if nobody edits anything.

        One query while that is so of what is kept, else it is what `read` gives.
        """
        version, kept = newest_entry(), self._kept
        if kept is None or kept[0] != version or not self._holds(now - kept[1], holding):
            kept = self._kept = (version, now, read())
        return kept[2]

    def _holds(self, age: timedelta, holding: timedelta) -> bool:
        return timedelta(0) <= age < self._longest - holding

    def forget(self) -> None:
        """Read it anew next time."""
        self._kept = None
