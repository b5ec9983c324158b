"""How good forecasts were, once it is known what came. Errors are shares (0.1 = 10 %)."""

from collections.abc import Sequence
from datetime import datetime
from statistics import fmean, median

from allocation.policy.forecasting.contract import QUANTILE_LEVELS
from allocation.policy.forecasting.series import HOUR, HourlyTokens
from allocation.policy.weeks import Window


def absolute_percentage_error(point: int, total: int) -> float | None:
    """|point - total| / total (APE); None where nothing was used."""
    return abs(point - total) / total if total > 0 else None


def weighted_error(points: Sequence[int], totals: Sequence[int]) -> float | None:
    """Sum of |point - total| / sum of totals (WAPE); None where nothing was used."""
    missed = sum(abs(point - total) for point, total in zip(points, totals, strict=True))
    return missed / sum(totals) if sum(totals) > 0 else None


def bias(points: Sequence[int], totals: Sequence[int]) -> float | None:
    """(Sum of points - sum of totals) / sum of totals; above 0 for too much."""
    return (sum(points) - sum(totals)) / sum(totals) if sum(totals) > 0 else None


def crps(quantiles: Sequence[int], total: int) -> float:
    """Continuous ranked probability score in tokens; 0 is best.

    Twice the mean pinball loss over evenly spaced levels, here QUANTILE_LEVELS (Gneiting and
    Ranjan 2011, Comparing Density Forecasts Using Threshold- and Quantile-Weighted Scoring Rules).
    """
    return 2 * fmean(
        (total - value) * (level - (total < value))
        for level, value in zip(QUANTILE_LEVELS, quantiles, strict=True)
    )


def exhausted_at(hours: HourlyTokens, week: Window, limit: float) -> datetime | None:
    """When the tokens of a finished week reached the limit, evenly inside the hour; None if never.

    An hour belongs to the week in which it starts; hours that are not there were idle.
    """
    used = 0
    for index in range(max(0, hours.index(week.start)), hours.index(week.end)):
        tokens = hours.tokens[index] if index < len(hours.tokens) else 0
        if tokens and used + tokens >= limit:
            return hours.first + HOUR * (index + max(0.0, limit - used) / tokens)
        used += tokens
    return None


def exhaustion_error(predicted: datetime | None, actual: datetime | None, end: datetime) -> float:
    """Hours between the two, each cut off at the week's end; None is "not before reset"."""
    return abs((min(predicted or end, end) - min(actual or end, end)) / HOUR)


def middle_and_mean(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Median and mean; None of nothing."""
    return (median(values), fmean(values)) if values else (None, None)
