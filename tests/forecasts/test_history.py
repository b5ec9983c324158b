"""The owner's hours, as the forecasting rules take them."""

from datetime import timedelta

import pytest

from allocation.budgets.models import Meter
from allocation.catalog.pricing import load_price_book
from allocation.forecasts.history import hourly
from allocation.policy.weeks import Window
from tests.factories import WEEK_START, UsageRecordFactory, rebuild_hours

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
