"""The promises that tests/conftest.py, databases.py and factories.py make to every other test."""

import os
import subprocess
import sys
import threading
from contextvars import copy_context

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from allocation.budgets.models import BudgetRule
from allocation.catalog.models import SubAgent
from allocation.floors.models import ModelFloor
from tests import factories


@pytest.mark.django_db
@pytest.mark.parametrize("factory", factories.FACTORIES, ids=lambda factory: factory.__name__)
def test_each_factory_makes_a_valid_row(factory: type) -> None:
    row = factory()
    # Columns that are null by code only (a record without SD) do not count as blank input.
    empty = [field.name for field in row._meta.fields if getattr(row, field.attname) is None]
    row.full_clean(exclude=empty)


@pytest.mark.django_db
def test_a_factory_finds_what_ships_and_sets_what_is_passed() -> None:
    before = SubAgent.objects.get(code="SECURITY")
    found = factories.SubAgentFactory(code="SECURITY", active=False)
    assert (found.pk, found.purpose, found.active) == (before.pk, before.purpose, False)


# Twice, so that the second run begins after the flush of the first.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_the_shipped_facts_outlive_a_transactional_test(run: int) -> None:
    assert SubAgent.objects.count() >= 16
    assert BudgetRule.objects.get().meter.name == "sonnet-equivalent"
    assert ModelFloor.objects.get(sub_agent__code="SECURITY").tier.name == "opus"
    assert connection.creation.serialize_db_to_string() == connection._test_serialized_contents
    # A row added now must not collide with those that were put back.
    factories.SubAgentFactory()


@pytest.mark.parametrize("run", [1, 2])
def test_the_shipped_facts_outlive_a_test_with_a_live_server(run: int, live_server: object) -> None:
    assert SubAgent.objects.count() >= 16


@pytest.mark.django_db(transaction=True)
def test_another_thread_sees_what_was_committed() -> None:
    factories.SubAgentFactory(code="OTHER-THREAD")
    seen: list[bool] = []

    def look() -> None:
        seen.append(SubAgent.objects.filter(code="OTHER-THREAD").exists())
        connection.close()

    thread = threading.Thread(target=copy_context().run, args=[look])
    thread.start()
    thread.join()
    assert seen == [True]


@pytest.mark.sqlite_only("PostgreSQL has no journal mode")
@pytest.mark.django_db
def test_sqlite_is_a_file_with_a_write_ahead_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)


@pytest.mark.postgresql_only("it asks the server")
@pytest.mark.django_db
def test_postgresql_is_a_real_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 150_000


def test_no_setting_of_the_user_reaches_a_test() -> None:
    ours = {name for name in os.environ if name.startswith("BUDGETCTL_")}
    assert ours == {"BUDGETCTL_HOME"}
    assert settings.SECRET_KEY == "only-for-tests"
    assert "budgetctl-tests-" in str(settings.HOME)


def test_the_chairman_may_do_everything_and_the_others_nothing_yet(
    chairman: User, operator: User, viewer: User, chairman_client: Client
) -> None:
    assert chairman.is_superuser
    assert not operator.is_staff
    assert not viewer.is_staff
    assert chairman_client.get("/admin/").status_code == 200


def pytest_says(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run another pytest with these variables added to the environment."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        env=os.environ | {"PYTEST_ADDOPTS": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_postgresql_there_is_no_run_on_it() -> None:
    address = "postgresql://nobody@127.0.0.1:1/nothing"
    result = pytest_says("--db", "postgresql", "--collect-only", TEST_DATABASE_URL=address)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.startswith("ERROR: TEST_DATABASE_URL: connection")
    assert result.stderr.strip().count("\n") == 0


def test_without_a_chromium_the_browser_tests_are_skipped_with_a_hint() -> None:
    result = pytest_says("tests/browser", PATH="/nonexistent", CI="false")
    assert result.returncode == pytest.ExitCode.OK
    assert "apt-get install chromium" in result.stdout
    assert "passed" not in result.stdout


def test_without_a_chromium_ci_fails() -> None:
    result = pytest_says("tests/browser", PATH="/nonexistent", CI="true")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "apt-get install chromium" in result.stderr
