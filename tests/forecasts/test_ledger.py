"""The forecast ledger: made once an hour, kept as it was, scored when its week is over."""

from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from allocation.budgets.models import BudgetRule, BudgetWeek, Meter
from allocation.budgets.operations import (
    RuleChange,
    change_rule,
    ensure_weeks,
    set_limit,
    switch,
)
from allocation.forecasts import operations
from allocation.forecasts.chance import newest_word
from allocation.forecasts.history import inputs_at
from allocation.forecasts.models import Forecast, ForecastScore, Occasion
from allocation.forecasts.operations import make_forecasts, score_closed_weeks, score_week
from allocation.forecasts.page import forecast_page
from allocation.forecasts.record import figures_of, forecast_record, newest_forecast
from allocation.policy.forecasting import METHODS
from allocation.reports.operations import close_weeks
from allocation.usage.standing import running_week, standing_at
from tests.factories import NOW, WEEK_END, WEEK_START, UsageRecordFactory, rebuild_hours
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def work(since: datetime, days: int, tokens: int = 10_000) -> None:
    """So many tokens in each of four hours of each day, from `since` on."""
    hours = []
    for day in range(days):
        for hour in (1, 3, 5, 20):
            record = UsageRecordFactory(
                at=since + timedelta(days=day, hours=hour), input=tokens, output=0
            )
            hours.append(record.hour)
    rebuild_hours(hours)


def newest(now: datetime) -> Forecast | None:
    """The newest forecast of the meter that counts at a moment."""
    return newest_forecast(now, running_week(now).meter)


def test_every_method_speaks_once_an_hour() -> None:
    work(WEEK_START, 2)
    assert make_forecasts(now=NOW) == len(METHODS)
    assert make_forecasts(now=NOW + timedelta(minutes=30)) == 0
    assert make_forecasts(now=NOW + timedelta(hours=1)) == len(METHODS)
    assert Forecast.objects.filter(chosen=True).count() == 2


def test_in_a_week_that_begins_in_the_middle_of_an_hour_each_hour_has_one_forecast() -> None:
    work(WEEK_START, 2)
    ensure_weeks(since=WEEK_START, now=NOW)
    BudgetWeek.objects.filter(start=WEEK_START).update(start=WEEK_START - timedelta(minutes=30))
    for minute in (40, 70, 130):  # the first late, as after a restart
        make_forecasts(now=NOW + timedelta(minutes=minute))
    hours = (
        Forecast.objects.filter(chosen=True).order_by("made_at").values_list("hours_in", flat=True)
    )
    assert list(hours) == list(range(hours[0], hours[0] + 3))


def test_a_checkpoint_has_forecasts_of_its_own() -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    assert make_forecasts(now=NOW, occasion=Occasion.CHECKPOINT) == len(METHODS)


def test_another_limit_is_forecast_anew_within_the_hour() -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    later = NOW + timedelta(minutes=10)
    set_limit(limit=Decimal(900_000), actor="chairman", now=later)
    assert newest_word(standing_at(later)) is None  # it speaks of the limit before
    assert make_forecasts(now=later) == len(METHODS)
    assert make_forecasts(now=later + timedelta(minutes=1)) == 0
    word = newest_word(standing_at(later))
    assert word is not None
    assert (word.occasion, word.effective_limit) == (Occasion.ANEW, 900_000)


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_forecast_anew_once(monkeypatch: pytest.MonkeyPatch) -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    later = NOW + timedelta(minutes=10)
    set_limit(limit=Decimal(900_000), actor="chairman", now=later)
    barrier = Barrier(2)

    def both_have_looked(*given: Any) -> Any:
        barrier.wait(timeout=20)
        return inputs_at(*given)

    monkeypatch.setattr(operations, "inputs_at", both_have_looked)
    assert at_once(*[lambda: make_forecasts(now=later)] * 2) == []
    assert Forecast.objects.filter(occasion=Occasion.ANEW).count() == len(METHODS)


