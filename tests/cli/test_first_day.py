"""status on the first day: that the limit is a guess, whose clock it is, and what a line holds."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from allocation.budgets.operations import set_limit
from tests.cli.conftest import Cli
from tests.factories import NOW, StrategicDirectiveFactory

GUESS = "  LIMIT       a first guess; set your plan’s: budgetctl set-limit TOKENS"


def test_that_the_limit_is_a_guess_is_said_until_it_is_set(cli: Cli) -> None:
    assert GUESS in cli("status").out.splitlines()
    assert cli("status", "--json").json["limit_is_guess"] is True
    set_limit(limit=Decimal(600_000), actor="chairman", now=NOW)
    assert "first guess" not in cli("status").out
    assert cli("status", "--json").json["limit_is_guess"] is False


def test_whose_clock_it_is_stands_above(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    span = "week of 2026-11-16 to 2026-11-23, Los Angeles time"
    first = cli("status").out.splitlines()[0]
    assert first.startswith("TOKEN MISSION CONTROL  ")
    assert first.endswith(f"  {span}")
    assert len(first) == 80
    monkeypatch.setenv("COLUMNS", "60")
    assert cli("status").out.splitlines()[:2] == ["TOKEN MISSION CONTROL", span]


def test_no_forecast_is_missed_while_it_is_too_early_for_one(cli: Cli) -> None:
    out = cli("forecast").out
    assert "  Too early to say what this week will come to." in out.splitlines()
    assert "ledger" not in out


def test_what_waits_in_red_stands_on_one_line(cli: Cli, burn: Callable[..., None]) -> None:
    burn(480_000)
    StrategicDirectiveFactory(code="SD-A-1")
    lines = cli("status").out.splitlines()
    for tiers in (
        "SECURITY         defer                 ",
        "VALIDATION       haiku LEAD, defer PLAN",
    ):
        assert f"    {tiers} deferred: opus floor in the Red zone" in lines
