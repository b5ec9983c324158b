"""Rule 8: what work costs on each tier once its rework is counted, and which tier is best.

The report's rates (its step 6) are priors worth so many runs; runs with a known end take over from
them as they come in, by Bayes' rule for a share: a Beta prior stays a Beta distribution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from allocation.policy.beta import beta_quantile
from allocation.policy.errors import RuleError
from allocation.policy.meter import Meter, Prices, model_weight
from allocation.policy.rework import REWORK_FACTOR, effective_dollars, effective_tokens
from allocation.policy.tiers import Tier

# A guess weighs as much as this many runs: after 20 of one's own it is half of what is expected.
PRIOR_RUNS = 20
# The share of the interval that is shown.
INTERVAL = 90


@dataclass(frozen=True, slots=True)
class ReworkRate:
    """How often work has to be done again: the guess, and `rework` of `n` runs that were seen.

    `prior` is a share from 0 to 1. Raises RuleError for shares and counts that cannot be.
    """

    prior: Fraction
    n: int = 0
    rework: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.prior <= 1:
            raise RuleError("A rework rate lies between 0% and 100%.")
        if not 0 <= self.rework <= self.n:
            raise RuleError("No more runs can be done again than there were.")

    @property
    def measured(self) -> Fraction | None:
        """The share that was seen; None while nothing was."""
        return Fraction(self.rework, self.n) if self.n else None

    @property
    def expected(self) -> Fraction:
        """The mean of the posterior: between the guess and what was seen."""
        return (PRIOR_RUNS * self.prior + self.rework) / (PRIOR_RUNS + self.n)

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 90% of the posterior, as shares."""
        a = float(PRIOR_RUNS * self.prior + self.rework)
        b = PRIOR_RUNS + self.n - a
        # A guess of 0 or 100% that nothing spoke against leaves no doubt at all.
        if a <= 0 or b <= 0:
            return float(self.expected), float(self.expected)
        tail = (100 - INTERVAL) / 200
        return beta_quantile(tail, a, b), beta_quantile(1 - tail, a, b)

    @property
    def factor(self) -> Fraction:
        """Effective over direct tokens: 1 + 1.5 x the expected rate."""
        return 1 + Fraction(REWORK_FACTOR) * self.expected


@dataclass(frozen=True, slots=True)
class TierCost:
    """One kind of work on one tier. Tokens are of one task; `budget` is in the meter's unit.

    Ranks begin at 1 for the best, and equals share one; None where something is unknown: a tier
    without a price has no dollars.
    """

    tier: Tier
    direct: int
    rate: ReworkRate
    effective: Fraction
    budget: Fraction | None
    dollars: Decimal | None
    by_budget: int | None
    by_dollars: int | None
    by_quality: int


def cost_benefit(
    direct: int,
    rates: Mapping[Tier, ReworkRate],
    *,
    meter: Meter,
    prices: Mapping[Tier, Prices | None],
) -> list[TierCost]:
    """The tiers that have a rate, cheapest tier first, with their three ranks.

    `direct` are the tokens of one task; `prices` what the model costs that stands for a tier.
    """
    tiers = sorted(rates)
    expected = {tier: _decimal(rates[tier].expected) for tier in tiers}
    effective = {tier: Fraction(effective_tokens(direct, expected[tier])) for tier in tiers}
    dollars = {
        tier: None if price is None else effective_dollars(direct, expected[tier], price)
        for tier in tiers
        for price in [prices.get(tier)]
    }
    budget = {
        tier: _budget(effective[tier], dollars[tier], meter, model_weight(meter, price, tier.name))
        for tier in tiers
        for price in [prices.get(tier)]
    }
    by_budget = _ranks([budget[tier] for tier in tiers])
    by_dollars = _ranks([dollars[tier] for tier in tiers])
    by_quality = _ranks([rates[tier].expected for tier in tiers])
    return [
        TierCost(
            tier=tier,
            direct=direct,
            rate=rates[tier],
            effective=effective[tier],
            budget=budget[tier],
            dollars=dollars[tier],
            by_budget=by_budget[place],
            by_dollars=by_dollars[place],
            by_quality=by_quality[place] or 1,
        )
        for place, tier in enumerate(tiers)
    ]


def best_by(costs: Sequence[TierCost]) -> dict[str, list[Tier]]:
    """The tiers in front by `budget`, `dollars` and `quality`; none where nothing is known."""
    return {
        measure: [cost.tier for cost in costs if getattr(cost, f"by_{measure}") == 1]
        for measure in ("budget", "dollars", "quality")
    }


def _budget(
    effective: Fraction, dollars: Decimal | None, meter: Meter, weight: Fraction
) -> Fraction | None:
    if meter.in_dollars:
        return None if dollars is None else Fraction(dollars)
    # Fresh tokens: nobody knows how much of a task comes from a cache.
    return effective * Fraction(meter.input) * weight


def _ranks(values: Sequence[Fraction | Decimal | None]) -> list[int | None]:
    """The place of each value, the least first."""
    known = sorted(Fraction(value) for value in values if value is not None)
    return [None if value is None else known.index(Fraction(value)) + 1 for value in values]


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / share.denominator
