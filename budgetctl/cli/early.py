"""What an import can plan before Django is set up.

That takes longer than to find out that nothing is new, and as long as to read the first of what is.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from allocation.usage.transcripts.attribution import as_text
from allocation.usage.transcripts.discover import Found
from allocation.usage.transcripts.importing import Plan, plan_import
from allocation.usage.transcripts.unread import Bookmark, Bookmarks
from budgetctl.home import DATABASE, home

_WANTED = (
    f"SELECT path, {', '.join(Bookmark._fields)} FROM transcript_files "  # noqa: S608 -- our names
    "WHERE path IN (SELECT value FROM json_each(?))"
)


def plan(paths: Sequence[Path], *, again: bool) -> Plan | None:
    """As plan_import, by the bookmarks in the database. None where they cannot be had yet: that is
    not SQLite's file in BUDGETCTL_HOME, or none that this version reads.

    Raises RuleError if a path does not exist or is neither a folder nor a transcript.
    """
    is_up = "django.conf" in sys.modules  # then the settings say which database it is
    if is_up or os.environ.get("DATABASE_URL") or not _is_there():
        return None
    try:
        return plan_import(paths, known=_known, again=again)
    except sqlite3.Error:
        return None


def _database() -> Path:
    return (home() / DATABASE).absolute()


def _is_there() -> bool:
    try:
        return _database().is_file()
    except (OSError, ValueError):  # said better by those who set Django up
        return False


def _known(found: Sequence[Found]) -> Bookmarks:
    paths = json.dumps([as_text(file.path) for file in found])
    # May write, as the first and the last reader of a log must; never makes a file.
    with closing(sqlite3.connect(f"{_database().as_uri()}?mode=rw", uri=True)) as database:
        return {path: Bookmark(*row) for path, *row in database.execute(_WANTED, [paths])}
