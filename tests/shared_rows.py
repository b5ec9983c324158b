"""Rows that are made once for all tests of a class or a module, which only read them.

@pytest.fixture(scope="class")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with shared_rows(django_db_blocker):
        load_demo(now=NOW)
        yield
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def shared_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around several tests, which is rolled back after the last of them.

    What a single test changes is taken back after that test: its own transaction is a savepoint in
    this one.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
