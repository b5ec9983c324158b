"""Amounts, ranges and shares of the ledger as texts."""

from decimal import Decimal
from typing import Protocol

from allocation.display import format as fmt
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.policy.meter import Meter

# By the names that they have in the ledger; the others are ordinary words.
_METHODS = {"gamma_poisson": "Gamma-Poisson"}


def written(stored: int | None, meter: Meter) -> str:
    """An amount of the ledger in the unit of the meter."""
    return fmt.amount(amount_of(stored or 0, meter), in_dollars=meter.in_dollars)


class Forecasted(Protocol):
    """A total that was forecast, with the ends of its 80 % interval."""

    @property
    def low80(self) -> int | None: ...

    @property
    def high80(self) -> int | None: ...


def estimated(stored: int | None, row: Forecasted, meter: Meter) -> str:
    """A total of a forecast, as far as its 80 % interval lets it be known."""
    width = amount_of((row.high80 or 0) - (row.low80 or 0), meter)
    return fmt.estimate(amount_of(stored or 0, meter), width, in_dollars=meter.in_dollars)


def method_name(method: str) -> str:
    """How a method is called in a sentence."""
    return _METHODS.get(method, method)


def range_text(low: int | None, high: int | None, meter: Meter) -> str:
    """A range as `low–high`; empty where it was too early to say."""
    if low is None or high is None:
        return ""
    ends = (amount_of(end, meter) for end in (low, high))
    return fmt.estimate_range(*ends, in_dollars=meter.in_dollars)


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
