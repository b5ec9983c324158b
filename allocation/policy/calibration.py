"""What 100 % of the plan stands for, from its own meter against the tokens used meanwhile (R6).

Between two readings the plan's meter rises by

    percent = sum over tiers of weight(tier) x (fresh tokens + cache weight x cache reads)

which is the meter of rule 7 with unknown weights: non-negative least squares for the tiers, inside
a search over the one cache weight. Readings are whole percent, so a rise is off by the difference
of two roundings, with a variance of 2/12. Spans that do not fit are told apart by least absolute
errors first and then left out. Intervals enclose 80 %: a bootstrap over plan windows that draws the
rounding anew. Statistics run on floats; what comes out is whole budget tokens and decimals.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from allocation.policy.calibration_doubt import (
    HIGH,
    LOW,
    WIDEST_LIMIT,
    cache_doubt,
    doubt,
    width,
)
from allocation.policy.calibration_fit import (
    Fit,
    Model,
    Row,
    bootstrap,
    first_model,
    fit,
    nearest,
    quantile,
    robust_fit,
)
from allocation.policy.plan_spans import Span

FEWEST_SPANS = 3
# For each weight that is estimated there must be so many clean spans.
SPANS_A_WEIGHT = 3
# A span with more of its fresh tokens than this of unknown tier or kind says nothing.
MOST_UNKNOWN = Fraction(1, 20)
REFERENCE_TIER = "sonnet"
# Nobody would read more digits than these from whole percents.
DIGITS = 3
SMALLEST = Decimal("0.0001")
RESAMPLES = 120

CACHE = "cache reads"
MORE = "the plan’s meter rose by more than was counted: a source was missing"
LESS = "the plan’s meter rose by less than was counted"
UNSURE = "The spans do not agree well enough to say a limit within a factor of two."
TOO_FEW_TO_TELL = "More clean spans are needed to tell: the ratio of the list prices holds."
FEW = "Six clean spans are needed to tell: they weigh as before."


@dataclass(frozen=True, slots=True)
class SpanUse:
    """A span with the tokens counted in it: fresh ones (input, output, cache writes) and cache
    reads by tier; `unknown` are fresh tokens of an unknown tier or kind."""

    span: Span
    fresh: Mapping[str, int]
    cache_reads: Mapping[str, int]
    unknown: int = 0

    @property
    def unclean(self) -> str:
        """Why nothing can be learned from it, as a clause; empty where it can be."""
        known = sum(self.fresh.values())
        if known + self.unknown == 0:
            return "nothing was counted in it"
        if self.unknown > MOST_UNKNOWN * (known + self.unknown):
            return "its tokens have no known tier or kind"
        return ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the interval that encloses 80 %. Without an interval it is not measured."""

    value: Decimal
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def measured(self) -> bool:
        """Whether the readings say it."""
        return self.low is not None


@dataclass(frozen=True, slots=True)
class Weight:
    """What a token of a tier weighs, where one of the reference tier weighs 1; `why` says in a
    sentence why it is not measured."""

    tier: str
    estimate: Estimate
    why: str = ""


