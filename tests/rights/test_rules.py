"""The table of rules is whole, and the database has it."""

import pytest
from django.apps import apps
from django.db import connection

from allocation.rights.policies import COMMANDS, protecting, terms_of
from allocation.rights.roles import Role
from allocation.rights.rules import READERS, RULES, Rule

# Django's own tables are outside: whoever signs in is nobody yet.
OURS = {
    model._meta.db_table
    for model in apps.get_models(include_auto_created=True)
    if model.__module__.startswith("allocation.")
}

FLAGS = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relrowsecurity AND relforcerowsecurity
"""
POLICIES = """
SELECT tablename, lower(cmd), concat_ws(' ', 'USING ' || qual, 'WITH CHECK ' || with_check)
FROM pg_policies WHERE permissive = 'PERMISSIVE' AND roles = '{public}'
"""
POSTGRESQL = pytest.mark.postgresql_only("SQLite has no row-level security")


def test_every_table_has_a_rule_and_every_rule_a_table() -> None:
    assert set(RULES) == OURS


def test_the_chairman_alone_writes_what_governs() -> None:
    for table in ("sub_agent_model_floors", "model_prices", "budget_rule", "meters"):
        rule = RULES[table]
        assert rule.insert == rule.update == rule.delete == {Role.CHAIRMAN}
    assert RULES["overrides"].insert == {Role.CHAIRMAN}


def test_the_audit_trail_is_only_added_to() -> None:
    assert RULES["audit_entries"] == Rule(insert=READERS)


def test_viewers_and_strangers_write_nothing_that_counts() -> None:
    for table in set(RULES) - {"audit_entries"}:
        rule = RULES[table]
        assert not {Role.VIEWER, Role.NOBODY} & (rule.insert | rule.update | rule.delete)


@POSTGRESQL
@pytest.mark.django_db
def test_the_database_forces_a_policy_for_each_command_on_each_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FLAGS)
        assert {table for (table,) in cursor.fetchall()} == OURS
        cursor.execute(POLICIES)
        found = {(table, command): terms for table, command, terms in cursor.fetchall()}
    assert found.keys() == {(table, command) for table in OURS for command in COMMANDS}
    for (table, command), terms in found.items():
        wanted = terms_of(RULES[table])[command]
        assert _roles(terms) == _roles(wanted), (table, command)


def _roles(terms: str) -> list[set[str]]:
    """The roles that each part of a policy's terms names; PostgreSQL words the rest anew."""
    return [{role for role in Role if f"'{role}'" in part} for part in terms.split("WITH CHECK")]


@POSTGRESQL
@pytest.mark.django_db
def test_we_are_bound_by_the_rules_that_we_test() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


@POSTGRESQL
@pytest.mark.django_db
def test_protection_can_be_taken_back_and_repeated() -> None:
    step = protecting("overrides")
    with connection.schema_editor() as editor:
        step.code(apps, editor)
        step.reverse_code(apps, editor)
    with connection.cursor() as cursor:
        cursor.execute(FLAGS)
        assert {table for (table,) in cursor.fetchall()} == OURS - {"overrides"}
        cursor.execute("SELECT count(*) FROM pg_policies WHERE tablename = 'overrides'")
        assert cursor.fetchone() == (0,)


@POSTGRESQL
@pytest.mark.django_db
def test_the_planner_expects_that_rows_pass_the_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sub_agents")
        cursor.execute("SELECT count(*) FROM sub_agents")
        (count,) = cursor.fetchone()
        cursor.execute("EXPLAIN SELECT * FROM sub_agents")
        (plan, *_), *_ = cursor.fetchall()
    assert f"rows={count} " in plan
