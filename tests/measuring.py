"""What is measured in a run under coverage, where following each line doubles or trebles its work.

On SQLite that is everything but what the browser's tests come to: they look at pages that others
have made already. On PostgreSQL every test runs too, but what the databases have in common was
measured already: there it is what only PostgreSQL comes to, namely how its tables are made (the
rules of their rows), the tests of it alone, and how usage is stored (COPY).
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
    """Whether a test comes to lines that no others, or no other database's, come to."""
    if item.config.getoption("db") == "sqlite":
        return not item.path.is_relative_to(BROWSER)
    marked = item.get_closest_marker("postgresql_only") is not None
    return marked or item.path.is_relative_to(USAGE)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if is_measured(item):
        return (yield)
    # A process of `-n` has two: its own, and below it the one of each process that a run starts,
    # which goes on when the upper one stops.
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
