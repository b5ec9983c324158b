"""The shape of a week: which share of its tokens each hour of the calendar week takes.

Hours are counted from Monday 00:00 UTC, so that what is learned holds for weeks that start at any
hour of any weekday, drift or are cut short. A change of the clock moves the owner's habits by one
hour against UTC; as old weeks fade, the shape follows.
"""

from collections.abc import Sequence
from copy import copy
from itertools import accumulate
from math import log
from operator import sub

from allocation.policy.forecasting.series import HOURS_A_DAY, HOURS_A_WEEK

HALF_LIFE_WEEKS = 8
# So many weeks of flat use stand against the weeks seen: no hour's share ever becomes 0.
FLAT_WEEKS = 0.5
# So many weeks of "weekday times hour of the day" stand against what one hour alone has shown.
PRODUCT_WEEKS = 2.0
# A week cut shorter than this says too little about the rest of a week.
SHORTEST_HOURS = 48

_FADE = 0.5 ** (1 / HALF_LIFE_WEEKS)
_DAYS = range(0, HOURS_A_WEEK, HOURS_A_DAY)


class Shape:
    """Shares of a full week's tokens over the hours since Monday 00:00 UTC; they add up to 1."""

    __slots__ = ("_logs", "_sums", "_weight")

    def __init__(self, weights: Sequence[float]) -> None:
        sums = list(accumulate(weights, initial=0.0))
        whole = sums[-1]
        self._sums = [part / whole for part in sums]
        self._logs: list[float] = []
        self._weight = 1.0

    def share(self, start: float, end: float) -> float:
        """The share between two hours since a Monday 00:00 UTC; above 1 for more than a week."""
        shaped = self._until(end) - self._until(start)
        return self._weight * shaped + (1 - self._weight) * (end - start) / HOURS_A_WEEK

    def mixed_with_flat(self, weight: float) -> "Shape":
        """This shape with the given weight, from 0 to 1, and for the rest the flat one."""
        mixed = copy(self)
        mixed._weight = weight
        return mixed

    @property
    def logs(self) -> list[float]:
        """The logarithm of each hour's share, before any mixing."""
        if not self._logs:
            self._logs += map(log, map(sub, self._sums[1:], self._sums))
        return self._logs

    def _until(self, hour: float) -> float:
        weeks, rest = divmod(hour, HOURS_A_WEEK)
        index = int(rest)
        sums = self._sums
        return weeks + sums[index] + (sums[index + 1] - sums[index]) * (rest - index)


FLAT = Shape([1.0] * HOURS_A_WEEK)


class ShapeLearner:
    """Learns the shape from finished weeks, oldest first, each with equal weight before it fades.

    A week counts by its shares, not its tokens, or one heavy week would be the shape. The shape is
    shrunk twice: each hour towards its weekday's times its hour of the day's share, and those
    towards flat.
    """

    def __init__(self) -> None:
        # Instead of fading the old weeks, each new one counts for more than the one before.
        self._weight = 1.0
        self._shares = [0.0] * HOURS_A_WEEK
        self._seen = [0.0] * HOURS_A_WEEK

    def add(self, first_hour: int, tokens: Sequence[int], level: float) -> None:
        """One finished week: its tokens by hour from `first_hour` since Monday 00:00 UTC on.

        `level` is what a full week at this pace would have used.
        """
        if level <= 0 or len(tokens) < SHORTEST_HOURS:
            return
        self._weight /= _FADE
        weight, factor = self._weight, self._weight * HOURS_A_WEEK / level
        if len(tokens) == HOURS_A_WEEK:
            split = HOURS_A_WEEK - first_hour
            in_order = (*tokens[split:], *tokens[:split])
            self._shares = [a + b * factor for a, b in zip(self._shares, in_order, strict=True)]
            self._seen = [seen + weight for seen in self._seen]
            return
        for offset, used in enumerate(tokens):
            hour = (first_hour + offset) % HOURS_A_WEEK
            self._shares[hour] += used * factor
            self._seen[hour] += weight

    def shape(self) -> Shape:
        """What has been learned so far; flat before the first week."""
        flat_day, flat_hour = (FLAT_WEEKS * self._weight * n for n in (HOURS_A_DAY, 7))
        share_days, share_hours = _sums(self._shares)
        seen_days, seen_hours = _sums(self._seen)
        by_day = [
            (share + flat_day) / (seen + flat_day)
            for share, seen in zip(share_days, seen_days, strict=True)
        ]
        by_hour = [
            (share + flat_hour) / (seen + flat_hour)
            for share, seen in zip(share_hours, seen_hours, strict=True)
        ]
        against = PRODUCT_WEEKS * self._weight
        product = [against * day * hour for day in by_day for hour in by_hour]
        return Shape(
            [
                (share + prior) / (seen + against)
                for share, seen, prior in zip(self._shares, self._seen, product, strict=True)
            ]
        )


def _sums(week: list[float]) -> tuple[list[float], list[float]]:
    """The sums by weekday and by hour of the day."""
    days = [week[day : day + HOURS_A_DAY] for day in _DAYS]
    return [sum(day) for day in days], [sum(hour) for hour in zip(*days, strict=True)]
