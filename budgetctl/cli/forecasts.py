"""The newest forecast of the ledger and the record of those before it, as JSON and as text."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from allocation.display import format as fmt
from allocation.display.json_values import iso, number, share
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.forecasts.record import Coverage, Record, coverage_of
from allocation.policy.kpis import KPI_BY_KEY, Reading
from allocation.policy.meter import Meter
from allocation.policy.zones import Zone
from budgetctl.cli.printing import Line, row, short, zone

NO_RECORD = "no record yet: no week with a forecast has closed"

Json = dict[str, Any]


def accuracy_json(record: Record, meter: Meter) -> Json | None:
    """How good past forecasts were; null while there is no record."""
    if not record.weeks:
        return None
    last = record.weeks[0]
    inside, of = record.inside80
    return {
        "weeks": len(record.weeks),
        "median_error_percent": None if record.error is None else _percent(record.error),
        "inside_80": {"count": inside, "of": of},
        "last_week": {
            "start": iso(last.week.start),
            "predicted": number(amount_of(last.predicted, meter), meter),
            "actual": number(amount_of(last.actual, meter), meter),
            "accuracy_percent": None if last.accuracy is None else float(last.accuracy),
        },
    }


def accuracy_text(record: Record, meter: Meter) -> str:
    """Last week's forecast beside what came, and how often the intervals held; never a badge."""
    if not record.weeks:
        return NO_RECORD
    last = record.weeks[0]
    predicted = short(amount_of(last.predicted, meter), meter)
    actual = short(amount_of(last.actual, meter), meter)
    inside, of = record.inside80
    weeks = "1 week" if len(record.weeks) == 1 else f"{len(record.weeks)} weeks"
    return (
        f"last week: predicted {predicted}, actual {actual}; "
        f"80% intervals held {inside} of {of} times ({weeks})"
    )


def error_reading(record: Record) -> Reading:
    """The report's band for the median error."""
    error = None if record.error is None else Decimal(str(round(record.error * 100, 4)))
    return KPI_BY_KEY["burn-rate-error"].read(error)


def newest_json(forecast: Forecast | None, meter: Meter) -> Json | None:
    """The newest forecast; null where none was made or it was too early to say."""
    if forecast is None or forecast.point is None:
        return None
    return {
        "made_at": iso(forecast.made_at),
        "method": forecast.method,
        "at_reset": number(amount_of(forecast.point, meter), meter),
        "interval_50": _interval(forecast.low50, forecast.high50, meter),
        "interval_80": _interval(forecast.low80, forecast.high80, meter),
        "coverage": _coverage(coverage_of(forecast)),
        "zone_at_reset": forecast.zone or None,
        "exhausts_at": iso(forecast.exhaustion_median),
        "exhaustion_chance_percent": (
            None
            if forecast.exhaustion_chance is None
            else share(Fraction(forecast.exhaustion_chance))
        ),
    }


def newest_text(
    forecast: Forecast | None, meter: Meter, effective_limit: Fraction, clock: ZoneInfo
) -> Iterator[Line]:
    """The newest forecast with its interval."""
    if forecast is None or forecast.point is None:
        yield "  No forecast of this week is in the ledger yet. One is made every hour by: start"
        return
    point = amount_of(forecast.point, meter)
    at_reset = f"~{short(point, meter)} ({fmt.percent(point / effective_limit)}) "
    yield row("AT RESET", at_reset, *([zone(Zone(forecast.zone))] if forecast.zone else []))
    if forecast.low80 is not None and forecast.high80 is not None:
        low, high = (amount_of(each, meter) for each in (forecast.low80, forecast.high80))
        held = coverage_of(forecast).words
        yield row("80% RANGE", f"{short(low, meter)} to {short(high, meter)}; {held}")
    if forecast.exhaustion_chance is not None:
        chance = fmt.percent(forecast.exhaustion_chance)
        when = forecast.exhaustion_median
        about = f", about {fmt.soon(when, clock)}" if when else ""
        yield row("RUNS OUT", f"with a chance of {chance}{about}")
    yield row("METHOD", f"{forecast.method}, {fmt.moment(forecast.made_at, clock)}")


def _coverage(found: Coverage) -> Json:
    """In how many weeks the total fell inside the intervals, from this part of the week."""
    return {"weeks": found.weeks, "inside_50": found.inside50, "inside_80": found.inside80}


def _interval(low: int | None, high: int | None, meter: Meter) -> list[int | str] | None:
    if low is None or high is None:
        return None
    return [number(amount_of(each, meter), meter) for each in (low, high)]


def _percent(value: float) -> float:
    return round(value * 100, 2)
