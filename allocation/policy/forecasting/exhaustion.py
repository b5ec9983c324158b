"""When the effective limit is used up, and the chance of each zone at reset."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, exp

from allocation.policy.forecasting.contract import Exhaustion
from allocation.policy.forecasting.intervals import Remaining
from allocation.policy.forecasting.views import View
from allocation.policy.zones import Bounds, Zone

# Tokens still to come, and tokens left in the limit (no more than that): the hours from now at
# which the latter are used.
Path = Callable[[float, float], float]

# After so many hours the pace of the last hours has gone a factor e of the way to the week's level.
PACE_LASTS_HOURS = 24


def by_clock(view: View) -> Path:
    """Use runs evenly over the hours left."""
    return lambda coming, left: left / coming * max(0.0, view.length - view.elapsed)


def by_shape(view: View) -> Path:
    """Use runs on at the pace of the last hours at first, then ever more at that of the week.

    With a(t) the share of a week that passes in the next t hours, and b(t) the same with each hour
    weighted by exp(-hours from now / PACE_LASTS_HOURS), level (a - b) + pace b tokens are used.
    """
    shape, here = view.past.shape, view.first_hour + view.elapsed
    ahead = max(0.0, view.length - view.elapsed)
    steps: list[float] = [*range(ceil(ahead)), ahead]
    passed: list[float] = [shape.share(here, here + step) for step in steps]
    fading = [0.0]
    for step, (before, after) in zip(steps, pairwise(passed), strict=False):
        fading.append(fading[-1] + (after - before) * exp(-(step + 0.5) / PACE_LASTS_HOURS))
    slow, fast = view.rest - fading[-1], fading[-1]

    def hours(coming: float, left: float) -> float:
        pace = coming / view.rest if view.pace is None else min(view.pace, coming / fast)
        level = (coming - pace * fast) / slow if slow > 0 else 0.0
        used = [level * (a - b) + pace * b for a, b in zip(passed, fading, strict=True)]
        after = min(bisect_left(used, left), len(used) - 1)
        step: float = used[after] - used[after - 1] if after else 0.0
        inside = (left - used[after - 1]) / step if step > 0 else 0.0
        return min(ahead, steps[after - 1] + inside * (steps[after] - steps[after - 1]))

    return hours


def exhaustion(
    *,
    view: View,
    remaining: Remaining,
    path: Path,
    limit: Fraction | int,
    now: datetime,
    end: datetime,
) -> Exhaustion:
    """The time of exhaustion if use follows `path` and the tokens to come their distribution.

    The more is still to come, the earlier the limit is reached, so the time at 10 % belongs to the
    tokens at 90 %. The median of the times, each no later than the reset, has the least expected
    absolute error.
    """
    left = limit - view.used
    if left <= 0:
        return Exhaustion(now, now, now, 1.0)

    def moment(tokens: float) -> datetime | None:
        if tokens < left or now >= end:
            return None
        at = now + timedelta(hours=path(tokens, float(left)))
        return at if at < end else None

    early, median, late = (moment(remaining.quantile(level)) for level in (0.9, 0.5, 0.1))
    return Exhaustion(early, median, late, remaining.chance_of(float(left)))


def zone_chances(
    view: View, remaining: Remaining, limit: Fraction | int, bounds: Bounds
) -> dict[Zone, float]:
    """The chance of each zone at reset; they add up to 1. With no limit at all it is RED."""
    reached = [1.0]
    for percent in (bounds.yellow, bounds.orange, bounds.red):
        least = ceil(Fraction(percent) * limit / 100)
        reached.append(min(reached[-1], remaining.chance_of(least - view.used)))
    reached.append(0.0)
    return {
        zone: better - worse
        for zone, better, worse in zip(Zone, reached, reached[1:], strict=False)
    }
