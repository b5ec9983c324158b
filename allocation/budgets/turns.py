"""One transaction at a time, where a row to lock is not at hand or may not be locked."""

from enum import IntEnum

from django.db import connection


class Queue(IntEnum):
    """What stands in line. The numbers are any that nothing else in the database takes."""

    USAGE = 7_203_947_215
    WEEKS = 7_203_947_216
    OVERRIDES = 7_203_947_217
    FORECASTS = 7_203_947_218


def take_turn(queue: Queue) -> None:
    """Wait until no other transaction is in its turn, and be in it to the end of this one.

    On SQLite every transaction that writes is alone already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(queue)])
