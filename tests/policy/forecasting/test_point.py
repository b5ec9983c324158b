"""The one figure that a forecast names, against the distribution that it comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting.point import least_loss

amounts = st.floats(0, 1e12)
spreads = st.floats(0, 3)


@given(amounts, amounts, amounts, spreads)
def test_it_is_finite_and_never_below_nothing(used, middle, small, spread):
    assert 0 <= least_loss(used, middle, small, spread) < 1e14


# By powers of two, which are exact: of figures that are equally good, rounding names any.
@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0, 100), spreads, st.integers(1, 20))
def test_so_many_times_the_tokens_are_so_many_times_the_point(used, middle, small, spread, power):
    once, times = least_loss(used, middle, small, spread), 2**power
    assert least_loss(times * used, times * middle, times * small, spread) == times * once


def test_what_is_sure_is_named_as_it_is():
    assert least_loss(500, 1000, 20, 0.0) == pytest.approx(1000)
    assert least_loss(500, 1000, 20, 0.05) == pytest.approx(1000, rel=0.02)


def test_the_less_sure_the_rest_is_the_lower_the_point():
    points = [least_loss(500, 1000, 20, spread) for spread in (0.1, 0.4, 0.8, 1.2)]
    assert points == sorted(points, reverse=True)
    assert points[-1] < 0.6 * points[0]


def test_where_almost_all_lies_behind_the_point_is_near_the_middle():
    early, late = (least_loss(used, 1000, 20, 0.8) for used in (500, 50_000))
    assert early < 0.75 * 1000 < 0.9 * 1000 < late < 1.01 * 1000
