"""`budgetctl backtest`: on a file, and on what is stored."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from allocation.budgets.operations import ensure_weeks
from tests.factories import (
    NOW,
    BudgetRuleFactory,
    MeterFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

KEYS = {
    "n", "mdape", "mape", "wape", "bias", "coverage50", "coverage80", "width80", "zone_accuracy",
    "exhaustion_mae_h",
}  # fmt: skip


@pytest.fixture
def daily(tmp_path: Path) -> Path:
    """Ten weeks of one user who works from Monday to Friday, more as the week goes on."""
    first = date(2026, 1, 5)
    rows = [first + timedelta(days=number) for number in range(70)]
    file = tmp_path / "daily.csv"
    lines = [f"one,{day},{(day.weekday() + 1) * 1_000 if day.weekday() < 5 else 0}" for day in rows]
    file.write_text("\n".join(["series,date,tokens", *lines]))
    return file


def test_a_file_gives_figures_for_each_method_and_origin(
    cli: Callable[..., Any], daily: Path
) -> None:
    found = cli("backtest", "--csv", str(daily), "--json").json
    assert found["default"] in found["methods"]
    for method in ("chooser", "linear", "profile", "gamma_poisson"):
        assert found["methods"][method]["overall"].keys() >= KEYS
        assert {"6", "24", "144"} <= found["methods"][method]["by_origin"].keys()
    chooser, linear = (found["methods"][name]["overall"] for name in ("chooser", "linear"))
    assert chooser["n"] == linear["n"]
    assert chooser["mdape"] < linear["mdape"]


def test_the_tables_are_for_people(cli: Callable[..., Any], daily: Path) -> None:
    ran = cli("backtest", "--csv", str(daily), "--method", "profile")
    assert ran.code == 0
    assert "ALL ORIGINS" in ran.out
    assert "PROFILE BY HOURS INTO THE WEEK" in ran.out
    assert "gamma_poisson" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 80


@pytest.mark.parametrize("reset", ["MON", "thu", "tuesdayT14:00", "SunT9:30"])
def test_weeks_can_begin_on_any_day_and_hour(
    cli: Callable[..., Any], daily: Path, reset: str
) -> None:
    assert cli("backtest", "--csv", str(daily), "--reset", reset, "--json").code == 0


@pytest.mark.parametrize("reset", ["noday", "MONT25:00", "M", "MON14:00"])
def test_a_reset_that_is_none_is_wrong_usage(
    cli: Callable[..., Any], daily: Path, reset: str
) -> None:
    assert cli("backtest", "--csv", str(daily), "--reset", reset).code == 2


def test_too_short_a_history_says_so(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "short.csv"
    file.write_text("series,date,tokens\none,2026-01-05,5\none,2026-01-06,5\none,2026-01-07,5\n")
    ran = cli("backtest", "--csv", str(file))
    assert ran.code == 0
    assert "at least four whole budget weeks" in ran.out


def test_weeks_without_use_are_not_called_missing(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "idle.csv"
    days = [date(2026, 1, 5) + timedelta(days=number) for number in range(70)]
    file.write_text("\n".join(["series,date,tokens", *(f"one,{day},0" for day in days)]))
    ran = cli("backtest", "--csv", str(file))
    assert "at least four whole budget weeks with use are needed" in ran.out
    assert "weeks left out for less than a tenth of the median: 7." in ran.err


def test_a_week_that_is_not_over_is_not_tested(cli: Callable[..., Any], tmp_path: Path) -> None:
    """Today has a row, but its week ends at midnight."""
    today = NOW.astimezone(UTC).date()
    tomorrow = today + timedelta(days=1)

    def tested(days: int, end: date) -> int:
        file = tmp_path / "daily.csv"
        rows = [f"one,{end - timedelta(days=number)},1000" for number in range(days)]
        file.write_text("\n".join(["series,date,tokens", *rows]))
        found = cli("backtest", "--csv", str(file), "--reset", f"{tomorrow:%a}", "--json").json
        n: int = found["methods"]["linear"]["overall"]["n"]
        return n

    assert tested(42, today) == tested(35, today - timedelta(days=7)) > 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n", "The first line must be one of"),
        (b"\xff\xfe\x00\x01", "is not a text file in UTF-8."),
        (b"series,date,tokens\none,2026-01-05,-5\n", "Line 2"),
    ],
)
def test_a_file_that_is_no_use_is_refused_in_one_line(
    cli: Callable[..., Any], tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    ran = cli("backtest", "--csv", str(file))
    assert (ran.code, sentence in ran.err) == (1, True)
    assert len(ran.err.splitlines()) == 1


def test_a_folder_and_a_missing_file_are_refused(cli: Callable[..., Any], tmp_path: Path) -> None:
    assert "is a folder" in cli("backtest", "--csv", str(tmp_path)).err
    assert "cannot be read" in cli("backtest", "--csv", str(tmp_path / "none.csv")).err


def test_an_unknown_method_is_refused(cli: Callable[..., Any], daily: Path) -> None:
    ran = cli("backtest", "--csv", str(daily), "--method", "crystal-ball")
    assert (ran.code, "There is no method crystal-ball" in ran.err) == (1, True)


def test_without_history_there_is_nothing_to_test(cli: Callable[..., Any]) -> None:
    ran = cli("backtest")
    assert (ran.code, "There is no usage yet" in ran.err) == (1, True)


def test_the_owners_history_is_tested_in_its_own_weeks(cli: Callable[..., Any]) -> None:
    start = NOW - timedelta(weeks=8)
    ensure_weeks(since=start, now=NOW)
    records = [
        UsageRecordFactory(at=start + timedelta(hours=5 * number)) for number in range(8 * 33)
    ]
    records.append(UsageRecordFactory(at=datetime(1970, 1, 1, tzinfo=UTC)))  # a wrong clock
    rebuild_hours([record.hour for record in records])
    found = cli("backtest", "--json").json
    assert found["methods"]["chooser"]["overall"]["n"] > 0
    anew = cli("backtest", "--reset", "FRIT08:00", "--json").json
    assert anew["methods"]["chooser"]["overall"]["n"] > 0


def test_own_weeks_laid_anew_are_whole_though_they_end_idle(cli: Callable[..., Any]) -> None:
    start = NOW - timedelta(weeks=7)
    records = [UsageRecordFactory(at=start + timedelta(hours=5 * n)) for n in range(6 * 33)]
    rebuild_hours([record.hour for record in records])
    # In the last week, which ended four hours ago, nothing was used.
    found = cli("backtest", "--reset", f"{NOW:%a}T08:00", "--json").json
    assert found["notes"] == ["own history: weeks left out for less than a tenth of the median: 1."]


def test_a_limit_is_in_dollars_where_the_budget_is(cli: Callable[..., Any]) -> None:
    start = NOW - timedelta(weeks=8)
    ensure_weeks(since=start, now=NOW)
    records = [
        # A million tokens of Sonnet 4.5 cost $3 in.
        UsageRecordFactory(at=start + timedelta(hours=3 * n), input=6_000, output=0)
        for n in range(8 * 56)
    ]
    rebuild_hours([record.hour for record in records])
    BudgetRuleFactory(meter=MeterFactory(name="US dollars", weighting="dollars"), limit=9)

    def overall(limit: str) -> Any:
        found = cli("backtest", "--method", "linear", "--limit", limit, "--json").json
        return found["methods"]["linear"]["overall"]

    # A week costs $1.01: a hundred dollars last, fifty cents do not.
    assert overall("100") == overall("$100.00")
    assert overall("100")["exhaustion_mae_h"] == 0
    assert overall("0.50")["exhaustion_mae_h"] > 0
    assert "not an amount in US dollars" in cli("backtest", "--limit", "much").err


@pytest.mark.parametrize("limit", ["0", "-5", "many"])
def test_a_limit_that_is_none_is_refused(cli: Callable[..., Any], daily: Path, limit: str) -> None:
    assert cli("backtest", "--csv", str(daily), "--limit", limit).code == 1
    assert cli("backtest", "--csv", str(daily), "--limit", "20k").code == 0
