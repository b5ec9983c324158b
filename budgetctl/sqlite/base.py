"""SQLite's connection, with writers that take turns without delay.

Django looks for a class of this name in a module of this name.
"""

import sqlite3
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

# Our transactions take a few milliseconds. SQLite's own waiting tries again after 1, 3, 8 and 18 ms
# and then ever more seldom: a hook that finds the database busy twice would be late.
LOOK_AGAIN_SECONDS = 0.0005
_TIMEOUT_SECONDS = 5.0  # Python's own, where the option `timeout` says nothing

Result = TypeVar("Result")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that waits for the writer before it, and goes on as soon as that one is done.

    It waits for `timeout` seconds (an option) at most. It waits in Python and not inside SQLite,
    which holds a lock of the connection while it waits. If Python's garbage collector, running in
    the thread of the other writer, then came upon a cursor of this connection, that thread would
    wait for the lock, and the two for each other for ever.
    """

    def get_new_connection(self, conn_params: Any) -> Any:
        """A connection that, once it is set up, reports a busy database at once."""
        connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: Any = None) -> Any:
        """A cursor that tries again while the database is busy."""
        cursor = self.connection.cursor(factory=_PatientCursor)
        cursor.timeout = float(self.settings_dict["OPTIONS"].get("timeout", _TIMEOUT_SECONDS))
        return cursor


class _PatientCursor(base.SQLiteCursorWrapper):
    timeout: float

    def execute(self, query: Any, params: Any = None) -> Any:
        execute = super().execute
        return self._patiently(lambda: execute(query, params))

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """The query with SQLite's placeholders; remembered, for some are long and asked often."""
        if param_names is None:
            return _with_question_marks(query)
        converted: str = super().convert_query(query, param_names=param_names)
        return converted

    def _patiently(self, run: Callable[[], Result]) -> Result:
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                return run()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
            time.sleep(LOOK_AGAIN_SECONDS)


@lru_cache(maxsize=512)
def _with_question_marks(query: str) -> str:
    no_cursor: Any = None  # it asks nothing of it
    converted: str = base.SQLiteCursorWrapper.convert_query(no_cursor, query)
    return converted


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # Of the extended error code the low byte says "busy"; the rest says which kind of busy.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
