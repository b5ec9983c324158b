"""Transactions that have to take turns, and have no row that they could lock for that.

Either the row does not exist yet (the next budget week), or the role at work may not lock it. On
PostgreSQL an advisory lock stands in for it.
"""

from enum import IntEnum

from django.db import connection


class Queue(IntEnum):
    """What takes turns. Each number is the key of an advisory lock: any that nothing else takes."""

    USAGE = 7_203_947_215
    WEEKS = 7_203_947_216
    OVERRIDES = 7_203_947_217
    FORECASTS = 7_203_947_218


def take_turn(queue: Queue) -> None:
    """Wait until no other transaction has this turn, and keep it to the end of the running one.

    On SQLite nothing has to be done: only one transaction at a time can write.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(queue)])