def test_another_reset_is_forecast_anew_and_the_week_that_never_came_is_not_scored() -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    later = NOW + timedelta(minutes=10)
    weekday = (later + timedelta(days=2)).weekday()
    change_rule(change=RuleChange(reset_weekday=weekday), actor="chairman", now=later)
    week = BudgetWeek.objects.get(start=WEEK_START)
    assert later < week.end < WEEK_END
    assert newest(later) is None  # it speaks of the week that was
    assert make_forecasts(now=later) == len(METHODS)
    assert make_forecasts(now=later + timedelta(minutes=1)) == 0
    word = newest_word(standing_at(later))
    assert word is not None
    assert (word.occasion, word.week_end) == (Occasion.ANEW, week.end)
    scored = score_closed_weeks(now=week.end)
    assert scored == Forecast.objects.filter(week_end=week.end, point__isnull=False).count() > 0
    assert score_closed_weeks(now=week.end) == 0


def use_meter(name: str, limit: int, now: datetime) -> None:
    change = RuleChange(meter=Meter.objects.get(name=name), limit=Decimal(limit))
    change_rule(change=change, actor="chairman", now=now)


@pytest.mark.parametrize(
    ("name", "limit"),
    # Another unit with the same limit in its smallest parts, and another way to count tokens.
    [("US dollars", 5_000), ("all tokens", 500_000)],
)
def test_another_meter_is_forecast_anew_and_what_was_counted_otherwise_is_not_scored(
    name: str, limit: int
) -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    later = NOW + timedelta(minutes=10)
    use_meter(name, limit, later)
    assert newest(later) is None
    assert newest_word(standing_at(later)) is None
    page = forecast_page(later, ZoneInfo("UTC"))
    assert page.fan.rows == ()
    assert "this week is forecast anew within a minute" in page.silent
    assert make_forecasts(now=later) == len(METHODS)
    assert make_forecasts(now=later + timedelta(minutes=1)) == 0
    word = newest_word(standing_at(later))
    assert word is not None
    assert (word.occasion, word.effective_limit) == (Occasion.ANEW, 500_000)
    scored = score_closed_weeks(now=WEEK_END)
    anew = Forecast.objects.filter(occasion=Occasion.ANEW)
    assert scored == anew.filter(point__isnull=False).count() > 0
    assert set(ForecastScore.objects.values_list("forecast__occasion", flat=True)) == {"anew"}


def test_a_meter_by_another_name_counts_as_it_did() -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    meter = BudgetRule.objects.get().meter
    meter.name = "ours"
    meter.save()
    assert newest(NOW) is not None
    assert make_forecasts(now=NOW + timedelta(minutes=1)) == 0


def test_dollars_and_tokens_are_not_added_up() -> None:
    def score(digest: str, point: int, actual: int) -> ForecastScore:
        forecast = Forecast(point=point, used=0, effective_limit=1, meter_digest=digest)
        hits = {"hit50": True, "hit80": True, "zone_hit": True}
        return ForecastScore(
            forecast=forecast, actual=actual, crps=actual // 10, exhaustion_hours=0, **hits
        )

    tokens = [score("tokens", 1_100_000, 1_000_000)] * 3
    figures = figures_of([*tokens, score("cents", 500, 1_000)])
    assert figures.bias == pytest.approx((3 * 0.1 - 0.5) / 4)
    assert figures.crps == pytest.approx(0.1)
    assert figures_of([score("idle", 5, 0)]).bias is None


def test_a_forecast_from_before_its_end_was_noted_counts_as_of_its_week() -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    rows = [*Forecast.objects.values()]
    later = NOW + timedelta(hours=1)
    for row in rows:
        Forecast.objects.create(
            **{**row, "id": None, "hour": later, "made_at": later, "week_end": None}
        )
    assert newest(later) == Forecast.objects.get(chosen=True, week_end=None)


def test_under_the_first_meter_again_its_forecast_speaks_again() -> None:
    work(WEEK_START, 2)
    make_forecasts(now=NOW)
    first = newest(NOW)
    later = NOW + timedelta(minutes=10)
    use_meter("all tokens", 500_000, later)
    make_forecasts(now=later)
    use_meter("sonnet-equivalent", 500_000, later)
    assert newest_word(standing_at(later)) == first


