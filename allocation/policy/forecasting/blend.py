"""A blend of five paces: what the last days, this week and the weeks before it each let expect.

All are in tokens of a full week. The last three days, across the reset if need be, and this week
say how it goes now; two averages, one over the days before that fades within a week and one over
past weeks that fades slower, how it mostly went; and the plain linear burn rate knows nothing of
any shape that may have changed. Their logarithms are averaged, so that no one outlier pulls far,
and with equal weights: weights learned from a handful of weeks lose more by chance than they gain
(the forecast combination puzzle; Smith and Wallis 2009, A Simple Explanation of the Forecast
Combination Puzzle). Only the two that rest on this week alone begin with little:
s / (s + HALF_BELIEVED), s being the share of the week behind.

That is the middle of the distribution. The point is the figure with the least expected loss
(`point.py`), hedged towards the plain burn rate as far as that was the better one in the owner's
own weeks: weights fall exponentially with the percentage errors so far (the exponentially weighted
average forecaster; Cesa-Bianchi and Lugosi 2006, Prediction, Learning, and Games, chapter 2). And
it never comes to more than MOST_TIMES the total that this week's own pace makes, by the clock or by
the shape, whichever is more: after a collapse the past is many times too high, and an error by
percentage has no bound there, while too little is never off by more than 100 %.
"""

from collections.abc import Sequence
from math import exp, log

from allocation.policy.forecasting.linear import LINEAR
from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.point import least_loss
from allocation.policy.forecasting.profile import PROFILE
from allocation.policy.forecasting.views import View

# An hour or two of work.
HALF_BELIEVED = 0.01
# How far the logarithms stray on average before the first week, and its weight in weeks.
PRIOR_SPREAD = 0.8
PRIOR_WEEKS = 3.0
# A logarithm needs more than 0: this share of a typical week is added to each pace.
SMALL_SHARE = 0.02
# The weight of the plain burn rate in the point before there is any record.
HEDGED = 0.1
MOST_TIMES = 1.5
# What a week back counts for in the record, and the most that one error does.
RECORD_FADES = 0.95
WORST_ERROR = 1.0


def _middle(view: View, small: float) -> float:
    steady = [view.lately, view.faded, view.past.mean]
    logs = sum(log(pace + small) for pace in steady)
    weights = float(len(steady))
    if view.share > 0:
        by_clock = view.used / view.elapsed * (view.length - view.elapsed) / view.rest
        believed = view.share / (view.share + HALF_BELIEVED)
        logs += believed * (log(view.used / view.share + small) + log(by_clock + small))
        weights += 2 * believed
    return view.rest * exp(logs / weights)


class _Hedge:
    """The record of a point and of the plain burn rate, and the weight that the latter has."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def between(self, point: float, linear: float, small: float) -> float:
        """The point moved towards linear, by the weight of that, on the scale of logarithms."""
        weight = HEDGED / (HEDGED + (1 - HEDGED) * exp(-self._ahead))
        logs = (1 - weight) * log(point + small) + weight * log(linear + small)
        return max(0.0, exp(logs) - small)

    def note(self, view: View, total: int, point: float, linear: float) -> None:
        own, other = (
            min(WORST_ERROR, abs(view.used + coming - total) / total) for coming in (point, linear)
        )
        self._ahead = RECORD_FADES * self._ahead + own - other


def _expect(views: Sequence[View]) -> list[Expected | None]:
    strayed, weeks, hedge = PRIOR_WEEKS * PRIOR_SPREAD, PRIOR_WEEKS, _Hedge()
    expected: list[Expected | None] = []
    for view, plain in zip(views, LINEAR.expect(views), strict=True):
        if view.past.mean <= 0 or view.rest <= 0:
            expected += PROFILE.expect([view]) if view.rest > 0 else [Expected(0.0, 0.0)]
            continue
        small = SMALL_SHARE * view.past.typical
        middle = _middle(view, small)
        point = named = least_loss(view.used, middle, small, strayed / weeks)
        if plain:
            by_own_pace = max(plain.point, view.used / view.share * view.rest)
            most = MOST_TIMES * (view.used + by_own_pace) - view.used
            named = min(most, hedge.between(point, plain.point, small))
        expected.append(Expected(named, middle))
        if view.counts and view.total is not None:
            strayed += abs(log((view.total - view.used + small) / (middle + small)))
            weeks += 1
            if plain:
                hedge.note(view, view.total, point, plain.point)
    return expected


BLEND = Method("blend", "3", _expect)
