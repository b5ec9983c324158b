"""The plan's own meter: readings of its percentage, and the windows that they fall into.

The plan publishes no token numbers and its reset drifts, so a window is never computed from a
weekday: it is where the readings say it is. It stands beside the token budget, never in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from allocation.policy.errors import RuleError

# Servers round the same reset to one second or the next.
SAME_RESET = timedelta(minutes=1)
MOST_PERCENT = Decimal(1_000)


class PlanWindowKind(StrEnum):
    """The two windows of a plan that the status line tells of."""

    FIVE_HOUR = "five_hour"
    SEVEN_DAY = "seven_day"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the plan's meter said at a moment, in percent of the window's limit."""

    at: datetime
    percent: Decimal
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """Readings between two resets: the first and the last of them."""

    first: Reading
    last: Reading

    @property
    def resets_at(self) -> datetime:
        """When the window ends, as last said."""
        return self.last.resets_at


def opens_window(before: Reading | None, reading: Reading) -> bool:
    """Whether a reading belongs to another window than the one before it: the reset is another
    one, or the percentage fell, which it never does within a window."""
    if before is None:
        return True
    moved = abs(reading.resets_at - before.resets_at) > SAME_RESET
    return moved or reading.percent < before.percent


def plan_windows(readings: Iterable[Reading]) -> list[PlanWindow]:
    """The windows of readings of one kind, oldest first, in whatever order they come."""
    windows: list[PlanWindow] = []
    for reading in sorted(readings, key=lambda one: (one.at, one.resets_at, one.percent)):
        before = windows[-1].last if windows else None
        if opens_window(before, reading):
            windows.append(PlanWindow(reading, reading))
        else:
            windows[-1] = PlanWindow(windows[-1].first, reading)
    return windows


def percent_of(value: object, *, whole: int) -> Decimal:
    """A percentage to two decimals, where `whole` stands for all of the limit: 100, or 1.

    Raises RuleError for what is no number from 0 to ten times the limit.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise RuleError("A share of the plan's limit must be a number.")
    exact = Decimal(str(value))
    if not exact.is_finite() or not 0 <= exact * 100 / whole <= MOST_PERCENT:
        raise RuleError(f"{value} is no share of the plan's limit.")
    return (exact * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
