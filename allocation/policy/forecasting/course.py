"""How what is still to come spreads over the hours to the reset."""

from bisect import bisect_left
from itertools import pairwise
from math import ceil, exp

from allocation.policy.forecasting.views import View

# After so many hours the pace of the last hours has gone a factor e of the way to the week's level.
PACE_LASTS_HOURS = 24


class Course:
    """The hours from now to the reset, full ones and the rest of one, and what is used by each.

    By the clock, use runs evenly. By the shape of the week it runs on at the pace of the last hours
    at first, then ever more at that of the week: with a(t) the share of a week that passes in the
    next t hours, and b(t) the same with each hour weighted by exp(-hours from now /
    PACE_LASTS_HOURS), level (a - b) + pace b tokens are used by then. The level is the one by which
    all that is to come has come at the reset.
    """

    __slots__ = ("_ahead", "_fading", "_pace", "_passed", "_steps")

    def __init__(self, view: View, *, by_clock: bool) -> None:
        shape, here = view.shape, view.first_hour + view.elapsed
        self._ahead = max(0.0, view.length - view.elapsed)
        self._steps: list[float] = [*range(ceil(self._ahead)), self._ahead]
        self._pace = None if by_clock else view.pace
        self._passed: list[float] = (
            self._steps if by_clock else [shape.share(here, here + step) for step in self._steps]
        )
        self._fading = [0.0]
        for step, (before, after) in zip(self._steps, pairwise(self._passed), strict=False):
            faded = (after - before) * exp(-(step + 0.5) / PACE_LASTS_HOURS)
            self._fading.append(self._fading[-1] + faded)

    def used(self, coming: float) -> list[float]:
        """Tokens used from now to each step, if so many are still to come; the first is 0."""
        whole, fast = self._passed[-1], self._fading[-1]
        if self._pace is None or fast <= 0 or whole <= fast:
            return [coming * (part / whole if whole > 0 else 0.0) for part in self._passed]
        pace = min(self._pace, coming / fast)
        level = (coming - pace * fast) / (whole - fast)
        return [level * (a - b) + pace * b for a, b in zip(self._passed, self._fading, strict=True)]

    def hours_until(self, left: float, coming: float) -> float:
        """The hours from now at which `left` tokens are used, no more than are `coming`."""
        used = self.used(coming)
        after = min(bisect_left(used, left), len(used) - 1)
        step = used[after] - used[after - 1] if after else 0.0
        inside = (left - used[after - 1]) / step if step > 0 else 0.0
        begin = self._steps[after - 1] if after else 0.0
        return min(self._ahead, begin + inside * (self._steps[after] - begin))

    def per_mille(self, coming: float) -> tuple[int, ...]:
        """What part of the tokens to come is used by the end of each hour; 1000 at the reset."""
        if self._ahead <= 0:
            return ()
        used = self.used(coming)
        whole = used[-1] or 1.0
        return (*(round(1000 * part / whole) for part in used[1:-1]), 1000)
