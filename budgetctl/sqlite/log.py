"""The write-ahead log."""

from django.db import connection


def empty_log() -> None:
    """Move what is written from the log into the database, without holding anybody up.

    Else a commit does it once the log is long, and whoever commits then waits for the disk. Does
    nothing on other databases.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
