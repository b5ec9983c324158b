"""status, forecast: what they say, and what scripts read."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from allocation.budgets.models import BudgetRule
from allocation.forecasts.models import Forecast, Occasion
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.reports.operations import close_weeks
from tests.cli.conftest import NEXT, Cli
from tests.factories import (
    NOW,
    WEEK_START,
    BudgetRuleFactory,
    BudgetWeekFactory,
    MeterFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    TierFactory,
)

STANDING = {
    "at", "light", "enabled", "week", "time_zone", "meter", "unit", "limit", "reserve",
    "effective_limit", "used", "remaining", "over", "percent", "zone", "exhausted", "raw",
    "records", "usd", "unpriced_records",
}  # fmt: skip
FORECAST = {
    "method", "too_early", "basis", "per_hour", "per_day", "at_reset", "zone_at_reset",
    "exhausts_at", "exhausts_before_reset", "buffered",
}  # fmt: skip


def test_status_in_json(cli: Cli, burn: Callable[..., None]) -> None:
    burn(270_000, sub_agent="TESTING")
    burn(90_000)
    sd = StrategicDirectiveFactory(code="SD-PERF-OPT-001", estimate=85_000)
    found = cli("status", "--json").json
    assert found.keys() == STANDING | {
        "limit_is_guess", "forecast", "forecast_accuracy", "next_sd", "sub_agents",
        "overrides", "optimisation",
    }  # fmt: skip
    assert found["at"] == "2026-11-18T20:00:00Z"
    assert found["week"] == {"start": "2026-11-16T22:00:00Z", "end": "2026-11-23T22:00:00Z"}
    assert (found["used"], found["remaining"], found["percent"]) == (360_000, 140_000, 72.0)
    assert (found["zone"], found["raw"], found["usd"]) == ("YELLOW", 360_000, "1.08")
    assert found["forecast"].keys() == FORECAST
    assert found["forecast_accuracy"] is None
    assert found["next_sd"].keys() == NEXT | {"begun"}
    assert found["next_sd"]["sd"] == sd.code
    assert [(row["key"], row["budget_tokens"]) for row in found["sub_agents"]] == [
        ("TESTING", 270_000),
        ("main", 90_000),
    ]


def test_status_for_people(cli: Cli, burn: Callable[..., None]) -> None:
    burn(360_000, sub_agent="TESTING", at=NOW - timedelta(hours=40))
    StrategicDirectiveFactory(code="SD-PERF-OPT-001", title="Faster", estimate=85_000)
    out = cli("status").out
    for said in (
        "TOKEN MISSION CONTROL",
        "week of 2026-11-16 to 2026-11-23",
        "360k / 500k (72%), 140,000 left",
        "▲ YELLOW  approaching the limit",
        "188k a day; used up Thu",
        "Mon 23 Nov 2026, 14:00 (in 5 d 2 h; 27% of the week passed)",
        "no record yet",
        "SD-PERF-OPT-001 (complexity 3/5, proposed)  Faster",
        "from the estimate of 85k tokens",
        "TESTING                   360,000  100%  ████",
    ):
        assert said in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_smallest_sub_agents_share_a_line(cli: Cli, burn: Callable[..., None]) -> None:
    for number in range(1, 10):
        burn(number * 10_000, sub_agent=f"AGENT-{number}")
    out = cli("status").out
    assert "  AGENT-9                    90,000   20%  ████" in out
    assert "  2 others                   30,000    7%  ███" in out
    assert "AGENT-2" not in out


def test_an_empty_week_says_so(cli: Cli) -> None:
    found = cli("status", "--json").json
    assert found["next_sd"] is None
    assert found["sub_agents"] == []
    assert found["usd"] is None
    assert found["forecast"]["too_early"] == "Too early to say: nothing is used yet this week."
    assert found["forecast"]["per_hour"] is None
    out = cli("status").out
    assert "Nothing is used yet this week." in out
    assert "No SD is proposed or in progress." in out
    assert "nan" not in out.lower()


def test_off_is_said_and_nothing_is_forecast(cli: Cli, burn: Callable[..., None]) -> None:
    burn(360_000)
    BudgetRuleFactory(enabled=False)
    for command in (["status"], ["next"], ["forecast"]):
        out = cli(*command).out
        assert "○ OFF  budgetctl is off" in out
        assert "YELLOW" not in out
    assert cli("forecast", "--json").json["forecast"]["too_early"].startswith("budgetctl is off")


def test_more_than_all_is_said(cli: Cli, burn: Callable[..., None]) -> None:
    burn(560_000)
    out = cli("status").out
    assert "████████████████████ 560k / 500k (112%), 60,000 over" in out
    assert "⯃ RED  used up, 60,000 tokens over" in out


def test_the_reserve_is_held_back(cli: Cli, burn: Callable[..., None]) -> None:
    burn(360_000)
    BudgetWeekFactory(reserve_percent=Decimal(20))
    found = cli("status", "--json").json
    assert (found["reserve"], found["effective_limit"], found["zone"]) == (
        100_000,
        400_000,
        "ORANGE",
    )
    assert "RESERVE     100,000 of the 500,000 held back" in cli("status").out


def test_a_share_is_never_rounded_into_a_worse_zone(cli: Cli, burn: Callable[..., None]) -> None:
    burn(349_999)
    found = cli("status", "--json").json
    assert (found["percent"], found["zone"]) == (69.99, "GREEN")


def test_a_budget_in_dollars(cli: Cli, burn: Callable[..., None]) -> None:
    burn(1_000_000)
    BudgetRuleFactory(
        meter=MeterFactory(name="US dollars", weighting="dollars"), limit=Decimal("12.50")
    )
    found = cli("status", "--json").json
    assert (found["unit"], found["limit"], found["used"]) == ("usd", "12.5", "3")
    out = cli("status").out
    assert "DOLLARS" in out
    assert "$3.00 / $12.50 (24%), $9.50 left" in out


def test_overrides_in_force_are_shown(cli: Cli) -> None:
    OverrideFactory(sub_agent=SubAgentFactory(code="TESTING"), tier=TierFactory(name="opus"))
    assert "TESTING on opus until Mon 14:00: A release depends on it." in cli("status").out
    (row,) = cli("status", "--json").json["overrides"]
    assert (row["sub_agent"], row["phase"], row["tier"]) == ("TESTING", None, "opus")


def test_names_cannot_steer_the_terminal(cli: Cli, burn: Callable[..., None]) -> None:
    burn(1_000, sub_agent="evil\x1b[2J")
    assert "\x1b" not in cli("status").out


def test_colour_only_where_it_is_wanted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = cli("status").out
    assert "\x1b[32m●" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in cli("status").out


def test_a_narrow_terminal_wraps_under_the_value(
    cli: Cli, burn: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    burn(360_000)
    monkeypatch.setenv("COLUMNS", "50")
    lines = cli("forecast").out.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("  RESET"))
    assert re.match(r" {14}\S", lines[place + 1])


def test_forecast_names_its_baseline(cli: Cli, burn: Callable[..., None]) -> None:
    burn(46_000, at=NOW - timedelta(hours=40))
    out = cli("forecast").out
    assert "BASELINE" in out
    assert "linear burn rate: used ÷ hours × the week" in out
    assert "No forecast of this limit and week is in the ledger yet." in out
    assert "They are made by budgetctl start, worker and tick." in " ".join(out.split())
    assert "1k an hour, 24k a day (from the whole week so far)" in out
    assert "168,000 tokens (33%) ● GREEN" in out
    assert "lasts to the reset" in out
    found = cli("forecast", "--json").json
    assert found.keys() == STANDING | {"forecast", "newest", "forecast_accuracy"}
    assert found["newest"] is None
    assert found["forecast"] == {
        "method": "linear",
        "too_early": None,
        "basis": "overall",
        "per_hour": 1_000,
        "per_day": 24_000,
        "at_reset": 168_000,
        "zone_at_reset": "GREEN",
        "exhausts_at": "2026-12-07T18:00:00Z",
        "exhausts_before_reset": False,
        "buffered": False,
    }


def test_reading_writes_nothing(cli: Cli) -> None:
    before = BudgetRule.objects.values().get()
    for command in ("status", "forecast", "next", "audit"):
        assert cli(command).code == 0
    assert BudgetRule.objects.values().get() == before


def test_the_newest_forecast_and_the_record_are_shown(cli: Cli, burn: Callable[..., None]) -> None:
    for week in range(3):
        start = WEEK_START - timedelta(days=7 * week)
        burn(100_000, at=start + timedelta(hours=2))
        make_forecasts(now=start + timedelta(hours=24, minutes=5))
    score_closed_weeks(now=NOW)
    found = cli("forecast", "--json").json
    assert found["newest"].keys() == {
        "made_at", "method", "at_reset", "interval_50", "interval_80", "coverage",
        "zone_at_reset", "zone_chances", "exhausts_at", "exhausts_80", "exhaustion_chance_percent",
    }  # fmt: skip
    assert found["newest"]["coverage"]["weeks"] == 2
    assert "weeks the total fell inside" in cli("forecast").out
    low, high = found["newest"]["interval_80"]
    assert low <= found["newest"]["at_reset"] <= high
    record = found["forecast_accuracy"]
    assert record["weeks"] == 2
    assert record["last_week"]["actual"] == 100_000
    assert record["inside_80"]["of"] == 2
    out = cli("forecast").out
    for said in ("AT RESET", "80% RANGE", "ZONES", "RUNS OUT", "METHOD", "(2 weeks)"):
        assert said in out
    assert "last scored week: predicted" in cli("status").out
    assert cli("status", "--json").json["forecast_accuracy"] == record
    assert "median error" in cli("audit").out
    assert cli("audit", "--json").json["forecast_accuracy"] == record


def test_the_record_counts_weeks_that_were_not_forecast_a_day_into_them_too(
    cli: Cli, burn: Callable[..., None]
) -> None:
    for week, hours in ((2, 72), (1, 24)):
        start = WEEK_START - timedelta(days=7 * week)
        burn(100_000, at=start + timedelta(hours=2))
        make_forecasts(now=start + timedelta(hours=hours))
    score_closed_weeks(now=NOW)
    record = cli("status", "--json").json["forecast_accuracy"]
    assert (record["weeks"], record["inside_80"]["of"]) == (2, 2)


def test_a_limit_that_is_used_up_does_not_run_out_again(
    cli: Cli, burn: Callable[..., None]
) -> None:
    burn(600_000, at=NOW - timedelta(hours=3))
    make_forecasts(now=NOW)
    said = next(line for line in cli("forecast").out.splitlines() if "RUNS OUT" in line)
    assert said.split()[2:] == ["the", "limit", "is", "used", "up"]


def test_a_week_that_was_closed_in_tokens_is_not_said_in_dollars(
    cli: Cli, burn: Callable[..., None]
) -> None:
    start = WEEK_START - timedelta(days=7)
    burn(100_000, at=start + timedelta(hours=2))
    make_forecasts(now=start + timedelta(hours=24))
    score_closed_weeks(now=NOW)
    close_weeks(now=NOW)
    BudgetRuleFactory(meter=MeterFactory(name="US dollars", weighting="dollars"), limit=9)
    for command in ("status", "forecast"):
        out = cli(command).out
        assert "actual 100k" in out
        assert "US dollars" not in out


def test_a_week_used_up_to_the_token_is_over_by_nothing(
    cli: Cli, burn: Callable[..., None]
) -> None:
    burn(500_000)
    assert "RED  used up\n" in re.sub(r" +\n", "\n", cli("status").out)


def test_no_zone_but_its_own_stands_beside_a_forecast(cli: Cli, burn: Callable[..., None]) -> None:
    burn(360_000, at=NOW - timedelta(hours=3))
    make_forecasts(now=NOW - timedelta(hours=1))
    out_at = [NOW + timedelta(hours=hours) for hours in (2, 20)]
    row = Forecast.objects.get(chosen=True)
    row.pk, row._state.adding, row.occasion = None, True, Occasion.CHECKPOINT
    row.point, row.low80, row.high80 = 471_000, 360_000, 540_000
    row.zone, row.zone_chances = "RED", {"RED": 0.51, "GREEN": 0, "ORANGE": 0.19, "YELLOW": 0.3}
    row.exhaustion_early, row.exhaustion_median, row.exhaustion_late = *out_at, None
    row.exhaustion_chance, row.made_at = Decimal("0.5"), NOW
    row.save()
    out = cli("forecast").out
    said = next(line for line in out.splitlines() if "AT RESET    ~471k" in line)
    assert said.split() == ["AT", "RESET", "~471k", "(94%)"]
    assert "▲ YELLOW 30%  ◆ ORANGE 19%  ⯃ RED 51%" in out
    assert "to after the reset" in " ".join(out.split())
    newest = cli("forecast", "--json").json["newest"]
    assert [*newest["zone_chances"].items()] == [
        ("GREEN", 0.0), ("YELLOW", 30.0), ("ORANGE", 19.0), ("RED", 51.0),
    ]  # fmt: skip
    assert newest["exhausts_80"] == [f"{out_at[0]:%Y-%m-%dT%H:%M:%SZ}", None]


def test_a_narrow_terminal_breaks_no_rule_and_no_bar(
    cli: Cli, burn: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    burn(360_000, sub_agent="TESTING")
    lines = cli("status").out.splitlines()
    assert max(map(len, lines)) <= 60
    (rule,) = [line for line in lines if line.startswith("── NEXT SD")]
    assert rule.endswith("─" * 49)
    assert any(re.fullmatch(r"  TESTING +360,000 +100% +█{17}", line) for line in lines)