@dataclass(frozen=True, slots=True)
class SpanVerdict:
    """One span beside what the estimate makes of it, in points of the plan's meter; `left_out`
    says as a clause why it was not used."""

    use: SpanUse
    predicted: float | None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The outcome. `limit` is in budget tokens; None, and `missing` in sentences, where there is
    not enough to say one."""

    spans: tuple[SpanVerdict, ...]
    clean: int
    limit: Estimate | None
    weights: tuple[Weight, ...]
    cache_read: Weight | None
    missing: tuple[str, ...] = ()


def calibrate(
    uses: Sequence[SpanUse],
    *,
    ratios: Mapping[str, Fraction],
    cache_weight: Decimal,
    seed: int,
) -> Calibration:
    """The calibration from spans that do not overlap, oldest first.

    `ratios` are the tiers' list prices relative to the reference tier's, which hold where the
    readings cannot tell; `cache_weight` is the cache reads' weight that holds likewise. The same
    `seed` gives the same intervals.
    """
    usable = [use for use in uses if not use.unclean]
    if len(usable) < FEWEST_SPANS:
        return _not_enough(uses, [use.unclean for use in uses])
    unit = max(_all_tokens(use) for use in usable)
    rows = [_row(use, unit) for use in usable]
    prices = {tier: float(ratio) for tier, ratio in ratios.items()}
    first = first_model(rows, prices, float(cache_weight), len(rows) // SPANS_A_WEIGHT)
    rough, kept = robust_fit(rows, first)
    misfits = {
        id(use): MORE if row.rise > rough.rise(row) else LESS
        for at, (use, row) in enumerate(zip(usable, rows, strict=True))
        if at not in kept
    }
    clean = [rows[at] for at in kept]
    model = first_model(clean, prices, float(cache_weight), len(clean) // SPANS_A_WEIGHT)
    found, samples, untold = _identified(clean, model, float(cache_weight), seed)
    said = {id(use): found.rise(row) for use, row in zip(usable, rows, strict=True)}
    verdicts = [
        SpanVerdict(use, said.get(id(use)), use.unclean or misfits.get(id(use), "")) for use in uses
    ]
    return _outcome(tuple(verdicts), found, samples, untold, unit=unit, ratios=ratios)


def _identified(
    rows: Sequence[Row], model: Model, cache: float, seed: int
) -> tuple[Fit, list[Fit], dict[str, str]]:
    """The fit with the weights that the rows can tell, its resamples, and why which cannot be."""
    untold: dict[str, str] = {}
    while True:
        found = fit(rows, model)
        samples = bootstrap(rows, model, seed=seed, times=RESAMPLES)
        doubts = [doubt(rows, found, samples, at) for at in range(len(model.groups))]
        unsure = max(range(len(doubts)), key=doubts.__getitem__)
        of_cache = cache_doubt(rows, samples) if model.cache is None else 0.0
        if of_cache and len(doubts) == 1:
            of_cache = max(of_cache, *doubts)
        if of_cache > 1 and of_cache >= doubts[unsure]:
            model = replace(model, cache=cache)
            untold[CACHE] = "Cache reads went in step with the other tokens: they weigh as before."
        elif doubts[unsure] > 1 and len(doubts) > 1:
            other = nearest(rows, model, unsure)
            for tier in model.groups[unsure]:
                untold[tier] = (
                    f"These spans cannot tell it from {' and '.join(model.groups[other])}: "
                    "the ratio of the list prices holds."
                )
            model = model.joined(unsure, other)
        else:
            return found, samples, untold


def _outcome(
    spans: tuple[SpanVerdict, ...],
    found: Fit,
    samples: Sequence[Fit],
    untold: Mapping[str, str],
    *,
    unit: int,
    ratios: Mapping[str, Fraction],
) -> Calibration:
    groups = found.model.groups
    group_of = {tier: at for at, group in enumerate(groups) for tier in group}
    base = group_of.get(REFERENCE_TIER, max(range(len(groups)), key=found.weights.__getitem__))
    clean = sum(not verdict.left_out for verdict in spans)
    limits = [100 * unit / one.weights[base] for one in samples if one.weights[base] > 0]
    if len(limits) < len(samples) or width(limits) > WIDEST_LIMIT:
        return Calibration(spans, clean, None, (), None, (UNSURE,))
    weights = []
    for tier, ratio in ratios.items():
        own = float(ratio)
        if tier not in group_of:
            why = "Not used in these spans: its list price holds."
            weights.append(Weight(tier, _held(own), why))
            continue
        at = group_of[tier]
        values = [one.weights[at] / one.weights[base] * own for one in samples]
        value = found.weights[at] / found.weights[base] * own
        counted_in = tier == (REFERENCE_TIER if REFERENCE_TIER in group_of else groups[base][0])
        joined = "" if groups[at] == (tier,) or counted_in else TOO_FEW_TO_TELL
        why = untold.get(tier, joined)
        alone = groups[at] == (tier,) and at != base
        weights.append(Weight(tier, _estimate(value, values) if alone else _held(value), why))
    cache = (
        _estimate(found.cache, [one.cache for one in samples])
        if found.model.cache is None
        else _held(found.cache)
    )
    return Calibration(
        spans=spans,
        clean=clean,
        limit=_estimate(100 * unit / found.weights[base], limits),
        weights=tuple(weights),
        cache_read=Weight(CACHE, cache, untold.get(CACHE, "") or FEW * (not cache.measured)),
    )


def _held(value: float) -> Estimate:
    return Estimate(_rounded(value))


def _estimate(value: float, samples: Sequence[float]) -> Estimate:
    low, high = quantile(samples, LOW), quantile(samples, HIGH)
    return Estimate(_rounded(value), _rounded(min(low, value)), _rounded(max(high, value)))


def _rounded(value: float) -> Decimal:
    """To DIGITS significant digits, and to SMALLEST below that."""
    exact = Decimal(value)
    step = max(SMALLEST, Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)) if exact else SMALLEST
    rounded = exact.quantize(step) if step <= 1 else (exact / step).quantize(Decimal(1)) * step
    return rounded.normalize() + 0


def _not_enough(uses: Sequence[SpanUse], whys: Sequence[str]) -> Calibration:
    verdicts = tuple(SpanVerdict(use, None, why) for use, why in zip(uses, whys, strict=True))
    clean = whys.count("")
    missing = [
        f"{FEWEST_SPANS} clean spans are needed and there {'is' if clean == 1 else 'are'} {clean}."
    ]
    counted = Counter(why for why in whys if why)
    missing += [f"Left out: {number} because {why}." for why, number in counted.most_common()]
    return Calibration(verdicts, clean, None, (), None, tuple(missing))


def _row(use: SpanUse, unit: int) -> Row:
    return Row(
        window=use.span.window,
        rise=float(use.span.percent),
        fresh={tier: tokens / unit for tier, tokens in use.fresh.items()},
        reads={tier: tokens / unit for tier, tokens in use.cache_reads.items()},
    )


def _all_tokens(use: SpanUse) -> int:
    return sum(use.fresh.values()) + sum(use.cache_reads.values())
