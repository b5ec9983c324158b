"""How writers of a SQLite database take turns, with connections of their own."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.db.utils import load_backend

from budgetctl.sqlite.base import DatabaseWrapper
from budgetctl.sqlite.log import empty_log
from tests.factories import UserFactory

# For its own sake the test's database is not needed; only with it is any to be reached.
pytestmark = pytest.mark.django_db


def connection_to(path: Path, *, timeout: float) -> DatabaseWrapper:
    options = {"timeout": timeout, "transaction_mode": "IMMEDIATE"}
    settings = {
        "ENGINE": "budgetctl.sqlite",
        "NAME": str(path),
        "OPTIONS": options,
        "AUTOCOMMIT": True,
        "CONN_HEALTH_CHECKS": False,
        "CONN_MAX_AGE": 0,
        "TIME_ZONE": None,
    }
    wrapper: DatabaseWrapper = load_backend("budgetctl.sqlite").DatabaseWrapper(settings)
    wrapper.connect()
    return wrapper


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "turns.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE turns (number INTEGER)")
    connection.close()
    return path


def begin(wrapper: DatabaseWrapper) -> None:
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(wrapper: DatabaseWrapper) -> None:
    wrapper.commit()
    wrapper.set_autocommit(True)


def test_a_transaction_waits_for_the_one_before_it(path: Path) -> None:
    first, second = (connection_to(path, timeout=20) for _ in range(2))
    begin(first)
    order: list[str] = []

    def write_too() -> None:
        second.inc_thread_sharing()
        begin(second)
        order.append("second")
        end(second)

    thread = threading.Thread(target=write_too)
    thread.start()
    time.sleep(0.05)
    order.append("first")
    end(first)
    thread.join()
    first.close()
    second.inc_thread_sharing()
    second.close()
    assert order == ["first", "second"]


def test_one_that_waits_holds_up_nobody_who_drops_a_cursor_of_its_own(path: Path) -> None:
    first, second = (connection_to(path, timeout=3) for _ in range(2))
    cursors = [second.cursor()]
    cursors[0].execute("SELECT 1 UNION SELECT 2")  # not read to its end, as garbage may be
    begin(first)
    second.inc_thread_sharing()

    def write_alone() -> None:
        with second.cursor() as cursor:
            cursor.execute("INSERT INTO turns VALUES (2)")

    thread = threading.Thread(target=write_alone)
    thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    cursors.clear()  # as the garbage collector does it, in whatever thread it runs
    took = time.monotonic() - began
    end(first)
    thread.join()
    first.close()
    second.close()
    assert took < 1


def test_it_waits_no_longer_than_it_may_and_then_says_why(path: Path) -> None:
    first, second = connection_to(path, timeout=20), connection_to(path, timeout=0.01)
    begin(first)
    with pytest.raises(OperationalError, match="locked"):
        begin(second)
    end(first)
    begin(second)
    end(second)
    first.close()
    second.close()


def test_what_is_wrong_otherwise_is_not_tried_again(path: Path) -> None:
    connection = connection_to(path, timeout=20)
    begin(connection)
    with pytest.raises(OperationalError, match="within a transaction"):
        connection._start_transaction_under_autocommit()
    end(connection)
    connection.close()


@pytest.mark.sqlite_only("PostgreSQL has a log of its own")
@pytest.mark.django_db(transaction=True)
def test_the_log_is_emptied_into_the_file(tmp_path: Path) -> None:
    empty_log()  # of what made the tables
    UserFactory(username="written")
    file = Path(connection.settings_dict["NAME"])
    assert not _stands_in(file, tmp_path / "before.sqlite3")
    empty_log()
    assert _stands_in(file, tmp_path / "after.sqlite3")


def _stands_in(file: Path, copy: Path) -> bool:
    """Whether the file itself, without its log, has the row."""
    copy.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(copy)) as alone:
        found = alone.execute("SELECT 1 FROM auth_user WHERE username = 'written'").fetchone()
    return found is not None
