"""The write-ahead log."""

from django.db import connection


def empty_log() -> None:
    """Move what stands in the log into the database's file, without holding anybody up.

    Otherwise the commit that makes the log too long does it, and waits for the disk meanwhile. On
    other databases this does nothing.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
