"""Which tests coverage follows: it makes a test take two or three times as long.

On SQLite all are followed but those with a browser, which run code that others have run already.
On PostgreSQL all tests run again, but only code that SQLite never runs has to be followed: how the
tables and the rules of their rows are made, tests for PostgreSQL alone, and how usage is stored
(COPY).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from coverage import Coverage

BROWSER = Path(__file__).parent / "browser"
USAGE = Path(__file__).parent / "usage"

_stopped: list[Coverage] = []


def is_measured(item: pytest.Item) -> bool:
    """Whether a test may run lines that no other test, or no other database, runs."""
    if item.config.getoption("db") == "sqlite":
        return not item.path.is_relative_to(BROWSER)
    marked = item.get_closest_marker("postgresql_only") is not None
    return marked or item.path.is_relative_to(USAGE)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if is_measured(item):
        return (yield)
    # With `-n` a process has two measurements: its own and, below that, the one that every process
    # of the run gets, which goes on when the upper one stops.
    while measured := Coverage.current():
        measured.stop()
        _stopped.append(measured)
    try:
        return (yield)
    finally:
        while _stopped:
            _stopped.pop().start()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Iterator[None]:
    if fixturedef.argname != "django_db_setup":
        return (yield)
    with _resumed():
        return (yield)


@contextmanager
def _resumed() -> Iterator[None]:
    for measured in reversed(_stopped):
        measured.start()
    try:
        yield
    finally:
        for measured in _stopped:
            measured.stop()
