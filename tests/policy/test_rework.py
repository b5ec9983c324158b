"""Rule 8: what a task costs once its rework is counted."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.meter import Prices
from allocation.policy.rework import effective_dollars, effective_tokens

NONE = Decimal(0)
HAIKU_4_5 = Prices(Decimal(1), Decimal(5), NONE, NONE, NONE)
SONNET_4_5 = Prices(Decimal(3), Decimal(15), NONE, NONE, NONE)
OPUS_4_5 = Prices(Decimal(5), Decimal(25), NONE, NONE, NONE)

rates = st.decimals(0, 1, places=4)


@pytest.mark.parametrize(
    ("direct", "rate", "effective"),
    [
        (5_000, "0.25", "6875"),  # the report's example of the rework assumption
        (10_000, "0.25", "13750"),
        (10_000, "0.08", "11200"),
        (10_000, "0.03", "10450"),
        (15_000, "0.50", "26250"),
        (15_000, "0.20", "19500"),
        (15_000, "0.05", "16125"),
        (0, "0.50", "0"),
        (1, "0", "1"),
        (1, "1", "2.5"),
    ],
)
def test_effective_tokens_are_the_report_s(direct: int, rate: str, effective: str) -> None:
    assert effective_tokens(direct, Decimal(rate)) == Decimal(effective)


@pytest.mark.parametrize(
    ("direct", "rate", "prices", "exact", "shown"),
    [
        (10_000, "0.25", HAIKU_4_5, "0.07875", "0.08"),
        (10_000, "0.08", SONNET_4_5, "0.198", "0.20"),
        (10_000, "0.03", OPUS_4_5, "0.31125", "0.31"),
        (15_000, "0.50", HAIKU_4_5, "0.14625", "0.15"),  # the report adds rounded parts to 0.16
        (15_000, "0.20", SONNET_4_5, "0.3375", "0.34"),
        (15_000, "0.05", OPUS_4_5, "0.478125", "0.48"),
    ],
)
def test_a_task_costs_what_the_report_s_tables_say(
    direct: int, rate: str, prices: Prices, exact: str, shown: str
) -> None:
    cost = effective_dollars(direct, Decimal(rate), prices)
    assert cost == Decimal(exact)
    assert f"{cost:.2f}" == shown


def test_input_is_priced_on_direct_and_output_on_effective_tokens() -> None:
    only_input = Prices(Decimal(7), NONE, NONE, NONE, NONE)
    only_output = Prices(NONE, Decimal(7), NONE, NONE, NONE)
    assert effective_dollars(1_000_000, Decimal("0.4"), only_input) == 7
    assert effective_dollars(1_000_000, Decimal("0.4"), only_output) == Decimal("11.2")


def test_tokens_cannot_be_negative() -> None:
    with pytest.raises(RuleError, match="Tokens cannot be negative"):
        effective_tokens(-1, Decimal("0.1"))


@pytest.mark.parametrize("rate", ["-0.0001", "1.0001", "25"])
def test_a_rework_rate_is_a_share(rate: str) -> None:
    with pytest.raises(RuleError, match="lies between 0% and 100%"):
        effective_dollars(10_000, Decimal(rate), HAIKU_4_5)


@given(st.integers(1, 10**12), st.lists(rates, min_size=2, max_size=2, unique=True))
def test_effective_tokens_rise_with_the_rework_rate(direct: int, two: list[Decimal]) -> None:
    low, high = sorted(two)
    assert direct <= effective_tokens(direct, low) < effective_tokens(direct, high)


@given(st.integers(0, 10**12), rates)
def test_rework_costs_at_most_two_and_a_half_times_the_task(direct: int, rate: Decimal) -> None:
    assert direct <= effective_tokens(direct, rate) <= direct * Decimal("2.5")


@given(st.integers(0, 10**6), st.integers(0, 10**6), rates)
def test_two_tasks_together_cost_the_sum_of_each(one: int, other: int, rate: Decimal) -> None:
    each = [effective_dollars(direct, rate, OPUS_4_5) for direct in (one, other)]
    assert effective_dollars(one + other, rate, OPUS_4_5) == sum(each)
