"""Rule 8: the report's tables from its priors, and what runs make of a guess."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.display.format import usd
from allocation.policy.cost_benefit import PRIOR_RUNS, ReworkRate, best_by, cost_benefit
from allocation.policy.errors import RuleError
from allocation.policy.meter import (
    FRESH_TOKENS,
    SONNET_EQUIVALENT,
    US_DOLLARS,
    Meter,
    Prices,
    Weighting,
)
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SONNET, Tier


def price(input_price: int, output_price: int) -> Prices:
    return Prices(Decimal(input_price), Decimal(output_price), *(Decimal(1),) * 3)


PRICES = {HAIKU: price(1, 5), SONNET: price(3, 15), OPUS: price(5, 25)}


def rates(*percents: int) -> dict[Tier, ReworkRate]:
    return {
        tier: ReworkRate(Fraction(percent, 100))
        for tier, percent in zip((HAIKU, SONNET, OPUS), percents, strict=True)
    }


MEASURED = Meter(
    "measured", Weighting.TIER, tier_weights=(("haiku", Decimal("0.1")), ("opus", Decimal(3)))
)
CODE, SECURITY = rates(25, 8, 3), rates(50, 20, 5)


@pytest.mark.parametrize(
    ("direct", "guesses", "effective", "dollars"),
    [
        (10_000, CODE, [13_750, 11_200, 10_450], ["$0.08", "$0.20", "$0.31"]),
        (15_000, SECURITY, [26_250, 19_500, 16_125], ["$0.15", "$0.34", "$0.48"]),
    ],
)
def test_the_reports_tables_come_out_of_its_priors(
    direct: int, guesses: dict[Tier, ReworkRate], effective: list[int], dollars: list[str]
) -> None:
    costs = cost_benefit(direct, guesses, meter=SONNET_EQUIVALENT, prices=PRICES)
    assert [cost.effective for cost in costs] == effective
    assert [usd(cost.dollars) for cost in costs] == dollars
    assert [cost.by_dollars for cost in costs] == [1, 2, 3]
    assert [cost.by_quality for cost in costs] == [3, 2, 1]


@pytest.mark.parametrize(
    ("meter", "budget", "ranks"),
    [
        (SONNET_EQUIVALENT, [Fraction(13_750, 3), 11_200, Fraction(52_250, 3)], [1, 2, 3]),
        (FRESH_TOKENS, [13_750, 11_200, 10_450], [3, 2, 1]),
        (replace(FRESH_TOKENS, input=Decimal(2)), [27_500, 22_400, 20_900], [3, 2, 1]),
        (MEASURED, [1_375, 11_200, 31_350], [1, 2, 3]),
        (US_DOLLARS, [Fraction("0.07875"), Fraction("0.198"), Fraction("0.31125")], [1, 2, 3]),
    ],
)
def test_the_meter_decides_what_is_cheap(
    meter: Meter, budget: list[Fraction], ranks: list[int]
) -> None:
    costs = cost_benefit(10_000, CODE, meter=meter, prices=PRICES)
    assert [cost.budget for cost in costs] == budget
    assert [cost.by_budget for cost in costs] == ranks


def test_the_ranks_disagree_and_that_is_seen() -> None:
    costs = cost_benefit(10_000, CODE, meter=FRESH_TOKENS, prices=PRICES)
    assert best_by(costs) == {"budget": [OPUS], "dollars": [HAIKU], "quality": [OPUS]}


def test_equals_share_a_rank_and_what_has_no_price_has_none() -> None:
    same = {HAIKU: ReworkRate(Fraction(0)), FABLE: ReworkRate(Fraction(0))}
    costs = cost_benefit(1_000, same, meter=US_DOLLARS, prices={HAIKU: PRICES[HAIKU]})
    assert [cost.by_quality for cost in costs] == [1, 1]
    assert [(cost.by_dollars, cost.by_budget) for cost in costs] == [(1, 1), (None, None)]
    assert (costs[1].dollars, costs[1].budget) == (None, None)


def test_after_twenty_runs_the_guess_is_half_of_it() -> None:
    rate = ReworkRate(Fraction(1, 4), n=PRIOR_RUNS, rework=10)
    assert (rate.measured, rate.expected) == (Fraction(1, 2), Fraction(3, 8))
    assert ReworkRate(Fraction(1, 4)).expected == Fraction(1, 4)
    assert ReworkRate(Fraction(1, 4)).measured is None
    assert ReworkRate(Fraction(1, 4)).factor == Fraction(11, 8)


def test_the_interval_is_that_of_the_posterior() -> None:
    # Beta(1, 19): closed forms 1 − 0.95^(1/19) and 1 − 0.05^(1/19).
    low, high = ReworkRate(Fraction(1, 20)).interval
    assert low == pytest.approx(1 - 0.95 ** (1 / 19))
    assert high == pytest.approx(1 - 0.05 ** (1 / 19))
    assert ReworkRate(Fraction(0)).interval == (0, 0)
    assert ReworkRate(Fraction(1), n=3, rework=3).interval == (1, 1)


@pytest.mark.parametrize(
    ("prior", "n", "rework"),
    [
        (Fraction(-1, 9), 0, 0),
        (Fraction(2), 0, 0),
        (Fraction(0), 1, 2),
        (Fraction(0), 1, -1),
    ],
)
def test_rates_that_cannot_be_are_refused(prior: Fraction, n: int, rework: int) -> None:
    with pytest.raises(RuleError):
        ReworkRate(prior, n, rework)


priors = st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=100)
counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(priors, counts)
def test_what_is_expected_lies_between_the_guess_and_what_was_seen(
    prior: Fraction, count: tuple[int, int]
) -> None:
    rate = ReworkRate(prior, *count)
    assert rate.measured is not None
    low, high = sorted((prior, rate.measured))
    assert low <= rate.expected <= high
    assert rate.interval[0] <= float(rate.expected) <= rate.interval[1]


@given(priors, counts)
def test_more_runs_narrow_the_interval(prior: Fraction, count: tuple[int, int]) -> None:
    """With the rate that is expected already, so that only their number speaks."""

    def width(runs: int) -> float:
        low, high = ReworkRate(prior, runs, int(prior * runs)).interval
        return high - low

    step = prior.denominator  # so that prior × runs is whole
    assert width(step * count[0]) < width(0)
    assert width(step * (count[0] + 1)) < width(step * count[0])
