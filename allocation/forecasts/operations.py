"""Every write to the forecast ledger."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import QuerySet

from allocation.budgets.models import BudgetWeek
from allocation.budgets.operations import ensure_week
from allocation.budgets.turns import Queue, take_turn
from allocation.catalog.pricing import load_price_book
from allocation.forecasts.history import effective_limit, hourly, inputs_at
from allocation.forecasts.models import Forecast, ForecastScore, Occasion
from allocation.forecasts.record import newest_forecast
from allocation.policy import forecasting
from allocation.policy.forecasting import METHODS, HourlyTokens, exhausted_at
from allocation.policy.meter import Meter
from allocation.policy.weeks import Window, hour_of, hours_between
from allocation.policy.zones import Bounds, zone_at
from allocation.usage.standing import RunningWeek, running_week

BATCH = 500


@dataclass(frozen=True, slots=True)
class Came:
    """What came in a week that is over."""

    hours: HourlyTokens
    week: Window
    bounds: Bounds

    @property
    def total(self) -> int:
        """All that was used in it, in whole units."""
        return sum(self.hours.tokens)


def make_forecasts(*, now: datetime, occasion: Occasion = Occasion.HOUR) -> int:
    """Let every method forecast the running week and keep what each says; how many rows were made.

    The hourly ones are made once an hour, however often this is called and by however many, and
    anew where they speak of another limit, meter or week than the one that holds now. While
    budgetctl is off nothing is forecast (rule 6).
    """
    running = running_week(now)
    if not running.enabled:
        return 0
    week = ensure_week(now=now)
    made = Forecast.objects.filter(hour=hour_of(now), occasion=occasion)
    if occasion is Occasion.HOUR and made.exists():
        if _is_told(now, running):
            return 0
        occasion = Occasion.ANEW
    inputs = inputs_at(now, running, load_price_book())
    chosen = forecasting.forecast(inputs).method
    rows = [
        _row(
            forecasting.forecast(inputs, method),
            week=week,
            limit=int(inputs.effective_limit),
            meter=running.meter,
            occasion=occasion,
            chosen=chosen,
        )
        for method in METHODS.values()
    ]
    with transaction.atomic():
        if occasion is Occasion.ANEW:
            take_turn(Queue.FORECASTS)
            if _is_told(now, running):  # by another tick, meanwhile
                return 0
        return len(Forecast.objects.bulk_create(rows, ignore_conflicts=True))


def _is_told(now: datetime, running: RunningWeek) -> bool:
    """Whether the newest forecast is of the limit, the meter and the week that hold now."""
    newest = newest_forecast(now, running.meter)
    return newest is not None and newest.effective_limit == effective_limit(running)


def score_week(*, week: BudgetWeek, now: datetime) -> int:
    """Score the forecasts of a week that is over; how many were. What is scored stays as it is.

    Those that spoke of another end than the week came to have, or counted otherwise than the meter
    of this moment does, are left out: no week tells how good they were.
    """
    if week.end > now:
        return 0
    running = running_week(now)
    came = Came(hourly(week.window, running.meter, load_price_book()), week.window, running.bounds)
    with transaction.atomic():
        waiting = _waiting(running.meter).filter(week=week)
        scores = [_score(row, came, now) for row in waiting.order_by("pk")]
        ForecastScore.objects.bulk_create(scores, batch_size=BATCH, ignore_conflicts=True)
    return len(scores)


def score_closed_weeks(*, now: datetime) -> int:
    """Score every week that is over and has forecasts without a score."""
    waiting = _waiting(running_week(now).meter)
    # The scores of a closed week stay in its unit, whichever meter holds now.
    weeks = BudgetWeek.objects.filter(end__lte=now, closed_at=None, pk__in=waiting.values("week"))
    return sum(score_week(week=week, now=now) for week in weeks)


def _waiting(meter: Meter) -> "QuerySet[Forecast]":
    speaking = Forecast.still_speaking(meter)
    return Forecast.objects.filter(speaking, point__isnull=False, score__isnull=True)


def _row(
    said: forecasting.Forecast,
    *,
    week: BudgetWeek,
    limit: int,
    meter: Meter,
    occasion: Occasion,
    chosen: str,
) -> Forecast:
    hour = hour_of(said.made_at)
    row = Forecast(
        week=week,
        week_end=week.end,
        meter_digest=meter.digest,
        occasion=occasion,
        chosen=said.method == chosen,
        effective_limit=limit,
        made_at=said.made_at,
        hour=hour,
        # By its hour, so that two never have the same where a week begins in the middle of one.
        hours_in=max(0, int(hours_between(week.start, hour))),
        method=said.method,
        version=said.version,
        inputs_digest=said.inputs_digest,
        used=said.used,
    )
    if said.outlook is not None:
        outlook = said.outlook
        row.point = outlook.point
        row.low50, row.high50 = outlook.interval50.low, outlook.interval50.high
        row.low80, row.high80 = outlook.interval80.low, outlook.interval80.high
        row.quantiles = list(outlook.quantiles)
        row.course = list(outlook.course) if row.chosen else None
        row.exhaustion_early = outlook.exhaustion.early
        row.exhaustion_median = outlook.exhaustion.median
        row.exhaustion_late = outlook.exhaustion.late
        row.exhaustion_chance = _decimal(outlook.exhaustion.chance, "0.0001")
        row.zone_chances = {
            zone.value: round(chance, 4) for zone, chance in outlook.zone_chances.items()
        }
        row.zone = outlook.zone.value
    return row


def _score(row: Forecast, came: Came, now: datetime) -> ForecastScore:
    point, total = row.point or 0, came.total
    error = forecasting.absolute_percentage_error(point, total)
    ran_out = exhausted_at(came.hours, came.week, row.effective_limit)
    hours = forecasting.exhaustion_error(row.exhaustion_median, ran_out, came.week.end)
    share = Fraction(total, max(1, row.effective_limit))
    return ForecastScore(
        forecast=row,
        actual=total,
        error=None if error is None else _decimal(min(error, 99_999), "0.000001"),
        hit50=row.inside50(total),
        hit80=row.inside80(total),
        zone_hit=row.zone == zone_at(share, came.bounds),
        exhaustion_hours=_decimal(hours, "0.01"),
        crps=_decimal(forecasting.crps(row.quantiles, total), "0.01"),
        scored_at=now,
    )


def _decimal(value: float, step: str) -> Decimal:
    return Decimal(value).quantize(Decimal(step))
