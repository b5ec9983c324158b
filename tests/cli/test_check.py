"""next, check: what an SD would take, who would run on what, and what is refused."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from allocation.directives.models import Status
from allocation.forecasts.operations import make_forecasts
from budgetctl.cli import plan_text
from tests.cli.conftest import NEXT, Cli
from tests.factories import NOW, WEEK_START, BudgetRuleFactory, StrategicDirectiveFactory


def test_next_is_what_runs_then_what_matters_most(cli: Cli) -> None:
    assert "No SD is proposed or in progress." in cli("next").out
    assert cli("next", "--json").json["next_sd"] is None
    StrategicDirectiveFactory(code="SD-OLD", priority=2, created_at=NOW - timedelta(days=9))
    StrategicDirectiveFactory(code="SD-URGENT", priority=3)
    assert cli("next", "--json").json["next_sd"]["sd"] == "SD-URGENT"
    StrategicDirectiveFactory(code="SD-RUNS", phase="PLAN", priority=1)
    out = cli("next").out
    assert "SD-RUNS (complexity 3/5, in PLAN)" in out
    assert "PRIMARY     sonnet (complexity 3 in the GREEN zone)" in out
    assert "AVOID       opus for the rest" in out


def test_next_names_neither_complexity_nor_zone_while_they_decide_nothing(cli: Cli) -> None:
    BudgetRuleFactory(enabled=False)
    StrategicDirectiveFactory()
    assert "PRIMARY     sonnet (registered default)" in cli("next").out


def test_check_has_every_sub_agent_of_every_phase_ahead(
    cli: Cli, burn: Callable[..., None]
) -> None:
    burn(400_000)
    StrategicDirectiveFactory(code="SD-A-1", complexity=4, estimate=100_000)
    ran = cli("check", "sd-a-1", "--json")
    found = ran.json["next_sd"]
    assert ran.code == 0
    assert found.keys() == NEXT | {"begun"}
    assert [run["phase"] for run in found["runs"]] == sorted(
        (run["phase"] for run in found["runs"]), key=["LEAD", "PLAN", "EXEC"].index
    )
    assert found["runs"][0].keys() == {
        "sub_agent", "phase", "outcome", "model", "rank", "floor", "preferred", "reason", "why",
        "tokens_min", "tokens_max", "budget_tokens", "evidence", "n",
    }  # fmt: skip
    security = [run["model"] for run in found["runs"] if run["sub_agent"] == "SECURITY"]
    assert security == ["opus", "opus", "opus"]
    assert found["zone_after"] == "RED"
    out = cli("check", "SD-A-1").out
    assert "SECURITY         opus" in out
    assert "WARNING     The week will enter the RED zone with this SD." in out
    assert max(map(len, out.splitlines())) <= 80


def test_check_counts_of_a_phase_that_has_begun_what_it_leaves(
    cli: Cli, burn: Callable[..., None]
) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1", phase="EXEC")
    whole = cli("check", "SD-A-1", "--json").json["next_sd"]
    assert whole["begun"] == []
    burn(30_000, sd=sd, phase="EXEC")
    found = cli("check", "SD-A-1", "--json").json["next_sd"]
    assert found["begun"] == [{"phase": "EXEC", "burned": 30_000, "expected": whole["tokens"]}]
    assert 0 < found["tokens"]["middle"] < whole["tokens"]["middle"]
    assert found["tokens"]["middle"] > whole["tokens"]["middle"] - 30_000
    out = " ".join(cli("check", "SD-A-1").out.split())
    assert "from the registered range, after 30,000 burned in EXEC" in out
    burn(400_000, sd=sd, phase="EXEC")
    out = " ".join(cli("check", "SD-A-1").out.split())
    assert "after 430,000 burned in EXEC EXEC was to burn" in out
    assert "at most: what it has left is a guess" in out


def test_check_in_red_says_who_would_wait(cli: Cli, burn: Callable[..., None]) -> None:
    burn(480_000)
    StrategicDirectiveFactory(code="SD-A-1")
    out = cli("check", "SD-A-1").out
    assert "SECURITY, VALIDATION would wait for the next budget week." in out
    assert "SECURITY         defer" in out


def test_check_refuses_what_is_unknown_or_over(cli: Cli) -> None:
    ran = cli("check", "SD-NOBODY")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "budgetctl: There is no SD called “SD-NOBODY”. See them all: budgetctl sd list\n"
    )
    StrategicDirectiveFactory(code="SD-DONE-1", status=Status.COMPLETED)
    ran = cli("check", "SD-DONE-1")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "completed: nothing of it is still ahead" in ran.err
    assert cli("check").code == 2


def test_what_an_sd_has_burned_is_not_projected_again(cli: Cli, burn: Callable[..., None]) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1", estimate=90_000, phase="EXEC")
    before = cli("check", "SD-A-1", "--json").json["next_sd"]["projected"]
    burn(60_000, sd=sd, phase="PLAN")
    after = cli("check", "SD-A-1", "--json").json["next_sd"]["projected"]
    assert 0 < after < before / 2


def test_check_says_the_chance_of_each_zone_with_the_sd_and_without(
    cli: Cli, burn: Callable[..., None]
) -> None:
    for week in range(3):
        burn(300_000, at=WEEK_START - timedelta(days=7 * week, hours=-2))
    StrategicDirectiveFactory(code="SD-A-1", estimate=150_000)
    none = "AT RESET    no forecast yet that says how likely each zone is"
    assert none in cli("check", "SD-A-1").out
    make_forecasts(now=NOW)
    assert none not in cli("check", "SD-A-1").out
    chances = cli("check", "SD-A-1", "--json").json["next_sd"]["zone_chances"]
    assert sum(chances["with"].values()) == pytest.approx(100, abs=0.3)
    assert chances["without"] == cli("forecast", "--json").json["newest"]["zone_chances"]
    assert chances["with"]["RED"] > chances["without"]["RED"]
    out = cli("check", "SD-A-1").out
    assert "AT RESET    without it: " in out
    assert "none from this part of a week has been scored yet" in " ".join(out.split())
    assert "from the estimate of 150k tokens" in " ".join(out.split())


def test_what_no_sub_agent_is_known_for_has_a_line_of_its_own(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-A-1")
    plan = cli("check", "SD-A-1", "--json").json
    tokens = {"low": 20_000, "middle": 30_000, "high": 40_000, "evidence": "sub_agent", "n": 7}
    plan["next_sd"]["besides"] = tokens
    lines = [" ".join(str(line).split()) for line in plan_text.check(plan)]
    assert "main and others 20k–40k own history, 7 cases" in lines
