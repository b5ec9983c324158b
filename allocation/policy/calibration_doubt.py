"""How unsure the weights of a calibration are, and when that is too unsure to say them."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from allocation.policy.calibration_fit import Fit, Model, Row, quantile

# A tier with less of the fresh tokens than this keeps its list price.
HARDLY_USED = 0.02
# So does one whose weight is unsure by this factor and more, where that moves so much of the plan.
WIDEST_LIMIT = 2.0
WIDEST_PART = 0.15
# The part of the plan that cache reads make up may be unsure by this much at most.
WIDEST_CACHE = 0.4
# Between these levels of the resamples lies the interval of 80 %.
LOW, HIGH = 0.1, 0.9


def doubt(rows: Sequence[Row], found: Fit, samples: Sequence[Fit], group: int) -> float:
    """How unsure the weight of a group of tiers is; above 1 it is too unsure to be said.

    Two measures are taken over the resamples: how wide the interval of the weight is, in terms of
    WIDEST_LIMIT, and how wide that of the group's part of the plan, in terms of WIDEST_PART. The
    lesser counts: a weight may be unsure where it moves little of the plan. Infinite for a group
    that was hardly used, or whose weight came out as 0.
    """
    amounts = _sums(rows, found.model)
    if found.weights[group] <= 0 or amounts[group] < HARDLY_USED * sum(
        amounts[: len(found.weights)]
    ):
        return inf
    wide = width([sample.weights[group] for sample in samples]) / WIDEST_LIMIT
    if len(found.weights) == 1:
        return wide
    parts = [sample.by_group(amounts) for sample in samples]
    return min(wide, _spread([part[group] / (sum(part) or 1.0) for part in parts]) / WIDEST_PART)


def cache_doubt(rows: Sequence[Row], samples: Sequence[Fit]) -> float:
    """How unsure the part of the plan that cache reads make up is; above 1 it cannot be said."""
    amounts, parts = _sums(rows, samples[0].model), []
    for sample in samples:
        without = sum(replace(sample, cache=0.0).by_group(amounts))
        parts.append(1 - without / (sum(sample.by_group(amounts)) or 1.0))
    return _spread(parts) / WIDEST_CACHE


def _sums(rows: Sequence[Row], model: Model) -> list[float]:
    return [sum(column) for column in zip(*map(model.amounts, rows), strict=True)]


def width(values: Sequence[float]) -> float:
    """The upper end of the 80 % interval divided by its lower end; infinite where that is 0."""
    low, high = quantile(values, LOW), quantile(values, HIGH)
    return high / low if low > 0 else inf


def _spread(values: Sequence[float]) -> float:
    return quantile(values, HIGH) - quantile(values, LOW)
