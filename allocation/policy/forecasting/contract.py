"""What goes into a forecast and what comes out of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise

from allocation.policy.errors import RuleError
from allocation.policy.forecasting.series import HourlyTokens
from allocation.policy.weeks import Window
from allocation.policy.zones import DEFAULT_BOUNDS, Bounds, Zone

# The levels of the quantiles that a forecast carries: a fan is drawn and CRPS is scored from them.
QUANTILE_LEVELS = tuple(step / 20 for step in range(1, 20))


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """All that a forecast may look at.

    `hours` holds past weeks and the running one in one series of budget tokens; an hour that
    starts at or after `now` is not looked at, the hour that `now` falls into counts as it stands.
    An hour belongs to the week in which it starts. `past_weeks` may be in any order, of any length
    and with holes between them. `effective_limit` is in budget tokens.

    Raises RuleError if `now` lies before the week, weeks overlap or are empty, or the limit is
    negative.
    """

    hours: HourlyTokens
    past_weeks: tuple[Window, ...]
    week: Window
    now: datetime
    effective_limit: Fraction | int
    bounds: Bounds = DEFAULT_BOUNDS

    def __post_init__(self) -> None:
        if self.now < self.week.start:
            raise RuleError("The budget week has not begun yet.")
        if self.effective_limit < 0:
            raise RuleError("The effective limit is negative.")
        weeks = sorted((*self.past_weeks, self.week), key=lambda week: week.start)
        for week in weeks:
            if week.end <= week.start:
                raise RuleError(f"The budget week of {_minute(week)} ends before it starts.")
        for earlier, later in pairwise(weeks):
            if later.start < earlier.end:
                raise RuleError(
                    f"The budget weeks of {_minute(earlier)} and {_minute(later)} overlap."
                )
        if weeks[-1] is not self.week:
            raise RuleError(f"The budget week of {_minute(weeks[-1])} is not in the past.")

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of all that the forecast could see: what it was made of, provably."""
        seen = self.hours.before(self.now)
        past = sorted(_instants(week) for week in self.past_weeks)
        facts = (
            (seen.first.astimezone(UTC).isoformat(), seen.tokens),
            (past, _instants(self.week), self.now.astimezone(UTC).isoformat()),
            str(Fraction(self.effective_limit)),
            [str(bound) for bound in (self.bounds.yellow, self.bounds.orange, self.bounds.red)],
        )
        # repr is plain ASCII here, the same in every version, and three times as fast as JSON.
        return sha256(repr(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of the week's total in budget tokens, both ends included."""

    low: int
    high: int

    def __contains__(self, total: int) -> bool:
        return self.low <= total <= self.high


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """When the effective limit is used up, as aware UTC datetimes; None is "not before reset".

    `early` and `late` enclose 80 %, `chance` is that of exhaustion before reset. For a limit that
    is used up already all three times are the moment of the forecast.
    """

    early: datetime | None
    median: datetime | None
    late: datetime | None
    chance: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected at reset, in budget tokens. `quantiles` are totals at QUANTILE_LEVELS.

    `course` is how it gets there: what part of the tokens still to come is used by the end of each
    hour from now, in thousandths; the last is the reset's, 1000. Empty after the reset.
    """

    point: int
    interval50: Interval
    interval80: Interval
    quantiles: tuple[int, ...]
    course: tuple[int, ...]
    exhaustion: Exhaustion
    zone_chances: dict[Zone, float]

    @property
    def zone(self) -> Zone:
        """The likeliest zone at reset; of two that are equal, the worse."""
        return max(self.zone_chances, key=lambda zone: (self.zone_chances[zone], zone.severity))


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast of a budget week. `outlook` is None where it is too early to say.

    `used` is in budget tokens and holds the hour that is not over yet.
    """

    method: str
    version: str
    inputs_digest: str
    made_at: datetime
    used: int
    outlook: Outlook | None


def _minute(week: Window) -> str:
    return f"{week.start:%Y-%m-%d %H:%M}"


def _instants(week: Window) -> tuple[str, str]:
    return week.start.astimezone(UTC).isoformat(), week.end.astimezone(UTC).isoformat()
