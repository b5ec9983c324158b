"""Tokens by the hour, and the budget weeks laid over them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HOUR = timedelta(hours=1)
HOURS_A_DAY = 24
# A typo such as 1026 for 2026 would otherwise fill memory with empty hours.
LONGEST_SERIES = timedelta(days=3660)


class SeriesError(ValueError):
    """A series or a week that cannot be; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class HourlyTokens:
    """Budget tokens per hour without holes: tokens[i] were used in [first + i h, first + i + 1 h).

    `first` is aware and on a full hour of UTC. Raises SeriesError otherwise, or for a negative.
    """

    first: datetime
    tokens: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.first.utcoffset() is None:
            raise SeriesError("The first hour has no time zone.")
        object.__setattr__(self, "first", self.first.astimezone(UTC))
        if (self.first.minute, self.first.second, self.first.microsecond) != (0, 0, 0):
            raise SeriesError(f"{self.first.isoformat()} is not on a full hour of UTC.")
        if self.tokens and min(self.tokens) < 0:
            raise SeriesError("An hour has negative tokens.")

    @property
    def end(self) -> datetime:
        """The end of the last hour."""
        return self.first + HOUR * len(self.tokens)

    def before(self, moment: datetime) -> "HourlyTokens":
        """Only the hours that start before `moment`."""
        count = -((self.first - moment) // HOUR)
        if count >= len(self.tokens):
            return self
        return HourlyTokens(self.first, self.tokens[: max(0, count)])

    @classmethod
    def from_buckets(cls, buckets: Iterable[tuple[datetime, int]]) -> "HourlyTokens":
        """From (hour, tokens) pairs in any order; absent hours are 0.

        Raises SeriesError for no pair at all, an hour given twice, a moment off the full hour or
        without a zone, negative tokens, or a span above ten years.
        """
        by_hour: dict[datetime, int] = {}
        for moment, tokens in buckets:
            if moment in by_hour:
                raise SeriesError(f"The hour {moment.isoformat()} is given twice.")
            by_hour[moment] = tokens
        if not by_hour:
            raise SeriesError("There is not one hour of use.")
        if any(moment.utcoffset() is None for moment in by_hour):
            raise SeriesError("An hour has no time zone.")
        first, last = min(by_hour), max(by_hour)
        if last - first > LONGEST_SERIES:
            raise SeriesError(f"{first:%Y-%m-%d} to {last:%Y-%m-%d} is more than ten years.")
        filled = [0] * ((last - first) // HOUR + 1)
        for moment, tokens in by_hour.items():
            index, rest = divmod(moment - first, HOUR)
            if rest:
                raise SeriesError(f"{moment.isoformat()} is not on a full hour of UTC.")
            filled[index] = tokens
        return cls(first, tuple(filled))

    @classmethod
    def from_days(cls, days: Iterable[tuple[date, int]]) -> "HourlyTokens":
        """From (UTC date, tokens) pairs: each day's tokens laid evenly over its 24 hours.

        Daily counts do not say when in the day they were used, and any shape we made up would
        favour the method that knows it. Laid evenly, an origin inside a day sees exactly the
        elapsed part of that day and nothing of a later one, whichever weekday and hour the weeks
        start at. The odd tokens of an uneven division go one each to the first hours, so that a
        day keeps its sum.
        """
        buckets = []
        for day, tokens in days:
            share, odd = divmod(tokens, HOURS_A_DAY)
            midnight = datetime.combine(day, time(), UTC)
            buckets += [(midnight + HOUR * i, share + (i < odd)) for i in range(HOURS_A_DAY)]
        return cls.from_buckets(buckets)


@dataclass(frozen=True, slots=True)
class WeekSpan:
    """One budget week [start, end), aware; any length, any start."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise SeriesError("A budget week has no time zone.")
        if self.end <= self.start:
            raise SeriesError(f"The budget week of {self.start.isoformat()} ends before it starts.")


def whole_weeks(
    hours: HourlyTokens, weekday: int, at: time = time(), zone: tzinfo = UTC
) -> tuple[WeekSpan, ...]:
    """Every budget week that lies wholly inside `hours`, oldest first.

    Weeks reset on `weekday` (Monday is 0) at wall-clock time `at` in `zone`, so the one in which
    the clocks change has 167 or 169 hours.
    """
    first_day = hours.first.astimezone(zone).date() - timedelta(days=1)
    day = first_day + timedelta(days=(weekday - first_day.weekday()) % 7)
    spans = []
    start = datetime.combine(day, at, zone)
    while start.astimezone(UTC) < hours.end:
        day += timedelta(days=7)
        end = datetime.combine(day, at, zone)
        span = WeekSpan(start.astimezone(UTC), end.astimezone(UTC))
        if span.start >= hours.first and span.end <= hours.end:
            spans.append(span)
        start = end
    return tuple(spans)
