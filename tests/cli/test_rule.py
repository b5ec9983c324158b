"""set-limit, reserve, enable, disable, override: the owner's commands."""

import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest
from django.db import connection

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.floors.models import Override
from tests.cli.conftest import Cli
from tests.factories import (
    BudgetRuleFactory,
    BudgetWeekFactory,
    ChairmanFactory,
    MeterFactory,
    OverrideFactory,
    SubAgentFactory,
    TierFactory,
)


def rule() -> BudgetRule:
    return BudgetRule.objects.get()


@pytest.mark.parametrize("text", ["750000", "750,000", "750k", "0.75M"])
def test_a_limit_holds_from_this_week_on(text: str, cli: Cli) -> None:
    ChairmanFactory()
    BudgetWeekFactory()
    ran = cli("set-limit", text, "--reason", "A bigger plan")
    assert ran.code == 0
    assert "LIMIT       750,000 tokens a week" in ran.out
    assert rule().limit == BudgetWeek.objects.get().limit == 750_000
    entry = AuditEntry.objects.get(action="limit change")
    assert (entry.actor, entry.reason) == ("chairman", "A bigger plan")


def test_the_trail_names_a_shell_of_claude_code(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    ChairmanFactory()
    BudgetWeekFactory()
    monkeypatch.setenv("CLAUDECODE", "1")
    assert cli("set-limit", "750k").code == 0
    assert AuditEntry.objects.get(action="limit change").actor == "chairman in Claude Code"


def test_a_limit_in_dollars(cli: Cli) -> None:
    BudgetRuleFactory(meter=MeterFactory(name="US dollars", weighting="dollars"))
    assert cli("set-limit", "$1,250.50", "--json").json["limit"] == "1250.5"
    assert rule().limit == Decimal("1250.50")
    assert "not an amount in US dollars" in cli("set-limit", "25.505").err


def test_a_reserve_is_held_back_and_released(cli: Cli) -> None:
    ran = cli("reserve", "20%", "--json")
    assert (ran.json["reserve"], ran.json["effective_limit"]) == (100_000, 400_000)
    assert rule().reserve_percent == 20
    assert "RESERVE" not in cli("reserve", "0").out


def test_off_and_on_again(cli: Cli) -> None:
    assert "○ OFF" in cli("disable", "--reason", "Holidays").out
    assert not rule().enabled
    assert "● GREEN" in cli("enable").out
    assert rule().enabled
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["switch off", "switch on"]


def test_a_change_that_changes_nothing_leaves_no_trace(cli: Cli) -> None:
    assert cli("enable").code == 0
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set-limit", "0"), "The limit must be more than 0."),
        (("set-limit", "-5"), "Tokens cannot be negative."),
        (("set-limit", "1" + "0" * 18), "is not a weekly budget"),
        (("set-limit", "lots"), "is not a count of tokens"),
        (("set-limit", "NaN"), "is not a count of tokens"),
        (("reserve", "100"), "at least 0% and less than 100%"),
        (("reserve", "-1"), "at least 0% and less than 100%"),
        (("reserve", "1e2"), "“1e2” is not a percentage"),
        (("override", "NOBODY", "opus", "--reason", "x"), "No sub-agent is called “NOBODY”."),
        (("override", "DOCMON", "gpt", "--reason", "x"), "“gpt” is not a tier; there are haiku,"),
        (("override", "DOCMON", "opus"), "Say why: an override needs a reason."),
        (("override", "SECURITY", "haiku", "--reason", "x"), "SECURITY never runs below opus"),
        (
            ("override", "DOCMON", "opus", "--reason", "x", "--until", "2020-01-01T00:00"),
            "The expiry lies in the past",
        ),
        (("override", "--revoke", "99"), "There is no override 99."),
    ],
)
def test_what_is_refused_is_one_line_and_changes_nothing(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert (rule().limit, rule().reserve_percent) == (500_000, 0)
    assert not AuditEntry.objects.exists()
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("set-limit",),
        ("set-limit", "5k", "--nonsense"),
        ("reserve",),
        ("disable", "now"),
        ("override", "DOCMON"),
        ("override", "DOCMON", "opus", "--phase", "BUILD"),
        ("override", "DOCMON", "opus", "--until", "soon"),
        ("override", "DOCMON", "opus", "--revoke", "1"),
        ("override", "--revoke", "one"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")


def test_an_override_lasts_to_the_end_of_the_week(cli: Cli) -> None:
    ran = cli("override", "docmon", "opus", "--phase", "plan", "--reason", "A release", "--json")
    (found,) = ran.json["overrides"]
    row = Override.objects.get()
    assert found == {
        "id": row.pk,
        "sub_agent": "DOCMON",
        "phase": "PLAN",
        "sd": None,
        "uses_left": None,
        "tier": "opus",
        "reason": "A release",
        "actor": row.actor,
        "created_at": "2026-11-18T20:00:00Z",
        "expires_at": "2026-11-23T22:00:00Z",
        "revoked_at": None,
    }


def test_an_override_until_a_moment_on_the_owners_clock(cli: Cli) -> None:
    out = cli(
        "override", "DOCMON", "fable", "--reason", "Try it", "--until", "2026-11-20T09:00"
    ).out
    assert "DOCMON in all phases runs on fable until Fri 20 Nov 2026, 09:00" in out
    assert cli("override", "--json").json["overrides"][0]["expires_at"] == "2026-11-20T17:00:00Z"


def test_overrides_are_listed_and_revoked(cli: Cli) -> None:
    assert cli("override").out == "No override is in force.\n"
    row = OverrideFactory(sub_agent=SubAgentFactory(code="TESTING"), tier=TierFactory(name="opus"))
    assert f"budgetctl override --revoke {row.pk}" in cli("override").out
    revoke = ("override", "--revoke", str(row.pk))
    ran = cli(*revoke)
    assert (ran.code, "a revocation needs a reason" in ran.err) == (1, True)
    ran = cli(*revoke, "--reason", "Released")
    assert f"Override {row.pk} is revoked" in ran.out
    assert AuditEntry.objects.get().reason == "Released"
    assert cli("override", "--json").json == {"overrides": []}
    assert "was revoked already" in cli(*revoke, "--reason", "Again").err


@pytest.fixture
def impatient(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database gives up at once and not after twenty seconds."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.02)


@pytest.mark.sqlite_only("a server has no one lock for all")
def test_a_locked_database_is_one_sentence(impatient: None, cli: Cli) -> None:
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        other.execute("BEGIN IMMEDIATE")
        ran = cli("set-limit", "600k")
        assert cli("status").code == 0  # reading goes on
    assert ran.code == 1
    assert ran.err == (
        "budgetctl: The database is busy with another writer. Nothing was stored; try again.\n"
    )
    assert rule().limit == 500_000


def test_a_read_only_database_is_one_sentence(transactional_db: None, cli: Cli) -> None:
    on, off = (
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
        if connection.vendor == "sqlite"
        else ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
    )
    with connection.cursor() as cursor:
        cursor.execute(on)
        try:
            ran = cli("set-limit", "600k")
            what_if = cli(
                "recommend", "API", "--phase", "PLAN", "--complexity", "3", "--zone", "RED"
            )
        finally:
            cursor.execute(off)
    assert ran.code == 1
    assert ran.err.startswith("budgetctl: The database is read-only, so nothing was stored.")
    assert ran.err.count("\n") == 1
    assert what_if.code == 0