def test_a_week_that_was_closed_in_dollars_is_scored_in_them_alone() -> None:
    work(WEEK_START, 6)
    for days in (1, 2):
        make_forecasts(now=WEEK_START + timedelta(days=days))
    use_meter("US dollars", 10, WEEK_START + timedelta(days=3))
    make_forecasts(now=WEEK_START + timedelta(days=4))
    assert score_closed_weeks(now=WEEK_END) == len(METHODS)
    assert {score.forecast.hours_in for score in ForecastScore.objects.all()} == {96}
    close_weeks(now=WEEK_END)
    use_meter("sonnet-equivalent", 500_000, WEEK_END)
    assert score_closed_weeks(now=WEEK_END) == 0  # the week is closed, in dollars


def test_off_forecasts_nothing() -> None:
    work(WEEK_START, 2)
    switch(enabled=False, actor="chairman", now=NOW)
    assert make_forecasts(now=NOW) == 0


def test_without_any_usage_linear_has_nothing_to_say() -> None:
    make_forecasts(now=NOW)
    linear = Forecast.objects.get(method="linear")
    assert (linear.point, linear.zone, linear.chosen) == (None, "", True)


def test_a_forecast_keeps_what_it_said() -> None:
    work(WEEK_START, 2, 30_000)
    make_forecasts(now=NOW)
    row = newest(NOW)
    assert row is not None
    assert row.used == 240_000
    assert row.point is not None
    assert row.low50 is not None
    assert row.high50 is not None
    assert row.low80 is not None
    assert row.used <= row.low80 <= row.low50 <= row.high50
    assert len(row.quantiles) == 19
    assert len(row.course) == 168 - 46
    assert row.course[-1] == 1000
    assert Forecast.objects.exclude(pk=row.pk).filter(course__isnull=False).count() == 0
    assert sum(row.zone_chances.values()) == pytest.approx(1, abs=0.001)
    assert (row.hours_in, row.effective_limit) == (46, 500_000)


def closed_week() -> BudgetWeek:
    """Three weeks of work; the third with a forecast each day, and over."""
    start = WEEK_START - timedelta(weeks=2)
    ensure_weeks(since=start, now=NOW)
    work(start, 21)
    for hours in (6, 24, 72, 120):
        make_forecasts(now=WEEK_START + timedelta(hours=hours))
    return BudgetWeek.objects.get(start=WEEK_START)


def test_a_week_is_scored_once_when_it_is_over() -> None:
    week = closed_week()
    assert score_week(week=week, now=WEEK_END - timedelta(seconds=1)) == 0
    spoken = Forecast.objects.filter(point__isnull=False).count()
    assert score_closed_weeks(now=WEEK_END) == spoken
    assert score_closed_weeks(now=WEEK_END + timedelta(hours=1)) == 0


def test_a_score_says_how_far_off_it_was() -> None:
    closed_week()
    score_closed_weeks(now=WEEK_END)
    score = ForecastScore.objects.get(forecast__method="linear", forecast__hours_in=120)
    # 5 days of 4 x 10,000 in 120 hours; the week came to 280,000
    assert (score.forecast.point, score.actual) == (280_000, 280_000)
    assert (score.error, score.zone_hit, score.accuracy) == (0, True, Decimal("100.0"))
    assert score.exhaustion_hours == 0


def test_a_later_change_of_the_limit_rewrites_no_score() -> None:
    closed_week()
    score_closed_weeks(now=WEEK_END)
    before = list(ForecastScore.objects.order_by("pk").values())
    set_limit(limit=Decimal(1_000), actor="chairman", now=WEEK_END)
    score_closed_weeks(now=WEEK_END + timedelta(days=1))
    assert list(ForecastScore.objects.order_by("pk").values()) == before


def test_the_record_counts_only_what_spoke() -> None:
    closed_week()
    score_closed_weeks(now=WEEK_END)
    record = forecast_record(WEEK_END)
    assert [row.actual for row in record.weeks] == [280_000]
    assert record.inside80[1] == Forecast.objects.filter(chosen=True, point__isnull=False).count()
    assert {row.hours for row in record.by_origin if row.by_method["linear"] is not None} >= {
        24,
        72,
    }


def test_without_scores_there_is_no_record() -> None:
    record = forecast_record(WEEK_END)
    assert (record.weeks, record.inside80, record.error) == ([], (0, 0), None)
    assert (record.figures.bias, record.figures.exhaustion_hours) == (None, None)
