"""The owner's own hours and weeks, as the forecasting rules take them."""

from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Min

from allocation.budgets.models import BudgetWeek
from allocation.budgets.weeks import LONG_AGO
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.display.format import whole
from allocation.policy.errors import RuleError
from allocation.policy.forecasting import (
    ForecastInputs,
    HourlyTokens,
    Series,
    seen_weeks,
    whole_weeks,
)
from allocation.policy.meter import Meter
from allocation.policy.weeks import Reset, Window, hour_of
from allocation.usage.models import UsageHour
from allocation.usage.standing import RunningWeek, running_week
from allocation.usage.totals import burned_by

# The rules look back twenty weeks; two more cover weeks that were cut short.
LOOK_BACK = timedelta(weeks=22)
HOUR = timedelta(hours=1)


def units(amount: Fraction, meter: Meter) -> int:
    """An amount as the whole units of the ledger: budget tokens, or cents."""
    return whole(amount * 100 if meter.in_dollars else amount)


def amount_of(stored: int, meter: Meter) -> Fraction:
    """The amount behind whole units of the ledger."""
    return Fraction(stored, 100) if meter.in_dollars else Fraction(stored)


def hourly(within: Window, meter: Meter, book: PriceBook) -> HourlyTokens:
    """What was used in each hour of a window, in whole units; hours without use are 0.

    The hours add up to the whole: each by itself, those of less than half a cent would all be lost.
    """
    by_hour = burned_by(("hour",), within=within, meter=meter, book=book)
    first = hour_of(within.start)
    used, so_far, before = {first: 0}, Fraction(0), 0
    for (hour,), part in sorted(by_hour.items()):
        so_far += part.budget
        after = units(so_far, meter)
        used[hour], before = after - before, after
    return HourlyTokens.from_buckets(used.items())


def past_weeks(before: datetime) -> tuple[Window, ...]:
    """The stored weeks that had ended by a moment, oldest first, as far as the rules look back."""
    rows = BudgetWeek.objects.filter(end__lte=before, start__gte=before - LOOK_BACK)
    return tuple(row.window for row in rows.order_by("start"))


def effective_limit(week: RunningWeek) -> int:
    """The limit less the reserve, in whole units."""
    return units(week.limit - week.reserve, week.meter)


def inputs_at(now: datetime, week: RunningWeek, book: PriceBook) -> ForecastInputs:
    """All that a forecast of the running week may look at. Two queries."""
    past = past_weeks(week.window.start)
    since = min((window.start for window in past), default=week.window.start)
    # What was used at this very moment, by the checkpoint that asks, counts too.
    hours = hourly(Window(since, hour_of(now) + HOUR), week.meter, book)
    return ForecastInputs(
        hours=hours,
        past_weeks=seen_weeks(past, hours),
        week=week.window,
        now=now,
        effective_limit=effective_limit(week),
        bounds=week.bounds,
    )


def own_series(*, before: datetime, reset: Reset | None = None) -> Series:
    """The owner's whole history up to a moment, for a backtest: in the stored weeks that are over,
    or in weeks laid anew by a reset rule. Raises RuleError without any usage.
    """
    # One record that a wrong clock laid to 1970 is no history.
    found = UsageHour.objects.filter(hour__gte=LONG_AGO).aggregate(first=Min("hour"))
    first: datetime | None = found["first"]
    if first is None or first >= before:
        raise RuleError("There is no usage yet to test forecasts on: import some first.")
    meter = running_week(before).meter
    hours = hourly(Window(first, before), meter, load_price_book())
    if reset is not None:
        return Series("own history", hours, whole_weeks(hours, reset, until=before))
    rows = BudgetWeek.objects.filter(end__lte=before, start__gte=first).order_by("start")
    return Series("own history", hours, tuple(row.window for row in rows))
