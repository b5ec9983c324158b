"""How moments, amounts and shares stand in JSON, the same over the API and on the command line."""

from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import overload

from allocation.display import format as fmt
from allocation.policy.meter import Meter


@overload
def iso(at: datetime) -> str: ...
@overload
def iso(at: None) -> None: ...
@overload
def iso(at: datetime | None) -> str | None: ...
def iso(at: datetime | None) -> str | None:
    """A moment in UTC, to the second: 2026-11-23T22:00:00Z."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def number(value: Fraction, meter: Meter) -> int | str:
    """An amount of the budget: whole tokens, or dollars as a decimal string."""
    return dollars(value) if meter.in_dollars else fmt.whole(value)


def dollars(value: Fraction | Decimal) -> str:
    """US dollars as a decimal string, exact where decimals can be: 3.2, 0.001275."""
    exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / value.denominator
    if exact != value:
        exact = round(exact, 6)
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(value: Fraction) -> float:
    """A share as percent of two decimals, cut and not rounded: 69.999 is GREEN and stays 69.99."""
    exact = Decimal(value.numerator * 100) / value.denominator
    return float(exact.quantize(Decimal("0.01"), ROUND_DOWN))
