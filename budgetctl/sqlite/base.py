"""The connection. Django looks for the class by this name, in a module of this name."""

import sqlite3
import time

from django.db import OperationalError
from django.db.backends.sqlite3 import base

# A transaction of ours takes a few milliseconds. SQLite itself would look again after 1, 3, 8 and
# 18 ms and then ever more seldom, and a hook that is unlucky twice would be late.
LOOK_AGAIN_SECONDS = 0.0005
_TIMEOUT_SECONDS = 5.0  # Python's own, where the option `timeout` says nothing


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin as soon as the writer before them has ended.

    At most they wait for as long as the option `timeout` says, as every other statement does.
    """

    def _start_transaction_under_autocommit(self) -> None:
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", _TIMEOUT_SECONDS))
        deadline = time.monotonic() + timeout
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    super()._start_transaction_under_autocommit()  # type: ignore[misc]  # no stub
                    return
                except OperationalError as error:
                    if not _is_busy(error) or time.monotonic() > deadline:
                        raise
                time.sleep(LOOK_AGAIN_SECONDS)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {round(timeout * 1000)}")


def _is_busy(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the low byte: there are several kinds of busy
