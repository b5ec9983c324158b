"""The outlook: the running week with its linear forecast."""

from datetime import timedelta
from fractions import Fraction

import pytest

from allocation.budgets.operations import switch
from allocation.forecasts.models import Forecast, ForecastScore
from allocation.forecasts.outlook import outlook_at
from allocation.policy.burn_rate import Basis
from allocation.policy.zones import Zone
from tests.factories import (
    NOW,
    WEEK_END,
    WEEK_START,
    BudgetWeekFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db


def use(tokens: int, at: object = NOW - timedelta(hours=30)) -> None:
    record = UsageRecordFactory(at=at, input=tokens, output=0)
    rebuild_hours([record.hour])


def test_an_even_burn_lasts_to_the_reset() -> None:
    use(46_000)
    outlook = outlook_at(NOW)
    assert outlook.linear is not None
    assert (outlook.linear.per_hour, outlook.linear.at_reset) == (1_000, 168_000)
    assert outlook.zone_at_reset is Zone.GREEN
    assert outlook.elapsed == Fraction(46, 168)


def test_a_fast_burn_runs_out_before_the_reset() -> None:
    use(460_000)
    outlook = outlook_at(NOW)
    assert outlook.linear is not None
    assert outlook.linear.exhausts_at == NOW + timedelta(hours=4)
    assert outlook.linear.before_reset
    assert outlook.zone_at_reset is Zone.RED


def test_a_sudden_burn_takes_the_recent_rate() -> None:
    use(1_000)
    use(120_000, NOW - timedelta(hours=2))
    outlook = outlook_at(NOW)
    assert outlook.linear is not None
    assert outlook.linear.basis is Basis.RECENT
    assert outlook.linear.per_hour == 5_000


def test_the_recent_rate_is_that_of_the_hours_that_were_summed() -> None:
    use(1_000)
    use(120_000, NOW - timedelta(hours=2))
    outlook = outlook_at(NOW + timedelta(minutes=30))
    assert outlook.linear is not None
    assert outlook.linear.per_hour == Fraction(120_000) / Fraction(49, 2)


def test_without_usage_it_is_too_early_to_say() -> None:
    outlook = outlook_at(NOW)
    assert (outlook.linear, outlook.zone_at_reset) == (None, None)
    assert outlook.too_early == "Too early to say: nothing is used yet this week."


def test_in_the_first_hours_it_is_too_early_to_say() -> None:
    use(10, WEEK_START)
    outlook = outlook_at(WEEK_START + timedelta(hours=5, minutes=59))
    assert outlook.linear is None
    assert "needs 6 hours" in outlook.too_early
    assert outlook_at(WEEK_START + timedelta(hours=6)).linear is not None


def test_off_forecasts_nothing() -> None:
    use(46_000)
    switch(enabled=False, actor="chairman", now=NOW)
    outlook = outlook_at(NOW)
    assert outlook.linear is None
    assert outlook.too_early == "budgetctl is off and forecasts nothing."


@pytest.mark.parametrize(("held", "per_hour"), [(1, 1_000), (0, 1_200)])
def test_where_fewer_than_half_of_the_ranges_held_the_rate_gets_a_buffer(
    held: int, per_hour: int
) -> None:
    week = BudgetWeekFactory(start=WEEK_START - timedelta(weeks=1))
    for hours, hit in ((24, held), (48, 0), (72, 1)):
        forecast = Forecast.objects.create(
            week=week, made_at=week.start, hour=week.start + timedelta(hours=hours), chosen=True,
            hours_in=hours, occasion="hour", method="linear", version="1", used=1, point=2,
            effective_limit=9,
        )  # fmt: skip
        ForecastScore.objects.create(
            forecast=forecast, actual=2, hit50=False, hit80=bool(hit), zone_hit=True,
            exhaustion_hours=0, crps=0, scored_at=NOW,
        )  # fmt: skip
    use(46_000)
    linear = outlook_at(NOW).linear
    assert linear is not None
    assert (linear.per_hour, linear.buffered) == (per_hour, per_hour == 1_200)


def test_at_the_very_end_all_of_the_week_has_passed() -> None:
    use(46_000)
    assert outlook_at(WEEK_END - timedelta(microseconds=1)).elapsed < 1
