"""The forecast as a fan on the burn-down of the week."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from allocation.display import format as fmt
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.usage.standing import Standing

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Fan:
    """What is left of the effective limit from a forecast on, in the unit of the week's meter.

    The lines follow the course of the forecast: which part of the tokens to come it expects in each
    hour to the reset. A forecast from before courses were stored has straight lines.
    """

    def __init__(self, standing: Standing, forecast: Forecast) -> None:
        self._standing, self._forecast = standing, forecast
        steps = self._course()
        self._moments = [moment for moment, _ in steps]
        self._parts = [part for _, part in steps]
        # The more is used, the less is left: the high end of a range is the low one here.
        self._ends = {
            name: (amount_of(more or 0, standing.meter), amount_of(less or 0, standing.meter))
            for name, more, less in (
                ("80% range", forecast.high80, forecast.low80),
                ("50% range", forecast.high50, forecast.low50),
                ("Forecast", forecast.point, forecast.point),
            )
        }

    @property
    def sentence(self) -> str:
        """The range in words."""
        point, _ = self._ends["Forecast"]
        return (
            "What is left, against an even pace to the reset. "
            f"Forecast to be left then: {self._text(self._left(point))}; "
            f"80% range {self._left_text('80% range')}."
        )

    def series(self, moments: Sequence[datetime]) -> Iterator[dict[str, object]]:
        """The two bands and their middle, from the hour of the forecast to the reset."""
        for name, (more, less) in self._ends.items():
            low, high = self._line(more, moments), self._line(less, moments)
            if more == less:
                yield {"name": name, "style": "dashed", "values": low}
            else:
                yield {"name": name, "style": "band-low", "values": low}
                yield {"name": name, "style": "band-high", "values": high}

    def rows(self, days: Sequence[datetime]) -> Iterator[tuple[str, str, str]]:
        """The same as rows of a table: what is used by the end of each day and at the reset.

        `days` are the midnights that begin the owner's days of the week.
        """
        total, _ = self._ends["Forecast"]
        used = amount_of(self._forecast.used, self._standing.meter)
        for day, end in pairwise(days):
            if self._forecast.made_at < end < self._standing.window.end:
                by_then = used + (total - used) * self._part_used(end)
                texts = [self._text(part) for part in (by_then, self._left(by_then))]
                yield f"By the end of {day:%a %-d %b}, forecast", texts[0], texts[1]
        for name, (more, less) in self._ends.items():
            yield f"At the reset, {name.lower()}", self._range(less, more), self._left_text(name)

    def _left_text(self, name: str) -> str:
        more, less = self._ends[name]
        return self._range(self._left(more), self._left(less))

    def _text(self, value: Fraction) -> str:
        more, less = self._ends["80% range"]
        return fmt.estimate(value, more - less, in_dollars=self._standing.meter.in_dollars)

    def _range(self, low: Fraction, high: Fraction) -> str:
        if low == high:
            return self._text(low)
        return fmt.estimate_range(low, high, in_dollars=self._standing.meter.in_dollars)

    def _left(self, total: Fraction) -> Fraction:
        return max(Fraction(0), self._standing.effective_limit - total)

    def _line(self, total: Fraction, moments: Sequence[datetime]) -> list[float | None]:
        used = amount_of(self._forecast.used, self._standing.meter)
        line: list[float | None] = []
        for moment in moments:
            left = round(float(self._left(used + (total - used) * self._part_used(moment))), 2)
            line.append(left if moment > self._forecast.made_at - HOUR else None)
        return line

    def _course(self) -> list[tuple[datetime, Fraction]]:
        """Which part of the tokens to come is used by which moment: 0 when it was made, 1 at reset.

        The hours between are counted from the moment of the forecast.
        """
        start, end = self._forecast.made_at, self._standing.window.end
        hours = (self._forecast.course or [])[:-1]
        between = [
            (start + HOUR * (number + 1), Fraction(part, 1000)) for number, part in enumerate(hours)
        ]
        return [
            (start, Fraction(0)),
            *((moment, part) for moment, part in between if moment < end),
            (end, Fraction(1)),
        ]

    def _part_used(self, moment: datetime) -> Fraction:
        after = bisect_right(self._moments, moment)
        if after == 0 or after == len(self._moments):
            return self._parts[0 if after == 0 else -1]
        start, end = self._moments[after - 1 : after + 1]
        before, then = self._parts[after - 1 : after + 1]
        length = max(1, (end - start) // SECOND)
        return before + (then - before) * Fraction((moment - start) // SECOND, length)
