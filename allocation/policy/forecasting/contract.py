"""What goes into a forecast and what comes out of it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from .series import HourlyTokens, WeekSpan

ZONE_NAMES = ("GREEN", "YELLOW", "ORANGE", "RED")
DEFAULT_ZONE_BOUNDS = (Decimal("0.70"), Decimal("0.85"), Decimal("0.95"))
# Levels of the quantiles that every forecast carries: what a fan chart draws and CRPS is scored on.
QUANTILE_LEVELS = tuple(step / 20 for step in range(1, 20))


class ForecastInputError(ValueError):
    """The inputs contradict themselves; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """All that a forecast may look at.

    `hours` holds the budget tokens of past weeks and of the running one in one series; whatever
    starts at or after `now` is not looked at. The bucket that `now` falls into counts as it
    stands. `past_weeks` may have any length and start, with holes between them, in any order.
    `effective_limit` is in tokens; `zone_bounds` are the shares at which YELLOW, ORANGE and RED
    begin.

    Raises ForecastInputError when `now` lies before the week, weeks overlap, the limit is
    negative or the bounds are not rising.
    """

    hours: HourlyTokens
    past_weeks: tuple[WeekSpan, ...]
    week: WeekSpan
    now: datetime
    effective_limit: int
    zone_bounds: tuple[Decimal, ...] | tuple[float, ...] = DEFAULT_ZONE_BOUNDS

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ForecastInputError("The moment of the forecast has no time zone.")
        if self.now < self.week.start:
            raise ForecastInputError("The budget week has not begun yet.")
        if self.effective_limit < 0:
            raise ForecastInputError("The effective limit is negative.")
        if len(self.zone_bounds) != 3 or any(b <= a for a, b in pairwise((0, *self.zone_bounds))):
            raise ForecastInputError("The zone bounds must be three rising shares above 0.")
        ordered = (*sorted(self.past_weeks, key=lambda span: span.start), self.week)
        for earlier, later in pairwise(ordered):
            if later.start < earlier.end:
                raise ForecastInputError(
                    f"The budget weeks of {earlier.start:%Y-%m-%d %H:%M} and "
                    f"{later.start:%Y-%m-%d %H:%M} overlap."
                )


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of the week's total in tokens, both ends included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class HitRecord:
    """How often this method's interval held the total, at this hour of the past weeks."""

    hits: int
    weeks: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast of one budget week's total in tokens and of the moment of exhaustion.

    `point` is None when it is too early to say; then the intervals, quantiles and chances are
    None too (unless the limit is used up already). `quantiles` are totals at QUANTILE_LEVELS.
    An exhaustion time of None means "not before reset"; with the limit used up it is `made_at`.
    `exhaustion_early` and `exhaustion_late` enclose 80 %. `zone_chances` follow ZONE_NAMES.
    """

    method: str
    version: str
    inputs_digest: str
    made_at: datetime
    used: int
    point: int | None
    interval50: Interval | None
    interval80: Interval | None
    quantiles: tuple[int, ...] | None
    exhaustion_median: datetime | None
    exhaustion_early: datetime | None
    exhaustion_late: datetime | None
    exhaustion_chance: float | None
    zone_chances: tuple[float, float, float, float] | None
    record50: HitRecord
    record80: HitRecord

    @property
    def likeliest_zone(self) -> str | None:
        """The zone at reset with the greatest chance; the worse one when two are equal."""
        if self.zone_chances is None:
            return None
        best = max(range(len(ZONE_NAMES)), key=lambda i: (self.zone_chances or ())[i : i + 1] + (i,))
        return ZONE_NAMES[best]


def zone_thresholds(limit: int, bounds: Sequence[Decimal | float]) -> tuple[int, ...]:
    """The least totals, in tokens, that are YELLOW, ORANGE and RED.

    Exact: 0.85 means 85/100, whatever its binary neighbour, so a total on the bound is in the
    worse zone here as it is everywhere else.
    """
    return tuple(-((-limit * Fraction(str(bound))) // 1) for bound in bounds)


def zone_of(total: int, thresholds: Sequence[int]) -> str:
    """The zone of a total, given the thresholds of `zone_thresholds`."""
    return ZONE_NAMES[sum(total >= threshold for threshold in thresholds)]


def inputs_digest(inputs: ForecastInputs) -> str:
    """SHA-256 (hex) of everything that the forecast could see, to prove later what it was made of."""
    seen = inputs.hours.before(inputs.now)
    frame = [
        [seen.first.isoformat(), list(seen.tokens)],
        [_instants(span) for span in sorted(inputs.past_weeks, key=lambda span: span.start)],
        _instants(inputs.week),
        inputs.now.astimezone(UTC).isoformat(),
        inputs.effective_limit,
        [str(bound) for bound in inputs.zone_bounds],
    ]
    return hashlib.sha256(json.dumps(frame, separators=(",", ":")).encode()).hexdigest()


def _instants(span: WeekSpan) -> list[str]:
    return [span.start.astimezone(UTC).isoformat(), span.end.astimezone(UTC).isoformat()]
