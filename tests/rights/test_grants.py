"""The role that works with the database, where another one owns the tables."""

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from allocation.rights import checks
from allocation.rights.grants import grants
from budgetctl.cli.app import run

POSTGRESQL = pytest.mark.postgresql_only("SQLite has no roles")
ROLE = "budgetctl_app_under_test"


@POSTGRESQL
def test_the_role_at_work_does_its_work_and_changes_no_table(
    raw: "psycopg.Connection[Any]",
) -> None:
    for _ in range(2):  # they may be repeated
        for sql in grants(ROLE):
            raw.execute(sql)
    raw.execute(f"GRANT {ROLE} TO CURRENT_USER")
    raw.execute(f"SET LOCAL ROLE {ROLE}")
    raw.execute("CREATE TEMPORARY TABLE incoming AS SELECT * FROM usage_records WITH NO DATA")
    assert raw.execute("UPDATE usage_records SET input = 2").rowcount
    assert raw.execute("DELETE FROM usage_hours").rowcount
    for sql in (
        "TRUNCATE audit_entries",
        "UPDATE audit_entries SET reason = ''",
        "DELETE FROM audit_entries",
        "DELETE FROM forecasts",
        "ALTER TABLE overrides DISABLE ROW LEVEL SECURITY",
        "DROP POLICY budgetctl_update ON budget_rule",
        "CREATE TABLE public.mine ()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), raw.transaction():
            raw.execute(sql)


def test_the_command_prints_the_statements(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["database-role", "budgetctl_app"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("budgetctl_app") > 8
    assert "REVOKE UPDATE, DELETE ON audit_entries FROM budgetctl_app;" in printed


def test_a_name_that_would_be_more_than_a_name_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["database-role", "x; DROP TABLE tiers"]) == 1
    assert "A role is named in small letters" in capsys.readouterr().err


@POSTGRESQL
@pytest.mark.django_db
def test_a_role_that_no_rule_binds_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.unbound_role() == ""
    assert not run_checks(tags=["database"], databases=["default"])
    monkeypatch.setattr(checks, "_BYPASSES", "SELECT 'postgres'")
    (warning,) = run_checks(tags=["database"], databases=["default"])
    assert (warning.id, warning.obj) == ("rights.W001", "default")


@POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_migrations_go_through_the_owner_and_leave_the_connection_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.ensure_connection()
    at_work = connection.connection.info.backend_pid
    monkeypatch.setattr(settings, "MIGRATION_DATABASE", {"USER": "nobody_of_that_name"})
    with pytest.raises(Exception, match="nobody_of_that_name"):
        call_command("migrate", verbosity=0)
    monkeypatch.setattr(settings, "MIGRATION_DATABASE", {"PORT": ""})
    call_command("migrate", verbosity=0)
    assert connection.connection.info.backend_pid == at_work


def test_without_an_owner_migrations_go_where_all_else_goes(db: None) -> None:
    assert settings.MIGRATION_DATABASE is None
    call_command("migrate", verbosity=0)
