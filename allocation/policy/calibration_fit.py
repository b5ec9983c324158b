"""Fitting the weights of tiers and of cache reads to spans of the plan's meter.

    rise = sum over groups of tiers of weight x (fresh + cache x reads)

Tiers of one group keep the ratio of their list prices. Weights are points of the plan's meter per
unit of tokens, whatever unit the rows are in, and never negative.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from random import Random
from statistics import median

from allocation.policy.least_squares import non_negative

# A rise is the difference of two readings, each rounded to a whole percent: 2/12 points squared.
ROUNDING_VARIANCE = 1 / 6
# The rest of what no weight by tier can explain, as a share of the rise.
MODEL_ERROR = 0.03
# Spans further off than this many standard errors are not explained by any of that.
FURTHEST = 3.5
ABSOLUTE_ERROR_STEPS = 12
TRIM_STEPS = 5
FEWEST_KEPT = 3
# Where the cache weight is looked for, before the best stretch of these is searched.
CACHE_GRID = (0.0, 0.01, 0.04, 0.1, 0.25, 0.5, 1.0)
CACHE_STEPS = 12
GOLDEN = (sqrt(5) - 1) / 2
# With fewer plan windows than this to draw from, spans are drawn one by one.
FEWEST_WINDOWS = 6

Gram = list[list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """A clean span: its plan window, by how many points the meter rose, and tokens by tier."""

    window: int
    rise: float
    fresh: Mapping[str, float]
    reads: Mapping[str, float]

    @property
    def variance(self) -> float:
        """Of the rise, in points squared."""
        return ROUNDING_VARIANCE + (MODEL_ERROR * self.rise) ** 2


@dataclass(frozen=True, slots=True)
class Model:
    """Which weights are looked for: one for each group of tiers and, unless `cache` is given, that
    of cache reads. `ratios` are list prices relative to one another."""

    groups: tuple[tuple[str, ...], ...]
    ratios: Mapping[str, float]
    cache: float | None

    @property
    def unknowns(self) -> int:
        """How many weights are looked for."""
        return len(self.groups) + (self.cache is None)

    def amounts(self, row: Row) -> list[float]:
        """Fresh tokens by group, then cache reads by group."""
        return [
            sum(self.ratios[tier] * tokens.get(tier, 0.0) for tier in group)
            for tokens in (row.fresh, row.reads)
            for group in self.groups
        ]

    def joined(self, one: int, other: int) -> "Model":
        """The same with two groups in one."""
        rest = [group for at, group in enumerate(self.groups) if at not in {one, other}]
        both = self.groups[one] + self.groups[other]
        return Model((*rest, both), self.ratios, self.cache)


@dataclass(frozen=True, slots=True)
class Fit:
    """The weights found: one for each group of the model, and that of cache reads."""

    model: Model
    weights: tuple[float, ...]
    cache: float

    def rise(self, row: Row) -> float:
        """The points that the meter should have risen by."""
        return sum(self.by_group(self.model.amounts(row)))

    def by_group(self, amounts: Sequence[float]) -> list[float]:
        """The part of each group in a rise, from its amounts."""
        size = len(self.weights)
        return [
            weight * (amounts[at] + self.cache * amounts[size + at])
            for at, weight in enumerate(self.weights)
        ]


def fit(rows: Sequence[Row], model: Model, trust: Sequence[float] | None = None) -> Fit:
    """Weighted least squares; `trust` multiplies each row's weight, 1 by default."""
    trust = trust or [1.0] * len(rows)
    size = 2 * len(model.groups)
    gram: Gram = [[0.0] * size for _ in range(size)]
    target = [0.0] * size
    for row, trusted in zip(rows, trust, strict=True):
        weight, amounts = trusted / row.variance, model.amounts(row)
        _add(gram, amounts, weight)
        for at, amount in enumerate(amounts):
            target[at] += weight * amount * row.rise
    return _solve(model, gram, target)


def robust_fit(rows: Sequence[Row], model: Model) -> tuple[Fit, list[int]]:
    """A fit that a minority of misfits cannot sway, and the rows that fit, by their index.

    Least absolute errors by reweighting find the misfits; least squares follow on the others.
    """
    found, trust = fit(rows, model), [1.0] * len(rows)
    for _ in range(ABSOLUTE_ERROR_STEPS):
        trust = [1 / max(0.3, abs(error)) for error in _errors(found, rows)]
        found = fit(rows, model, trust)
    kept = list(range(len(rows)))
    for _ in range(TRIM_STEPS):
        errors = [abs(error) for error in _errors(found, rows)]
        # 1.4826 times the median absolute error is one standard error of a normal distribution.
        spread = max(1.0, 1.4826 * median(errors[at] for at in kept))
        keep = [at for at, error in enumerate(errors) if error <= FURTHEST * spread]
        if len(keep) < max(FEWEST_KEPT, model.unknowns + 1):
            break  # so few rows cannot outvote one another
        found = fit([rows[at] for at in keep], model)
        if keep == kept:
            break
        kept = keep
    return found, kept


