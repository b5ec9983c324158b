"""Plain statements to a real PostgreSQL, as psql would send them: what each role may."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from allocation.rights.roles import Role
from allocation.rights.rules import READERS, RULES
from tests.rights.conftest import State

pytestmark = pytest.mark.postgresql_only("SQLite has no row-level security")

CHAIRMAN, OPERATOR, VIEWER, AGENT, SYSTEM, NOBODY = Role


def test_each_role_does_to_each_table_what_its_rule_says_and_no_more(
    state: State, raw: "psycopg.Connection[Any]"
) -> None:
    for table, rule in RULES.items():
        raw.execute(f"CREATE TEMPORARY TABLE one_of_{table} AS SELECT * FROM {table} LIMIT 1")
        for role in Role:
            where = (table, role)
            assert bool(state(role, f"SELECT 1 FROM {table}")) == (role in READERS), where
            put = state(role, f"INSERT INTO {table} TABLE one_of_{table}")
            assert bool(put) == (role in rule.insert), where
            changed = state(role, f"UPDATE {table} SET id = id")
            # Whoever reads nothing finds nothing to change; the others are told.
            assert changed == 0 if role is NOBODY else bool(changed) == (role in rule.update), where
            assert bool(state(role, f"DELETE FROM {table}")) == (role in rule.delete), where


OPENS = """
INSERT INTO weekly_budget_snapshots (
    start, "end", "limit", reserve_percent, budget_zone, meter_name
)
SELECT '2030-01-01', '2030-01-08', {limit}, reserve_percent, '', '' FROM budget_rule
"""
# Another value than the one that stands there, by the type of a column.
OTHER = {
    "bigint": 'coalesce("{0}", 0) + 1',
    "integer": 'coalesce("{0}", 0) + 1',
    "smallint": 'coalesce("{0}", 0) + 1',
    "numeric": 'coalesce("{0}", 0) + 1',
    "boolean": 'NOT "{0}"',
    "character varying": "CASE WHEN \"{0}\" = 'x' THEN 'y' ELSE 'x' END",
    "text": "CASE WHEN \"{0}\" = 'x' THEN 'y' ELSE 'x' END",
    "jsonb": """CASE WHEN "{0}" = '[7]' THEN '[8]'::jsonb ELSE '[7]' END""",
    "timestamp with time zone": """coalesce("{0}", now()) - interval '1 day'""",
}
SAID = [
    ("UPDATE sub_agent_model_floors SET phase = phase", {CHAIRMAN}),
    ("DELETE FROM sub_agent_model_floors", {CHAIRMAN}),
    ("UPDATE model_prices SET input = 0", {CHAIRMAN}),
    ('UPDATE budget_rule SET "limit" = 1', {CHAIRMAN}),
    ("UPDATE budget_rule SET enabled = false", {CHAIRMAN}),
    ('UPDATE weekly_budget_snapshots SET "limit" = 1', {CHAIRMAN}),
    ("UPDATE weekly_budget_snapshots SET reserve_percent = 99", {CHAIRMAN}),
    ("UPDATE weekly_budget_snapshots SET closed_at = now()", {CHAIRMAN, SYSTEM}),
    (OPENS.format(limit='"limit"'), {CHAIRMAN, SYSTEM}),
    (OPENS.format(limit="1"), {CHAIRMAN}),
    ("UPDATE overrides SET expires_at = 'infinity'", {CHAIRMAN}),
    ("UPDATE overrides SET uses_left = 1", {CHAIRMAN, SYSTEM}),
    ("UPDATE agent_tokens SET scopes = '[1]'", {CHAIRMAN}),
    ("UPDATE agent_tokens SET last_used_at = now()", {CHAIRMAN, SYSTEM}),
    ("UPDATE audit_entries SET reason = 'never happened'", set()),
    ("DELETE FROM audit_entries", set()),
    ("UPDATE forecasts SET point = 0", set()),
    ("DELETE FROM model_allocation_decisions", set()),
    ("UPDATE model_allocation_decisions SET recommended_id = NULL", {CHAIRMAN}),
    ("UPDATE model_allocation_decisions SET result = 'x'", {CHAIRMAN, OPERATOR, AGENT, SYSTEM}),
    ("UPDATE checkpoints SET tokens = 1", {CHAIRMAN, OPERATOR, AGENT}),
    ("UPDATE usage_records SET input = 1", {CHAIRMAN, OPERATOR, AGENT, SYSTEM}),
    ("UPDATE strategic_directives SET title = 'x'", {CHAIRMAN, OPERATOR, AGENT, SYSTEM}),
]


def test_a_plain_statement_may_what_the_product_says(state: State) -> None:
    for sql, may in SAID:
        assert {role for role in Role if state(role, sql)} == may, sql


def test_nobody_but_the_chairman_changes_what_a_column_rule_leaves_out(
    state: State, raw: "psycopg.Connection[Any]"
) -> None:
    for table, rule in RULES.items():
        if not rule.columns:
            continue
        columns = raw.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s",
            [table],
        ).fetchall()
        assert {name for name, _ in columns} > set(rule.columns)
        for name, kind in columns:
            for role in rule.update - {CHAIRMAN}:
                changed = state(role, f'UPDATE {table} SET "{name}" = {OTHER[kind].format(name)}')
                assert (changed is not None) == (name in rule.columns), (table, name, role)


def test_a_connection_that_says_nothing_reads_nothing(db: None) -> None:
    with psycopg.connect(**connection.get_connection_params()) as fresh:
        for table in RULES:
            assert fresh.execute(f"SELECT 1 FROM {table}").rowcount == 0
        fresh.execute("SET budgetctl.role = 'viewer'")
        assert fresh.execute("SELECT 1 FROM sub_agents").rowcount > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            fresh.execute("UPDATE sub_agents SET code = code")


def test_a_row_can_be_locked_by_whoever_reads_it(state: State) -> None:
    assert state(VIEWER, "SELECT 1 FROM overrides FOR UPDATE") == 1
