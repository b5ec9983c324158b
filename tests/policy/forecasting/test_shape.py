"""The shape of a week."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting.shape import Shape, ShapeLearner
from tests.policy.forecasting.made import hours_of

places = st.floats(0, 400, allow_nan=False)


def learned(kind: str, weeks: int) -> Shape:
    learner = ShapeLearner()
    tokens = hours_of(kind, weeks).tokens
    for number in range(weeks):
        week = tokens[number * 168 : number * 168 + 168]
        learner.add(0, week, sum(week))
    return learner.shape()


def test_before_the_first_week_it_is_flat():
    assert ShapeLearner().shape().share(10, 31) == pytest.approx(21 / 168)


def test_a_quiet_weekend_is_learned_but_never_ruled_out():
    weekend = learned("office hours", 10).share(120, 168)
    assert 0 < weekend < 0.03


def test_hours_of_the_day_are_learned():
    shape = learned("office hours", 6)
    assert shape.share(24 + 8, 24 + 18) > 8 * shape.share(24 + 18, 48 + 8)


def test_a_week_counts_by_its_shares_and_not_by_its_tokens():
    even, odd = ShapeLearner(), ShapeLearner()
    for learner, factor in ((even, 1), (odd, 1000)):
        learner.add(0, [1] * 168, 168)
        learner.add(0, [factor] * 84 + [0] * 84, factor * 84)
    assert odd.shape().share(0, 84) == pytest.approx(even.shape().share(0, 84))


def test_weeks_that_start_elsewhere_teach_the_same_shape():
    by_monday, by_thursday = ShapeLearner(), ShapeLearner()
    tokens = hours_of("office hours", 2).tokens
    by_monday.add(0, tokens[:168], sum(tokens[:168]))
    turned = tokens[80:168] + tokens[:80]
    by_thursday.add(80, turned, sum(turned))
    assert by_thursday.shape().share(9, 70) == pytest.approx(by_monday.shape().share(9, 70))


def test_a_week_of_no_use_or_of_two_days_teaches_nothing_wrong():
    learner = ShapeLearner()
    learner.add(0, [0] * 168, 0)
    learner.add(0, [5] * 47, 100)
    assert learner.shape().share(0, 24) == pytest.approx(1 / 7)
    learner.add(24, [5] * 72, 300)
    assert learner.shape().share(0, 168) == pytest.approx(1)


IDLE_DAYS = learned("idle days", 3)


@given(places, places, places)
def test_shares_add_up(one, two, three):
    shape, (a, b, c) = IDLE_DAYS, sorted((one, two, three))
    assert shape.share(a, c) == pytest.approx(shape.share(a, b) + shape.share(b, c), abs=1e-9)
    assert shape.share(a, a + 168) == pytest.approx(1)