def bootstrap(rows: Sequence[Row], model: Model, *, seed: int, times: int) -> list[Fit]:
    """Fits of so many resamples: plan windows drawn with replacement, and the rounding anew."""
    random = Random(seed)  # noqa: S311 -- resamples guard no secret
    size = 2 * len(model.groups)
    by_window: dict[int, list[int]] = {}
    for at, row in enumerate(rows):
        by_window.setdefault(row.window, []).append(at)
    blocks = list(by_window.values())
    if len(blocks) < FEWEST_WINDOWS:
        blocks = [[at] for at in range(len(rows))]
    amounts = [model.amounts(row) for row in rows]
    grams: list[Gram] = []
    for block in blocks:
        gram = [[0.0] * size for _ in range(size)]
        for at in block:
            _add(gram, amounts[at], 1 / rows[at].variance)
        grams.append(gram)
    fits = []
    for _ in range(times):
        drawn = random.choices(range(len(blocks)), k=len(blocks))
        gram, target = [[0.0] * size for _ in range(size)], [0.0] * size
        for number in drawn:
            for sums, more in zip(gram, grams[number], strict=True):
                for at, value in enumerate(more):
                    sums[at] += value
            for at in blocks[number]:
                row = rows[at]
                rise = row.rise + random.random() - random.random()
                for column, amount in enumerate(amounts[at]):
                    target[column] += amount * rise / row.variance
        fits.append(_solve(model, gram, target))
    return fits


def _errors(found: Fit, rows: Sequence[Row]) -> list[float]:
    """How far off each row is, in standard errors; below 0 where the meter rose by less."""
    return [(row.rise - found.rise(row)) / sqrt(row.variance) for row in rows]


def _add(gram: Gram, amounts: Sequence[float], weight: float) -> None:
    for at, amount in enumerate(amounts):
        line, scaled = gram[at], weight * amount
        for column, other in enumerate(amounts):
            line[column] += scaled * other


def _solve(model: Model, gram: Gram, target: Sequence[float]) -> Fit:
    """The best weights of the groups, and the best cache weight between 0 and 1 with them."""
    size = len(model.groups)

    def at(cache: float) -> tuple[float, list[float]]:
        square = [
            [
                gram[i][j]
                + cache * (gram[i][size + j] + gram[size + i][j])
                + cache * cache * gram[size + i][size + j]
                for j in range(size)
            ]
            for i in range(size)
        ]
        side = [target[i] + cache * target[size + i] for i in range(size)]
        weights = non_negative(square, side)
        # At the best weights the squares of the errors are those of the rises less this.
        return -sum(a * b for a, b in zip(weights, side, strict=True)), weights

    if model.cache is not None:
        return Fit(model, tuple(at(model.cache)[1]), model.cache)
    losses = [at(cache)[0] for cache in CACHE_GRID]
    best = min(range(len(losses)), key=losses.__getitem__)
    low, high = CACHE_GRID[max(0, best - 1)], CACHE_GRID[min(best + 1, len(CACHE_GRID) - 1)]
    inner = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)]
    scores = [at(cache)[0] for cache in inner]
    for _ in range(CACHE_STEPS):
        if scores[0] <= scores[1]:
            high = inner[1]
            inner = [high - GOLDEN * (high - low), inner[0]]
            scores = [at(inner[0])[0], scores[0]]
        else:
            low = inner[0]
            inner = [inner[1], low + GOLDEN * (high - low)]
            scores = [scores[1], at(inner[1])[0]]
    cache = min((CACHE_GRID[best], *inner), key=lambda value: at(value)[0])
    return Fit(model, tuple(at(cache)[1]), cache)


def first_model(rows: Sequence[Row], ratios: Mapping[str, float], cache: float, most: int) -> Model:
    """The model with as many unknowns as there may be: the cache weight goes before a second tier.

    Tiers that were not used are in no group. Who uses least joins the next.
    """
    used = {tier: sum(row.fresh.get(tier, 0.0) + row.reads.get(tier, 0.0) for row in rows)
            for tier in ratios}  # fmt: skip
    ranked = sorted((tier for tier in used if used[tier] > 0), key=lambda tier: used[tier])
    model = Model(tuple((tier,) for tier in ranked), ratios, None if most > 1 else cache)
    while model.unknowns > max(1, most) and len(model.groups) > 1:
        sizes = sorted(range(len(model.groups)), key=lambda at: _used(model.groups[at], used))
        model = model.joined(sizes[0], sizes[1])
    return model


def _used(group: Collection[str], used: Mapping[str, float]) -> float:
    return sum(used[tier] for tier in group)


def nearest(rows: Sequence[Row], model: Model, group: int) -> int:
    """The group whose tokens go most in step with those of another one (cosine)."""
    columns = [[model.amounts(row)[at] for row in rows] for at in range(len(model.groups))]

    def in_step(other: int) -> float:
        size = sqrt(sum(v * v for v in columns[group]) * sum(v * v for v in columns[other]))
        product = sum(a * b for a, b in zip(columns[group], columns[other], strict=True))
        return product / size if size else 0.0

    return max((at for at in range(len(columns)) if at != group), key=in_step)


def quantile(values: Sequence[float], level: float) -> float:
    """The value at a level between 0 and 1, evenly between two neighbours."""
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    at = min(int(place), len(ordered) - 2)
    low, high = list(pairwise(ordered))[at]
    return low + (high - low) * (place - at)
