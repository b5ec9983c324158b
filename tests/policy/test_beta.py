"""The Beta distribution, against closed forms and tables."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.beta import beta_cdf, beta_quantile
from allocation.policy.errors import RuleError

numbers = st.floats(0.05, 400)
shares = st.floats(0.001, 0.999)


@pytest.mark.parametrize(
    ("x", "a", "b", "chance"),
    [
        (0.3, 1, 1, 0.3),  # flat
        (0.3, 2, 1, 0.09),  # x²
        (0.3, 1, 2, 0.51),  # 1 − (1 − x)²
        (0.5, 7, 7, 0.5),
        (0.25, 0.5, 0.5, 1 / 3),  # 2/π · arcsin √x
        (0.4, 2, 3, 0.5248),  # at least 2 of 4
        (0.2, 3, 18, 1 - sum(comb(20, k) * 0.2**k * 0.8 ** (20 - k) for k in range(3))),
        (0.0, 2, 2, 0.0),
        (1.0, 2, 2, 1.0),
        (-1.0, 2, 2, 0.0),
    ],
)
def test_chances_that_are_known(x: float, a: float, b: float, chance: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(chance, abs=1e-9)


@pytest.mark.parametrize(
    ("share", "a", "b", "x"),
    [
        (0.05, 1, 1, 0.05),
        (0.95, 1, 20, 1 - 0.05 ** (1 / 20)),
        (0.05, 5, 1, 0.05 ** (1 / 5)),
        (0.5, 30, 30, 0.5),
        # F tables: x = a·F / (b + a·F) with F(0.95; 10, 20) = 2.347878.
        (0.95, 5, 10, 5 * 2.3478776 / (10 + 5 * 2.3478776)),
    ],
)
def test_quantiles_that_are_known(share: float, a: float, b: float, x: float) -> None:
    assert beta_quantile(share, a, b) == pytest.approx(x, abs=1e-7)


@given(shares, numbers, numbers)
def test_a_quantile_is_where_the_chance_is_reached(share: float, a: float, b: float) -> None:
    x = beta_quantile(share, a, b)
    assert 0 <= x <= 1
    if 1e-9 < x < 1 - 1e-9:  # closer to an end, one step of a float is a leap in the chance
        assert beta_cdf(x, a, b) == pytest.approx(share, abs=1e-7)


# Nearer to 0, 1 − x is not a float any more.
@given(st.floats(1e-6, 1 - 1e-6), numbers, numbers)
def test_both_tails_are_everything(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 0), (-1, 2)])
def test_parameters_are_above_0(a: float, b: float) -> None:
    with pytest.raises(RuleError):
        beta_cdf(0.5, a, b)
