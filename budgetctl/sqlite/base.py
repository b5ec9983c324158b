"""The connection. Django looks for the class by this name, in a module of this name."""

import sqlite3
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

# A transaction of ours takes a few milliseconds. SQLite itself would look again after 1, 3, 8 and
# 18 ms and then ever more seldom, and a hook that is unlucky twice would be late.
LOOK_AGAIN_SECONDS = 0.0005
_TIMEOUT_SECONDS = 5.0  # Python's own, where the option `timeout` says nothing

Result = TypeVar("Result")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose writers begin as soon as the one before them has ended.

    At most they wait for as long as the option `timeout` says. They wait here and not in SQLite,
    which would keep the connection to itself meanwhile: where the writer before them collects
    garbage, and with it a cursor of theirs, it would wait for them as they wait for it.
    """

    def get_new_connection(self, conn_params: Any) -> Any:
        """A connection that does not wait by itself, once it is set up."""
        connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: Any = None) -> Any:
        """A cursor that waits its turn."""
        cursor = self.connection.cursor(factory=_PatientCursor)
        cursor.timeout = float(self.settings_dict["OPTIONS"].get("timeout", _TIMEOUT_SECONDS))
        return cursor


class _PatientCursor(base.SQLiteCursorWrapper):
    timeout: float

    def execute(self, query: Any, params: Any = None) -> Any:
        execute = super().execute
        return self._patiently(lambda: execute(query, params))

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """The query as SQLite takes it. The same are asked again and again, and some are long."""
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
    # The low byte: there are several kinds of busy.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
