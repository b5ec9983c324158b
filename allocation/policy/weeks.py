"""Where one budget week ends and the next begins."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Reset:
    """The weekly moment of the reset on the owner's clock. Weekday 0 is Monday."""

    weekday: int
    at: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Window:
    """A span [start, end) of aware UTC instants."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> Fraction:
        """Length in hours."""
        return hours_between(self.start, self.end)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def hours_between(start: datetime, end: datetime) -> Fraction:
    """Hours from one instant to another, exactly; negative when they are the wrong way round."""
    return Fraction((end - start) // timedelta(microseconds=1), 3_600_000_000)


def hour_of(at: datetime) -> datetime:
    """The full hour in which an instant lies."""
    return at.replace(minute=0, second=0, microsecond=0)


def days_of(window: Window, clock: ZoneInfo) -> list[datetime]:
    """The midnights on a clock that begin the days of a window, the first day's too."""
    first, days = window.start.astimezone(clock).date(), []
    while (day := datetime.combine(first, time(), tzinfo=clock)) < window.end:
        days.append(day)
        first += timedelta(days=1)
    return days


def reset_on(day: date, reset: Reset) -> datetime:
    """The UTC instant of the reset time on a calendar day.

    A time that the clock skips is moved on by the skip (02:30 becomes 03:30); of a time that the
    clock shows twice the first is taken. That is what `fold=0` means in PEP 495.
    """
    return datetime.combine(day, reset.at, tzinfo=reset.zone).astimezone(UTC)


def is_skipped(day: date, reset: Reset) -> bool:
    """Whether the reset time does not exist on that day, because the clock jumps over it."""
    # Day and time: a zone that crosses the date line skips a whole day.
    shown = reset_on(day, reset).astimezone(reset.zone).replace(tzinfo=None)
    return shown != datetime.combine(day, reset.at)


def next_skipped(after: datetime, reset: Reset, weeks: int = 60) -> date | None:
    """The first of the `weeks` reset days after an instant whose time the clock jumps over, if any.

    The default looks a year ahead, and so past both changes of the clock.
    """
    day = _reset_day(after, reset) + WEEK
    for _ in range(weeks):
        if is_skipped(day, reset):
            return day
        day += WEEK
    return None


def week_around(at: datetime, reset: Reset) -> Window:
    """The budget week that holds an instant when nothing but the reset rule is known."""
    day = _reset_day(at, reset)
    return Window(reset_on(day, reset), reset_on(day + WEEK, reset))


def week_from(start: datetime, reset: Reset) -> Window:
    """The budget week that begins at `start`, on the rule or off it: it ends at the next reset."""
    return Window(start, week_around(start, reset).end)


def _reset_day(at: datetime, reset: Reset) -> date:
    """The calendar day of the last reset that is not after an instant."""
    local = at.astimezone(reset.zone).date()
    day = local - timedelta(days=(local.weekday() - reset.weekday) % 7)
    if reset_on(day, reset) > at:
        return day - WEEK
    # Where the clock goes back over midnight, the date of the evening before comes a second time.
    if reset_on(day + WEEK, reset) <= at:
        return day + WEEK
    return day
