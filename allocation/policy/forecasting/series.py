"""Budget tokens by the hour, and the budget weeks laid over them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from allocation.policy.errors import RuleError
from allocation.policy.weeks import Reset, Window, week_around, week_from

HOUR = timedelta(hours=1)
HOURS_A_DAY = 24
HOURS_A_WEEK = 168
# A slip of the pen such as 1026 for 2026 would otherwise fill the memory with empty hours.
LONGEST_SERIES = timedelta(days=3660)
# Of a first week less than this says nothing of a whole one: a burst, or a night.
LEAST_SEEN = timedelta(days=1)
# Far above any real hour, and far below where floats overflow.
MOST_TOKENS = 10**18


@dataclass(frozen=True, slots=True)
class HourlyTokens:
    """Budget tokens per hour without holes: tokens[i] were used in [first + i h, first + i + 1 h).

    `first` is aware and on a full hour of UTC. Raises RuleError otherwise, or for an hour below 0
    or above MOST_TOKENS.
    """

    first: datetime
    tokens: tuple[int, ...]

    def __post_init__(self) -> None:
        if not _on_the_hour(self.first):
            raise RuleError(f"{self.first.isoformat()} is not on a full hour of UTC.")
        if self.tokens and min(self.tokens) < 0:
            raise RuleError("An hour has negative tokens.")
        if self.tokens and max(self.tokens) > MOST_TOKENS:
            raise RuleError("An hour has more tokens than can be.")

    @property
    def end(self) -> datetime:
        """The end of the last hour."""
        return self.first + HOUR * len(self.tokens)

    def index(self, moment: datetime) -> int:
        """The index of the first hour that starts at or after `moment`; may lie outside."""
        return -((self.first - moment) // HOUR)

    def before(self, moment: datetime) -> "HourlyTokens":
        """Only the hours that start before `moment`."""
        return HourlyTokens(self.first, self.tokens[: max(0, self.index(moment))])

    @classmethod
    def from_buckets(cls, buckets: Iterable[tuple[datetime, int]]) -> "HourlyTokens":
        """From (hour, tokens) pairs in any order; absent hours are 0.

        Raises RuleError for no pair at all, an hour given twice, a moment off the full hour or
        without a zone, negative tokens, or a span above ten years.
        """
        by_hour: dict[datetime, int] = {}
        for moment, tokens in buckets:
            if not _on_the_hour(moment):
                raise RuleError(f"{moment.isoformat()} is not on a full hour of UTC.")
            if moment in by_hour:
                raise RuleError(f"The hour {moment.isoformat()} is given twice.")
            by_hour[moment] = tokens
        if not by_hour:
            raise RuleError("There is not one hour of use.")
        first, last = min(by_hour), max(by_hour)
        if last - first > LONGEST_SERIES:
            raise RuleError(f"{first:%Y-%m-%d} to {last:%Y-%m-%d} is more than ten years.")
        filled = [0] * ((last - first) // HOUR + 1)
        for moment, tokens in by_hour.items():
            filled[(moment - first) // HOUR] = tokens
        return cls(first.astimezone(UTC), tuple(filled))

    @classmethod
    def from_days(cls, days: Iterable[tuple[date, int]]) -> "HourlyTokens":
        """From (UTC date, tokens) pairs: each day's tokens laid evenly over its 24 hours.

        Daily counts do not say when in the day they were used, and any shape made up here would
        favour the method that knows it. Laid evenly, an origin inside a day sees the elapsed part
        of that day and nothing of a later one, whichever weekday and hour the weeks start at. The
        odd tokens of an uneven division go one each to the first hours: a day keeps its sum.
        """
        buckets = []
        for day, tokens in days:
            share, odd = divmod(tokens, HOURS_A_DAY)
            midnight = datetime.combine(day, time(), UTC)
            buckets += [(midnight + HOUR * i, share + (i < odd)) for i in range(HOURS_A_DAY)]
        return cls.from_buckets(buckets)


def whole_weeks(
    hours: HourlyTokens, reset: Reset, *, until: datetime | None = None
) -> tuple[Window, ...]:
    """Every budget week by the reset rule that lies wholly inside `hours`, oldest first.

    With `until`, those that are over by then: after the end of the hours nothing was used.
    """
    weeks = []
    week = week_around(hours.first, reset)
    while week.end <= (until or hours.end):
        if week.start >= hours.first:
            weeks.append(week)
        week = week_from(week.end, reset)
    return tuple(weeks)


def _on_the_hour(moment: datetime) -> bool:
    if moment.utcoffset() is None:
        return False
    utc = moment.astimezone(UTC)
    return (utc.minute, utc.second, utc.microsecond) == (0, 0, 0)


def seen_weeks(weeks: Sequence[Window], hours: HourlyTokens) -> tuple[Window, ...]:
    """The weeks from the first use on. Who begins to count on a Friday did not rest until then: the
    week is a short one, and no week at all with less than LEAST_SEEN of it."""
    idle = next((number for number, tokens in enumerate(hours.tokens) if tokens), 0)
    begun = hours.first + HOUR * idle
    return tuple(
        Window(max(week.start, begun), week.end)
        for week in weeks
        if week.start >= begun or week.end - begun >= LEAST_SEEN
    )
