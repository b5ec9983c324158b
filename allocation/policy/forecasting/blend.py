"""A blend of five paces: what the last days, this week and the weeks before it each let expect.

All are in tokens of a full week. The last three days, across the reset if need be, and this week
say how it goes now; two averages, one over the days before that fades within a week and one over
past weeks that fades slower, how it mostly went; and the plain linear burn rate knows nothing of
any shape that may have changed. Their logarithms are averaged, so that no one outlier pulls far,
and with equal weights: weights learned from a handful of weeks lose more by chance than they gain
(the forecast combination puzzle; Smith and Wallis 2009, A Simple Explanation of the Forecast
Combination Puzzle). Only the two that rest on this week alone begin with little:
s / (s + HALF_BELIEVED), s being the share of the week behind.

That is hedged towards the plain burn rate by the owner's own record (`hedge.py`): a fleet that runs
evenly, at whatever pace its week began with, is told by the clock alone.

The result is the middle of the distribution, so that ranges, zones and exhaustion are hedged alike.
The point is the figure with the least expected loss (`point.py`), and never more than MOST_TIMES
the total that this week's own pace makes, by the clock or by the shape, whichever is more: after a
collapse the past is many times too high, and an error by percentage has no bound there, while too
little is never off by more than 100 %.
"""

from collections.abc import Sequence
from math import exp, log

from allocation.policy.forecasting.hedge import Hedge, strayed
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
MOST_TIMES = 1.5


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


def _expect(views: Sequence[View]) -> list[Expected | None]:
    spreads, weeks, hedge = PRIOR_WEEKS * PRIOR_SPREAD, PRIOR_WEEKS, Hedge()
    expected: list[Expected | None] = []
    for view, plain in zip(views, LINEAR.expect(views), strict=True):
        if view.past.mean <= 0 or view.rest <= 0:
            expected += PROFILE.expect([view]) if view.rest > 0 else [Expected(0.0, 0.0)]
            continue
        small = SMALL_SHARE * view.past.typical
        blended = _middle(view, small)
        middle = hedge.between(blended, plain.point, small) if plain else blended
        point = least_loss(view.used, middle, small, spreads / weeks)
        if plain:
            by_own_pace = max(plain.point, view.used / view.share * view.rest)
            point = min(point, MOST_TIMES * (view.used + by_own_pace) - view.used)
        expected.append(Expected(point, middle))
        if view.counts and view.total is not None:
            came = view.total - view.used
            spreads += strayed(came, middle, small)
            weeks += 1
            if plain:
                hedge.note(came, blended, plain.point, small)
    return expected


BLEND = Method("blend", "6", _expect)
