"""Amounts, ranges and shares of the ledger as texts."""

from decimal import Decimal

from allocation.display import format as fmt
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.policy.meter import Meter


def written(stored: int | None, meter: Meter) -> str:
    """An amount of the ledger in the unit of the meter."""
    return fmt.amount(amount_of(stored or 0, meter), in_dollars=meter.in_dollars)


def range_text(low: int | None, high: int | None, meter: Meter) -> str:
    """A range as `low–high`; empty where it was too early to say."""
    if low is None or high is None:
        return ""
    return f"{written(low, meter)}–{written(high, meter)}"


def interval_text(row: Forecast, meter: Meter) -> str:
    """The 80 % interval of a forecast as `low–high`; empty where it was too early to say."""
    return range_text(row.low80, row.high80, meter)


def share_text(value: float | None, *, signed: bool = False) -> str:
    """A share as whole percent, with a plus where it is `signed`; a dash for None."""
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{value * 100:.0f}%"


def rate_text(hits: tuple[int, int]) -> str:
    """A rate as whole percent; a dash of nothing."""
    inside, of = hits
    return fmt.percent(Decimal(inside) / of) if of else "–"


def hours_text(value: float | None) -> str:
    """Whole hours; a dash for None."""
    return "–" if value is None else f"{value:.0f} h"
