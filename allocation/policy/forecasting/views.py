"""A budget week as it looked at one hour of it, knowing nothing that came later.

A timeline walks once over the weeks, oldest first, and keeps for each what its past had taught. A
view is one of these weeks, so and so many hours in. Methods, intervals and scores work on views
alone: the running backtest inside a live forecast and the backtest of a CSV are one computation,
and there is no way to look into the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import accumulate
from math import ceil

from allocation.policy.forecasting.belief import LOOKED_AT_HOURS, believed
from allocation.policy.forecasting.past import Past, PastLearner
from allocation.policy.forecasting.series import HOUR, HOURS_A_DAY, HOURS_A_WEEK, HourlyTokens
from allocation.policy.forecasting.shape import FLAT, Shape
from allocation.policy.weeks import Window

# Hours over which the pace of the moment is taken: a short day of work, or a night.
MOMENT_HOURS = 12
LATELY_HOURS = 72
# The days before fade with this half-life, and after so many they count no more.
HALF_LIFE_DAYS = 5
FADED_DAYS = 21

_FADING = tuple(0.5 ** (day / HALF_LIFE_DAYS) for day in range(FADED_DAYS))


@dataclass(frozen=True, slots=True)
class View:
    """One week, `elapsed` hours in. Shares are of a full week; amounts are budget tokens.

    `shape` is what the past taught, as far as the last hours bear it out; all shares go by it.
    `share` lies behind and `rest` ahead. Paces are in tokens of a full week: `pace` is that of the
    last MOMENT_HOURS inside the week, None before its first hour is over; `lately` is that of the
    last LATELY_HOURS, before the week began as well, and `faded` that of the last FADED_DAYS, the
    older ones counting for less. `total` is what the week came to, for scoring only; None while it
    runs. `counts` tells whether it was a week of work.
    """

    past: Past
    shape: Shape
    first_hour: int
    length: int
    elapsed: float
    used: int
    share: float
    rest: float
    pace: float | None
    lately: float
    faded: float
    total: int | None
    counts: bool


@dataclass(frozen=True, slots=True)
class _Week:
    window: Window
    past: Past
    start: int
    end: int
    first_hour: int
    counts: bool


class Timeline:
    """Budget weeks over hours of use; the weeks in order, without overlap.

    Weeks that begin before the hours do are left out: they were seen in part only. After the end of
    the hours nothing was used. The last week may still run.
    """

    def __init__(self, hours: HourlyTokens, weeks: Sequence[Window]) -> None:
        idle = hours.index(weeks[-1].end) - len(hours.tokens) if weeks else 0
        self._tokens = hours.tokens + (0,) * idle
        self._sums = [0, *accumulate(self._tokens)]
        self._weeks: list[_Week] = []
        learner = PastLearner()
        for week in weeks:
            start, end = hours.index(week.start), hours.index(week.end)
            if start < 0 or end <= start:
                continue
            begin = (hours.first + HOUR * start).astimezone(UTC)
            first_hour = begin.weekday() * HOURS_A_DAY + begin.hour
            past = learner.past()
            counts = learner.add(first_hour, self._tokens[start:end])
            self._weeks.append(_Week(week, past, start, end, first_hour, counts))

    def __len__(self) -> int:
        return len(self._weeks)

    def week(self, number: int) -> Window:
        """The budget week."""
        return self._weeks[number].window

    def total(self, number: int) -> int:
        """The tokens of a week."""
        week = self._weeks[number]
        return self._sums[week.end] - self._sums[week.start]

    def finished(self, number: int, elapsed: float) -> View | None:
        """A finished week `elapsed` hours in; None if it was over by then."""
        week = self._weeks[number]
        if elapsed >= week.end - week.start:
            return None
        position = week.start + elapsed
        whole = int(position)
        inside = self._tokens[whole] * (position - whole) if position > whole else 0.0
        used = self._sums[whole] - self._sums[week.start] + int(inside)
        return self._view(week, elapsed, used, self.total(number))

    def running(self, elapsed: float) -> View:
        """The last week, `elapsed` hours in, with all that the hours hold of it."""
        week = self._weeks[-1]
        until = min(week.end, week.start + ceil(elapsed))
        return self._view(week, elapsed, self._sums[until] - self._sums[week.start], None)

    def _view(self, week: _Week, elapsed: float, used: int, total: int | None) -> View:
        first, length = week.first_hour, week.end - week.start
        here = min(elapsed, length)
        shape = self._shape(week, int(here))
        before = max(0, int(here) - MOMENT_HOURS)
        of_late = used - (self._sums[week.start + before] - self._sums[week.start])
        return View(
            past=week.past,
            shape=shape,
            first_hour=first,
            length=length,
            elapsed=elapsed,
            used=used,
            share=shape.share(first, first + here),
            rest=shape.share(first + here, first + length),
            pace=of_late / shape.share(first + before, first + here) if here >= 1 else None,
            lately=self._lately(week, shape, int(here)),
            faded=self._faded(week, shape, int(here)),
            total=total,
            counts=week.counts,
        )

    def _shape(self, week: _Week, hour: int) -> Shape:
        """The learned shape, as far as the last full hours bear it out."""
        past, now = week.past, week.start + hour
        if past.shape is FLAT:
            return FLAT
        hours = min(LOOKED_AT_HOURS, now)
        tokens = self._tokens[now - hours : now]
        return believed(past.shape, tokens, week.first_hour + hour - hours, past.bursts)

    def _lately(self, week: _Week, shape: Shape, hour: int) -> float:
        """The pace of the last full hours, as many of LATELY_HOURS as there are."""
        now = week.start + hour
        hours = min(LATELY_HOURS, now)
        until = week.first_hour + hour
        share = shape.share(until - hours, until)
        return (self._sums[now] - self._sums[now - hours]) / share if hours else 0.0

    def _faded(self, week: _Week, shape: Shape, hour: int) -> float:
        """The pace of the last full days, each counting for less than the one after it."""
        now, until = week.start + hour, week.first_hour + hour
        ends = range(now, HOURS_A_DAY - 1, -HOURS_A_DAY)[:FADED_DAYS]
        # The shape comes again every week.
        days = [
            shape.share(until - back - HOURS_A_DAY, until - back)
            for back in range(0, HOURS_A_WEEK, HOURS_A_DAY)
        ]
        used = shares = 0.0
        for number, (weight, end) in enumerate(zip(_FADING, ends, strict=False)):
            used += weight * (self._sums[end] - self._sums[end - HOURS_A_DAY])
            shares += weight * days[number % len(days)]
        return used / shares if shares > 0 else self._lately(week, shape, hour)
