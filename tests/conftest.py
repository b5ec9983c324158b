"""Fixtures for every test. Rows are made with tests/factories."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from allocation.access import OPERATORS
from allocation.optimizer import top
from allocation.rights.roles import Role, act_as
from allocation.usage import terms
from tests import factories, first_contents
from tests.strict_templates import missing_attributes


def pytest_configure() -> None:
    # Argon2 is slow on purpose. No test is about how a password is stored.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # How long an example takes says how busy the machine is, and nothing of the code.
    hypothesis.settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("untimed")
    # Tests make their rows in the Chairman's name; requests act by their own right.
    act_as(Role.CHAIRMAN)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the facts that migrations load survive tests that end with a flush of all tables.

    Those are the transactional ones, and those with a live server. With `serialized_rollback` the
    flush leaves it to `django_db_setup` to fill the tables again.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        options = dict(marker.kwargs) if marker else {}
        fixtures = getattr(item, "fixturenames", ())
        if options.get("transaction") or {"transactional_db", "live_server"} & set(fixtures):
            options |= {"transaction": True, "serialized_rollback": True}
            # In front, where it is closer than the test's own.
            item.add_marker(pytest.mark.django_db(**options), append=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On SQLite use a file. Django's default, a database in memory, has one connection and no WAL:
    threads and a second connection would not behave as they do in service."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "budgetctl.sqlite":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # each process has a file of its own
        database["TEST"]["NAME"] = str(Path(database["NAME"]).with_name(f"test{worker}.sqlite3"))
        # As in tests/databases.py: the data need not outlive a crash of the machine.
        database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Put what migrations load back after each flush of all tables, at once.

    The test after it may need it, and which one that is cannot be known: with `-n` processes take
    tests from each other.
    """
    with django_db_blocker.unblock():
        contents = first_contents.read()
    flush = TransactionTestCase._fixture_teardown

    def flush_and_put_back(case: TransactionTestCase) -> None:
        flush(case)
        first_contents.put_back(contents)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_and_put_back)
        patch.setattr(connection.creation, "deserialize_db_from_string", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_up_once() -> Iterator[None]:
    """Find the static files once for all tests.

    Each test's client would look for them with its first request, which takes longer than most
    pages do.
    """
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def look_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files = found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(autouse=True)
def _factories_count_from_one() -> None:
    """The names that factories give do not depend on which tests ran before."""
    factories.count_from_one()


@pytest.fixture(autouse=True)
def asked_in_vain() -> Iterator[list[str]]:
    """What templates asked for and did not find; the test fails if there is any at its end."""
    with missing_attributes() as missing:
        yield missing
    assert missing == [], "Templates ask in vain for these."


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    """Forget what a process keeps between requests: it would be of another test's rows.

    Edits make it forget by their audit entries, and factories write none.
    """
    top.kept.forget()
    terms.kept.forget()


@pytest.fixture
def now() -> datetime:
    """Wednesday noon in Los Angeles, 46 hours into the week that began on Monday at 14:00."""
    return factories.NOW


@pytest.fixture
def chairman(db: None) -> User:
    """The owner."""
    return factories.ChairmanFactory()


@pytest.fixture
def operator(db: None) -> User:
    """A team-mate who logs checkpoints and manages SDs, and changes no rule."""
    user: User = factories.UserFactory(username="operator")
    user.groups.add(Group.objects.get(name=OPERATORS))
    return user


@pytest.fixture
def viewer(db: None) -> User:
    """A team-mate who may read everything and change nothing."""
    return factories.UserFactory(username="viewer")


@pytest.fixture
def chairman_client(chairman: User) -> Client:
    """Django's test client, signed in as the owner."""
    return _signed_in(chairman)


@pytest.fixture
def operator_client(operator: User) -> Client:
    """Django's test client, signed in as an operator."""
    return _signed_in(operator)


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    """Django's test client, signed in as a viewer."""
    return _signed_in(viewer)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
