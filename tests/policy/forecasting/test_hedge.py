"""The hedge towards the burn rate: what it can lose at most, and how fast it learns."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting.hedge import HEDGED, LEARNING_RATE, Hedge, strayed

SMALL = 1.0
# No two of a week's amounts lie further apart than a factor e.
amounts = st.floats(0, 1).map(exp)
weeks_of_amounts = st.lists(st.tuples(amounts, amounts, amounts), max_size=60)


def after(weeks: int, *, came: float, said: float, linear: float) -> Hedge:
    hedge = Hedge()
    for _ in range(weeks):
        hedge.note(came, said, linear, SMALL)
    return hedge


@given(weeks_of_amounts)
def test_whatever_comes_it_loses_no_more_than_its_bound_beside_the_better_of_the_two(weeks):
    hedge, lost, by_said, by_linear = Hedge(), 0.0, 0.0, 0.0
    for came, said, linear in weeks:
        lost += strayed(came, hedge.between(said, linear, SMALL), SMALL)
        by_said += strayed(came, said, SMALL)
        by_linear += strayed(came, linear, SMALL)
        hedge.note(came, said, linear, SMALL)
    for best, weight in ((by_linear, HEDGED), (by_said, 1 - HEDGED)):
        bound = (LEARNING_RATE * best - log(weight)) / (1 - exp(-LEARNING_RATE))
        assert lost <= bound + 1e-9


def test_without_a_record_it_leans_a_tenth_of_the_way():
    between = Hedge().between(100, 1000, SMALL)
    assert log((between + SMALL) / 101) == pytest.approx(HEDGED * log(1001 / 101))


@pytest.mark.parametrize(("said", "linear"), [(100, 1000), (1000, 100)])
def test_a_handful_of_weeks_tells_which_is_right(said, linear):
    hedge = after(6, came=100, said=said, linear=linear)
    assert hedge.between(said, linear, SMALL) == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize(("said", "linear"), [(0, 10**9), (10**9, 0)])
def test_ten_years_of_weeks_of_one_kind_are_no_overflow(said, linear):
    assert after(520, came=0, said=said, linear=linear).between(said, linear, SMALL) == 0


def test_two_that_err_alike_keep_their_weights():
    hedge = after(9, came=100, said=50, linear=50)
    assert hedge.between(100, 1000, SMALL) == Hedge().between(100, 1000, SMALL)
