"""The running backtest: the same forecasts, made again for weeks that are over."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from allocation.policy.errors import RuleError
from allocation.policy.forecasting import (
    CHOOSER,
    METHODS,
    ORIGINS,
    ForecastInputs,
    HourlyTokens,
    Series,
    backtest,
    figures,
    forecast,
    summary,
    whole_weeks,
)
from allocation.policy.weeks import Reset
from allocation.policy.zones import Zone
from tests.policy.forecasting.made import HOUR, KINDS, MONDAY, WEEK, hours_of, weeks_of

KEYS = {
    "n",
    "mdape",
    "mape",
    "wape",
    "bias",
    "coverage50",
    "coverage80",
    "width80",
    "zone_accuracy",
    "exhaustion_mae_h",
}


def series(kind: str, weeks: int, seed: int = 1) -> Series:
    return Series(kind, hours_of(kind, weeks, seed), weeks_of(weeks))


@pytest.mark.parametrize("method", [*METHODS, CHOOSER])
def test_it_says_what_a_forecast_at_that_hour_says(method):
    one = series("regime change", 9)
    for case in backtest([one], methods=[method], origins=(6, 60, 144), limit=10**7).cases:
        inputs = ForecastInputs(
            hours=one.hours,
            past_weeks=tuple(week for week in one.weeks if week.end <= case.week.start),
            week=case.week,
            now=case.made_at,
            effective_limit=10**7,
        )
        assert forecast(inputs, METHODS.get(method)).outlook == case.said


def test_what_came_later_changes_no_case():
    one = series("around the clock", 8)
    tokens = one.hours.tokens
    later = HourlyTokens(MONDAY, tokens[: 6 * 168] + tuple(9 * n for n in tokens[6 * 168 :]))
    known, changed = (
        [
            case.said
            for case in backtest([replace(one, hours=hours)]).cases
            if case.week in one.weeks[:6]
        ]
        for hours in (one.hours, later)
    )
    assert known == changed
    assert len(known) == 3 * len(ORIGINS) * 5


def test_three_weeks_are_learned_from_before_one_is_tested():
    result = backtest([series("around the clock", 3), series("around the clock", 4)])
    assert {case.week for case in result.cases} == {weeks_of(4)[3]}
    assert [(one.weeks, one.learned, one.idle) for one in result.tested] == [(3, 3, 0), (4, 3, 0)]


def test_nothing_at_all_is_no_error():
    assert backtest([]).cases == ()
    nothing = backtest([Series("short", hours_of("office hours", 0.4), ())])
    assert (nothing.cases, nothing.tested[0].weeks) == ((), 0)
    assert nothing.tested[0].notes == (
        "short: not tested; it has 0 of the 4 whole budget weeks that are needed.",
    )
    assert figures([])["mdape"] is None


def test_a_week_below_a_tenth_of_the_median_is_left_out_and_counted():
    tokens = hours_of("around the clock", 7).tokens
    faint = tuple(n // 20 for n in tokens[5 * 168 : 6 * 168])
    hours = HourlyTokens(MONDAY, tokens[: 5 * 168] + faint + tokens[6 * 168 :])
    result = backtest([Series("u", hours, weeks_of(7))])
    assert result.tested[0].idle == 1
    assert "left out for less than a tenth" in result.tested[0].notes[0]
    assert weeks_of(7)[5] not in {case.week for case in result.cases}


def test_all_methods_are_scored_where_linear_has_something_to_say():
    tokens = hours_of("around the clock", 5).tokens
    hours = HourlyTokens(MONDAY, tokens[: 4 * 168] + (0,) * 30 + tokens[4 * 168 + 30 :])
    result = backtest([Series("u", hours, weeks_of(5))], origins=(6, 24, 48))
    last = [case for case in result.cases if case.week == weeks_of(5)[4]]
    assert {case.origin for case in last} == {48}
    assert {case.method for case in last} == {*METHODS, CHOOSER}
    assert result.tested[0].too_early == 2
    assert "nothing had been used yet: 2" in result.tested[0].notes[0]


def test_the_limit_is_a_tenth_above_the_median_of_the_weeks_before():
    tokens = (100,) * 168 * 3 + (200,) * 168
    result = backtest([Series("u", HourlyTokens(MONDAY, tokens), weeks_of(4))], origins=(24,))
    case = result.cases[0]
    assert case.zone is Zone.RED
    assert case.exhausted == case.week.start + HOUR * (1.1 * 100 * 168 / 200)
    roomy = backtest(
        [Series("u", HourlyTokens(MONDAY, tokens), weeks_of(4))], origins=(24,), limit=10**6
    )
    assert (roomy.cases[0].zone, roomy.cases[0].exhausted) == (Zone.GREEN, None)


@pytest.mark.parametrize(
    ("change", "length"), [(datetime(2025, 3, 30), 167), (datetime(2025, 10, 26), 169)]
)
def test_a_week_in_which_the_clock_changes_has_an_hour_less_or_more(change, length):
    first = (change - timedelta(days=48)).replace(tzinfo=UTC)
    hours = HourlyTokens(first, hours_of("around the clock", 8).tokens)
    weeks = whole_weeks(hours, Reset(0, time(9, 30), ZoneInfo("Europe/Berlin")))
    (changed,) = [week for week in weeks if week.end - week.start != WEEK]
    assert changed.hours == length
    cases = [case for case in backtest([Series("u", hours, weeks)]).cases if case.week == changed]
    assert {case.origin for case in cases} == set(ORIGINS)
    begin = hours.index(changed.start)
    assert {case.total for case in cases} == {sum(hours.tokens[begin : begin + length])}
    for case in cases:
        assert case.made_at == hours.first + HOUR * (begin + case.origin)
        if case.method == "linear":
            used = sum(hours.tokens[begin : begin + case.origin])
            assert case.said.point == pytest.approx(used / case.origin * length, abs=1)
        else:
            assert case.said.point == pytest.approx(case.total, rel=0.35)


def test_weeks_of_one_day_have_no_later_origins():
    weeks = tuple(replace(week, end=week.start + HOUR * 24) for week in weeks_of(6))
    result = backtest([Series("u", hours_of("around the clock", 6), weeks)])
    assert {case.origin for case in result.cases} == {6, 12}


def test_progress_is_told_step_by_step():
    told = []
    two = [series("idle days", 4), series("office hours", 4)]
    backtest(two, origins=(6, 24), progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_method_that_there_is_not_is_refused():
    with pytest.raises(RuleError, match="no method prophet"):
        backtest([], methods=["prophet"])


def test_the_summary_has_every_figure_by_method_origin_and_series():
    kinds = {"office hours", "bursty", "fleet"}
    methods = summary(backtest([series(kind, 6) for kind in kinds]))["methods"]
    assert set(methods) == {*METHODS, CHOOSER}
    for of_method in methods.values():
        assert set(of_method["by_origin"]) == {str(origin) for origin in ORIGINS}
        assert set(of_method["by_series"]) == kinds
        assert of_method["overall"].keys() >= KEYS
    assert methods["linear"]["overall"]["mdape_to_linear"] == 1
    assert len({of_method["overall"]["n"] for of_method in methods.values()}) == 1


def test_figures_without_a_baseline_have_no_ratio():
    overall = summary(backtest([series("office hours", 6)], methods=["blend"]))["methods"]["blend"]
    assert overall["overall"]["mdape_to_linear"] is None


def test_the_default_meets_its_bar_on_made_up_weeks():
    # A fleet at another pace each week is linear's own case, with a test of its own.
    users = [series(kind, 22) for kind in KINDS if kind != "fleet"]
    methods = summary(backtest(users, methods=["linear", CHOOSER]))["methods"]
    overall = methods[CHOOSER]["overall"]
    assert overall["mdape_to_linear"] < 0.6
    assert overall["mape_to_linear"] < 0.7
    assert overall["exhaustion_mae_h_to_linear"] < 0.85
    assert overall["zone_accuracy"] >= methods["linear"]["overall"]["zone_accuracy"]
    # Made-up weeks are more alike than real ones, and the first ranges are laid out for real ones.
    assert 0.75 <= overall["coverage80"] <= 0.9
    assert methods[CHOOSER]["by_origin"]["24"]["width80"] < 2.5
    assert methods[CHOOSER]["by_origin"]["120"]["width80"] < 1
    for kind, of_series in methods[CHOOSER]["by_series"].items():
        # From office hours to an even flow around the clock and back, linear is hard to beat.
        assert of_series["mape_to_linear"] < (1.25 if kind == "regime change" else 1.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fleet_with_another_pace_each_week_is_soon_told_as_well_as_by_the_burn_rate(seed):
    cases = [
        case
        for case in backtest([series("fleet", 24, seed)], methods=["linear", CHOOSER]).cases
        if case.week.start >= MONDAY + 10 * WEEK
    ]
    linear, chosen = (
        figures([case for case in cases if case.method == method]) for method in ("linear", CHOOSER)
    )
    assert chosen["mape"] < 1.2 * linear["mape"]
    assert chosen["exhaustion_mae_h"] < 1.1 * linear["exhaustion_mae_h"]
    assert chosen["zone_accuracy"] > linear["zone_accuracy"] - 0.02


def test_daily_counts_show_no_origin_more_than_its_days():
    days = [(datetime(2025, 6, 2 + n, tzinfo=UTC).date(), 2400 * (n + 1)) for n in range(28)]
    hours = HourlyTokens.from_days(days)
    case = backtest([Series("u", hours, weeks_of(4))], origins=(60,), limit=10**9).cases[0]
    seen = sum(tokens for _, tokens in days[21:23]) + days[23][1] // 2
    assert case.said.quantiles[0] >= seen
    assert case.said.point >= seen
    assert median(hours.tokens) > 0
