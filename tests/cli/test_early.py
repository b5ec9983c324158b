"""An import that begins, and may end, before Django is set up."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from allocation.policy.errors import RuleError
from budgetctl.cli import early
from tests.usage.transcripts import response, write

MANAGE = Path(__file__).parents[2] / "manage.py"
# One command line, and whether it set Django up.
RUN = """
import sys
from budgetctl.cli.app import run
code = run(sys.argv[1:])
print("with Django" if "django.conf" in sys.modules else "without Django")
sys.exit(code)
"""
BOOKMARKS = "CREATE TABLE transcript_files (path, head, offset, size, modified_ns)"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BUDGETCTL_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(MANAGE.parent),
    }

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    python(str(MANAGE), "migrate", "--verbosity", "0")
    return lambda *arguments: python("-c", RUN, *arguments)


def test_what_is_new_is_counted_and_nothing_new_needs_no_django(
    run: Callable[..., str], tmp_path: Path
) -> None:
    folder = tmp_path / "projects"
    write(folder / "a.jsonl", response("msg_1", request_id=None))
    said = run("usage", "import", str(folder))
    assert "RECORDS     1 new, 0 improved, 0 unchanged" in said
    assert "with Django" in said
    again = run("usage", "import", str(folder))
    assert "FILES       1, 0 with something new" in again
    assert "RECORDS     0 new, 0 improved, 0 unchanged" in again
    assert "without Django" in again
    more = [response(message, request_id=None) for message in ("msg_1", "msg_2")]
    write(folder / "a.jsonl", *more)
    assert "RECORDS     1 new" in run("usage", "import", str(folder))
    assert "2" in run("usage", "totals")


@pytest.fixture
def early_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database as a process that has read no settings yet would find it."""
    monkeypatch.delitem(sys.modules, "django.conf")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("BUDGETCTL_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "budgetctl.sqlite3"


def make(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(BOOKMARKS)


def test_with_bookmarks_an_import_is_planned(early_on: Path, tmp_path: Path) -> None:
    make(early_on)
    file = write(tmp_path / "a.jsonl", response()).resolve()
    plan = early.plan([file], again=False)
    assert plan
    assert plan.left.bytes == file.stat().st_size
    status = file.stat()
    with closing(sqlite3.connect(early_on)) as connection, connection:
        row = (str(file), "", status.st_size, status.st_size, status.st_mtime_ns)
        connection.execute("INSERT INTO transcript_files VALUES (?, ?, ?, ?, ?)", row)
    plan = early.plan([file], again=False)
    assert plan
    assert plan.is_done
    assert plan.summary().files == 1
    again = early.plan([file], again=True)
    assert again
    assert not again.is_done


def test_a_path_that_is_none_is_refused(early_on: Path, tmp_path: Path) -> None:
    make(early_on)
    with pytest.raises(RuleError, match="There is no file or folder"):
        early.plan([tmp_path / "nowhere"], again=False)


@pytest.mark.parametrize(
    "content", [None, b"", b"this is no database, and longer than a header" * 9]
)
def test_without_bookmarks_the_settings_are_read_first(
    early_on: Path, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        early_on.write_bytes(content)
    write(tmp_path / "a.jsonl", response())
    assert early.plan([tmp_path], again=False) is None
    assert early_on.exists() == (content is not None)


def test_another_database_is_left_to_the_settings(
    early_on: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(early_on)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere.sqlite3")
    assert early.plan([tmp_path], again=False) is None
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.undo()  # as in this process, which has read the settings
    monkeypatch.setenv("BUDGETCTL_HOME", str(early_on.parent))
    assert early.plan([tmp_path], again=False) is None
