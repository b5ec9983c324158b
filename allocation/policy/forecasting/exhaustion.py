"""When the effective limit is used up, and the chance of each zone at reset."""

from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

from allocation.policy.forecasting.contract import Exhaustion
from allocation.policy.forecasting.course import Course
from allocation.policy.forecasting.intervals import Remaining
from allocation.policy.forecasting.views import View
from allocation.policy.zones import Bounds, Zone


def exhaustion(
    *,
    view: View,
    remaining: Remaining,
    middle: float,
    course: Course,
    limit: Fraction | int,
    now: datetime,
    end: datetime,
) -> Exhaustion:
    """The time of exhaustion if use follows `course` and the tokens to come their distribution.

    The more is still to come, the earlier the limit is reached, so the time at 10 % belongs to the
    tokens at 90 %. The median of the times, each no later than the reset, has the least expected
    absolute error; it is that of `middle` tokens to come, or of the nearest inside the 80 %.
    """
    left = limit - view.used
    if left <= 0:
        return Exhaustion(now, now, now, 1.0)

    def moment(tokens: float) -> datetime | None:
        if tokens < left or now >= end:
            return None
        at = now + timedelta(hours=course.hours_until(float(left), tokens))
        return at if at < end else None

    most, least = remaining.quantile(0.9), remaining.quantile(0.1)
    inside = min(max(middle, least), most)
    early, median, late = (moment(tokens) for tokens in (most, inside, least))
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
