"""How unsure a forecast is: split-conformal ranges on the logarithm of the tokens still to come.

The score of a finished week is log((came + d) / (expected + d)), where d, a small share of a
typical week, keeps a week without further use finite (Lei et al. 2018, Distribution-Free Predictive
Inference for Regression). The scores of past weeks at the same hour are the distribution of the
next one, together with PRIOR_SCORES, those of a normal distribution of their spread, which stand in
while there are few and smooth them afterwards. They are moved so that their median is 0: what a
method expects is the median, for a bias seen in a few weeks is mostly chance.

A range is the shortest one that holds its share of the scores: tokens are skewed, and equal tails
would spend most of the width where little happens. The share asked for moves with the hits and
misses so far (Gibbs and Candes 2021, Adaptive Conformal Inference): after misses the ranges widen,
after hits they narrow.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, inf, log, pi, sqrt
from statistics import NormalDist

from allocation.policy.forecasting.contract import Interval
from allocation.policy.forecasting.methods import Expected
from allocation.policy.forecasting.views import View

SMALL_SHARE = 0.02
# Before the first week the scores have this spread, which counts as much as so many weeks.
PRIOR_SPREAD = 1.0
PRIOR_SPREAD_WEEKS = 3.0
# A normal deviate strays by its standard deviation over this on average; outliers weigh less so.
SIGMAS = sqrt(pi / 2)
# All prior scores together weigh as much as those of so many weeks; so does doubt in a bias.
SMOOTHING_WEEKS = 20.0
PRIOR_SCORES = tuple(NormalDist().inv_cdf((i + 0.5) / 20) for i in range(20))
# Weeks with and without use by this hour err differently; below so many of a kind they are joined.
FEWEST_SCORES = 4
# Nothing is expected above this multiple of the highest level so far, or of this week's own pace.
CEILING = 3.0
# The share of misses that the 80 % range asks for at first: the prior scores reach a little far.
FIRST_MISSES = 0.24
# How far one hit or miss moves the share of misses asked for.
STEP = 0.08
# A miss by less than this share of the total moves nothing: where all weeks are alike, one token
# beside a narrow range is no surprise.
NEAR = 0.01
# Where a range may begin: at these parts of the share of misses, the rest lies above it.
_LOWER_PARTS = (0.0, 0.125, 0.25, 0.375, 0.5)


class Remaining:
    """The distribution of the tokens still to come, by scores; all amounts are tokens."""

    __slots__ = ("_ceiling", "_levels", "_scores", "_small", "expected")

    def __init__(
        self, expected: float, small: float, ceiling: float, scores: Sequence[float]
    ) -> None:
        self.expected = expected
        self._small = small
        self._ceiling = max(ceiling, expected)
        strayed = PRIOR_SPREAD_WEEKS * PRIOR_SPREAD + SIGMAS * sum(abs(score) for score in scores)
        spread = strayed / (PRIOR_SPREAD_WEEKS + len(scores))
        whole = len(scores) + SMOOTHING_WEEKS
        share = SMOOTHING_WEEKS / len(PRIOR_SCORES)
        weighted = sorted(
            [*((s, 1.0) for s in scores), *((spread * s, share) for s in PRIOR_SCORES)]
        )
        # A score stands at the middle of its weight; between two scores the level runs straight.
        ends = accumulate(weight for _, weight in weighted)
        self._levels = [
            (end - weight / 2) / whole for end, (_, weight) in zip(ends, weighted, strict=True)
        ]
        scores = [score for score, _ in weighted]
        doubted = SMOOTHING_WEEKS / whole * _interpolate(0.5, self._levels, scores)
        self._scores = [score - doubted for score in scores]

    def quantile(self, level: float) -> float:
        """The tokens that are not exceeded with probability `level`."""
        score = _interpolate(level, self._levels, self._scores)
        tokens = (self.expected + self._small) * exp(score) - self._small
        return min(self._ceiling, max(0.0, tokens))

    def chance_of(self, tokens: float) -> float:
        """The probability that at least so many are still to come."""
        if tokens <= 0:
            return 1.0
        if tokens > self._ceiling or self.expected + self._small <= 0:
            return 0.0
        score = log((tokens + self._small) / (self.expected + self._small))
        if score <= self._scores[0]:
            return 1.0
        if score > self._scores[-1]:
            return 0.0
        return 1 - _interpolate(score, self._scores, self._levels)

    def shortest(self, misses: float) -> tuple[float, float]:
        """The shortest range that leaves out the share `misses`."""
        best = (0.0, self.quantile(1 - misses))
        for part in _LOWER_PARTS[1:]:
            low = self.quantile(misses * part)
            high = self.quantile(1 - misses * (1 - part))
            if high - low < best[1] - best[0]:
                best = (low, high)
        return best


@dataclass(slots=True)
class _Tracker:
    """The share of misses asked for, so that the share that happens comes to `target`."""

    target: float
    least: float
    most: float
    asked: float

    def note(self, total: int, within: Interval) -> None:
        hit = total in within
        beside = max(within.low - total, total - within.high)
        if hit or beside > NEAR * total:
            moved = self.asked + STEP * (self.target - (not hit))
            self.asked = min(self.most, max(self.least, moved))


class Calibration:
    """The running record of one method at one hour of the week, fed oldest week first."""

    def __init__(self) -> None:
        self._scores: tuple[list[float], list[float]] = ([], [])
        self._wide = _Tracker(0.2, 0.02, 0.6, FIRST_MISSES)
        self._narrow = _Tracker(0.5, 0.1, 0.95, 0.5)

    def distribution(self, view: View, expected: float) -> Remaining:
        """What is still to come in a week, from the weeks noted so far."""
        alike = self._scores[view.used > 0]
        scores = alike if len(alike) >= FEWEST_SCORES else self._scores[0] + self._scores[1]
        pace = view.used / view.share if view.share > 0 else 0.0
        known = view.past.highest > 0 or view.rest <= 0
        ceiling = CEILING * max(view.past.highest, pace) * view.rest if known else inf
        return Remaining(expected, _small(view, expected), ceiling, scores)

    def ranges(
        self, view: View, remaining: Remaining, expected: Expected
    ) -> tuple[Interval, Interval]:
        """The 50 % and 80 % range of the week's total: the point in the one, that in the other."""
        low50, high50 = remaining.shortest(self._narrow.asked)
        low80, high80 = remaining.shortest(self._wide.asked)
        used, point = view.used, round(expected.point)
        narrow = Interval(used + min(point, int(low50)), used + max(point, -int(-high50 // 1)))
        wide = Interval(used + min(point, int(low80)), used + max(point, -int(-high80 // 1)))
        return narrow, Interval(min(narrow.low, wide.low), max(narrow.high, wide.high))

    def note(self, view: View, expected: Expected) -> None:
        """One more finished week; one that was no week of work teaches nothing."""
        if view.total is None or not view.counts:
            return
        remaining = self.distribution(view, expected.middle)
        narrow, wide = self.ranges(view, remaining, expected)
        self._narrow.note(view.total, narrow)
        self._wide.note(view.total, wide)
        small = _small(view, expected.middle)
        score = log((view.total - view.used + small) / (expected.middle + small))
        insort(self._scores[view.used > 0], score)


def _small(view: View, expected: float) -> float:
    return SMALL_SHARE * (view.past.typical or view.used + expected)


def _interpolate(at: float, along: Sequence[float], values: Sequence[float]) -> float:
    """The value at a place between rising places; the first or last value outside of them."""
    if at <= along[0]:
        return values[0]
    if at >= along[-1]:
        return values[-1]
    # With equal places next to each other, the step up is taken at its middle.
    low, high = bisect_left(along, at), bisect_right(along, at)
    if high > low:
        return (values[low] + values[high - 1]) / 2
    step = (at - along[low - 1]) / (along[low] - along[low - 1])
    return values[low - 1] + step * (values[low] - values[low - 1])
