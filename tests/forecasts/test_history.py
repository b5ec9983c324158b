"""The owner's hours, as the forecasting rules take them."""

from datetime import datetime, timedelta

import pytest

from allocation.budgets.models import Meter
from allocation.budgets.operations import ensure_weeks
from allocation.catalog.pricing import load_price_book
from allocation.forecasts.history import hourly, inputs_at
from allocation.forecasts.models import Forecast
from allocation.forecasts.operations import make_forecasts
from allocation.policy.weeks import Window
from allocation.usage.standing import running_week
from tests.factories import (
    NOW,
    WEEK_START,
    BudgetWeekFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db


def test_hours_of_less_than_half_a_cent_add_up_too() -> None:
    # A million tokens of Sonnet 4.5 cost $3 in: $0.003 in each of ten hours.
    records = [
        UsageRecordFactory(at=WEEK_START + timedelta(hours=hour), input=1_000, output=0)
        for hour in range(10)
    ]
    rebuild_hours({record.hour for record in records})
    dollars = Meter.objects.get(weighting="dollars").to_policy()
    window = Window(WEEK_START, WEEK_START + timedelta(days=1))
    cents = hourly(window, dollars, load_price_book()).tokens
    assert sum(cents) == 3
    assert set(cents) == {0, 1}


def burn_every_hour(first: datetime, last: datetime) -> None:
    hours = range((last - first) // timedelta(hours=1))
    records = [
        UsageRecordFactory(at=first + timedelta(hours=hour), input=1_000, output=0)
        for hour in hours
    ]
    rebuild_hours({record.hour for record in records})


def past_of(now: datetime) -> tuple[Window, ...]:
    return inputs_at(now, running_week(now), load_price_book()).past_weeks


def test_a_week_before_whose_first_hours_nothing_was_counted_is_a_short_one() -> None:
    now, begun = WEEK_START + timedelta(hours=24), WEEK_START - timedelta(hours=48)
    ensure_weeks(since=WEEK_START - timedelta(weeks=2), now=now)
    burn_every_hour(begun, now)
    assert past_of(now) == (Window(begun, WEEK_START),)
    # 24,000 tokens in two days and in one day alike: no week of rest is in sight.
    make_forecasts(now=now)
    said = Forecast.objects.get(chosen=True)
    assert said.low80 <= 7 * 24_000 <= said.high80
    assert abs(said.point - 7 * 24_000) < 24_000


def test_a_few_hours_of_a_week_are_no_week() -> None:
    now = WEEK_START + timedelta(hours=24)
    ensure_weeks(since=WEEK_START - timedelta(weeks=1), now=now)
    burn_every_hour(WEEK_START - timedelta(hours=8), now)
    assert past_of(now) == ()


def test_a_week_that_was_cut_short_stays_one() -> None:
    before, cut = WEEK_START - timedelta(weeks=1), WEEK_START - timedelta(hours=5)
    BudgetWeekFactory(start=cut, end=WEEK_START)
    ensure_weeks(since=before, now=WEEK_START)
    burn_every_hour(before, WEEK_START)
    assert past_of(NOW) == (Window(before, cut), Window(cut, WEEK_START))
