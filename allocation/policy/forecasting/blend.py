"""A blend of five paces: what the last days, this week and the weeks before it each let expect.

All are in tokens of a full week. The last three days, across the reset if need be, and this week
say how it goes now; two averages of past weeks, one that fades fast and one slow, how it mostly
went; and the plain linear burn rate knows nothing of any shape that may have changed. Their
logarithms are averaged, so that no one outlier pulls far, and with equal weights: weights learned
from a handful of weeks lose more by chance than they gain (the forecast combination puzzle; Smith
and Wallis 2009, A Simple Explanation of the Forecast Combination Puzzle). Only the two that rest
on this week alone begin with little: s / (s + HALF_BELIEVED), s being the share of the week behind.

That is the middle of the distribution. The point lies lower, the more so the less alike past weeks
were: by a percentage, too much is punished harder than too little. Of a log-normal distribution
with the variance v, the point with the least expected percentage error is exp(-v) times the median
(the median under weights of 1 / total; Gneiting 2011, Making and Evaluating Point Forecasts). It
goes LEAN of that way, because the median error counts as well.
"""

from collections.abc import Sequence
from math import exp, log

from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.profile import PROFILE
from allocation.policy.forecasting.views import View

# An hour or two of work.
HALF_BELIEVED = 0.01
LEAN = 1 / 3
# The variance of the logarithms before the first week, what weight it has in weeks, and the most.
PRIOR_VARIANCE = 1.0
PRIOR_WEEKS = 3.0
MOST_VARIANCE = 1.0
# A logarithm needs more than 0: this share of a typical week is added to each pace.
SMALL_SHARE = 0.02


def _middle(view: View, small: float) -> float:
    past, share = view.past, view.share
    steady = [view.lately, past.recent, past.mean]
    logs = sum(log(pace + small) for pace in steady)
    weights = float(len(steady))
    if share > 0:
        by_clock = view.used / view.elapsed * (view.length - view.elapsed) / view.rest
        believed = share / (share + HALF_BELIEVED)
        logs += believed * (log(view.used / share + small) + log(by_clock + small))
        weights += 2 * believed
    return view.rest * exp(logs / weights)


def _expect(views: Sequence[View]) -> list[Expected | None]:
    squares, weeks = PRIOR_WEEKS * PRIOR_VARIANCE, PRIOR_WEEKS
    expected: list[Expected | None] = []
    for view in views:
        if view.past.mean <= 0 or view.rest <= 0:
            expected += PROFILE.expect([view]) if view.rest > 0 else [Expected(0.0, 0.0)]
            continue
        small = SMALL_SHARE * view.past.typical
        middle = _middle(view, small)
        expected.append(Expected(middle * exp(-LEAN * min(MOST_VARIANCE, squares / weeks)), middle))
        if view.counts and view.total is not None:
            squares += log((view.total - view.used + small) / (middle + small)) ** 2
            weeks += 1
    return expected


BLEND = Method("blend", "2", _expect)
