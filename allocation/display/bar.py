"""The budget bar as pages hand it to templates/components/budget_bar.html."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of the effective limit is used, in percent of it. `effective_percent` and
    `reserve_percent` are of the limit; `elapsed_percent` is of the week, None where it is over."""

    used_percent: float
    effective_percent: float
    reserve_percent: float
    bounds: list[tuple[str, str]]
    zone: str
    label: str
    elapsed_percent: float | None = None


def named_bounds(bounds: Iterable[Decimal]) -> list[tuple[str, str]]:
    """Where yellow, orange and red begin, in percent."""
    names = ("Yellow", "Orange", "Red")
    return [(name, f"{at.normalize():f}") for name, at in zip(names, bounds, strict=True)]
