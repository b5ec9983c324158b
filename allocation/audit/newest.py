"""A cache of what people edit, which is out of date as soon as anybody edits anything.

Every edit leaves an audit entry. So one small query, for the id of the newest entry, tells whether
what was read before still holds. Hooks read the rules through this.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db import connection

from allocation.audit.models import AuditEntry

T = TypeVar("T")


def newest_entry() -> int:
    """The id of the newest entry, 0 while there is none.

    Hooks and telemetry ask it each time; the ORM would take ten times as long to build the query.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(id) FROM {AuditEntry._meta.db_table}")  # noqa: S608 -- a table of ours
        (newest,) = cursor.fetchone()
    return newest or 0


class UntilEdited(Generic[T]):
    """Something that was read, kept by this process until an edit, and for `longest` at most.

    `longest` is there because ids of entries may commit out of order: an entry with a lower id than
    the newest one, committed after it, is not noticed. Several threads may find it out of date and
    read it at the same time; what the last of them read is kept.
    """

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest
        self._kept: tuple[int, datetime, T] | None = None

    def get(self, now: datetime, read: Callable[[], T], *, holding: timedelta = timedelta(0)) -> T:
        """What was kept if it still holds, which costs one query; else what `read` gives.

        With `holding`, what is kept must have at least that long to go before it is too old.
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
