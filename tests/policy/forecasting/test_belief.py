"""How far a learned shape holds now."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting import backtest
from allocation.policy.forecasting.backtest import CHOOSER, Series
from allocation.policy.forecasting.belief import believed
from allocation.policy.forecasting.figures import figures
from allocation.policy.forecasting.shape import FLAT, Shape
from tests.policy.forecasting.made import hours_of, weeks_of
from tests.policy.forecasting.test_shape import learned

OFFICE = learned("office hours", 8)
BURSTS = 20.0
PRIOR = 0.88  # 7 to 1


def weekend(shape: Shape) -> float:
    return shape.share(120, 168)


def belief(tokens: Sequence[int], first_hour: int = 0, bursts: float = BURSTS) -> float:
    """The weight of the learned shape, by what became of its weekend."""
    now = weekend(believed(OFFICE, tokens, first_hour, bursts))
    return (weekend(FLAT) - now) / (weekend(FLAT) - weekend(OFFICE))


def test_a_week_like_those_before_is_believed_in():
    assert belief(hours_of("office hours", 1, seed=9).tokens) > 0.999


def test_a_week_around_the_clock_is_not_one_of_office_hours():
    assert belief(hours_of("around the clock", 1, seed=9).tokens) < 0.001


def test_without_use_what_was_believed_before_holds():
    assert belief([0] * 168) == pytest.approx(PRIOR, abs=0.01)
    assert belief([]) == pytest.approx(PRIOR, abs=0.01)


def test_a_few_bursts_prove_less_than_many():
    tokens = hours_of("around the clock", 1).tokens
    assert belief(tokens, bursts=20) < belief(tokens, bursts=2) < PRIOR


def test_few_hours_are_judged_among_themselves():
    """Two even nights tell nothing: in them the learned shape is even too."""
    assert belief([100] * 6, first_hour=0) == pytest.approx(PRIOR, abs=0.02)


def test_hours_are_those_of_the_calendar_wherever_they_begin():
    tokens = hours_of("office hours", 2, seed=3).tokens
    assert belief(tokens[100:268], first_hour=100) == pytest.approx(
        belief(tokens[100:168] + tokens[:100], first_hour=100), abs=0.01
    )
    assert belief(tokens[100:268], first_hour=172) < 0.1


@given(st.lists(st.integers(0, 10**15), max_size=168), st.integers(0, 400), st.floats(0.1, 10**4))
def test_whatever_was_used_shares_add_up_to_one_week(tokens, first_hour, bursts):
    shape = believed(OFFICE, tokens, first_hour, bursts)
    assert shape.share(30, 198) == pytest.approx(1)
    assert 0 <= shape.share(120, 144) <= 1


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=168), st.integers(1, 10**6))
def test_how_much_was_used_is_no_matter_of_shape(tokens, times):
    more = [times * used for used in tokens]
    assert belief(more) == pytest.approx(belief(tokens), abs=1e-6)


def test_users_who_change_between_office_and_clock_are_forecast_nearer_than_by_the_burn_rate():
    made = Series("regime change", hours_of("regime change", 26), weeks_of(26))
    by_method: dict[str, list] = {CHOOSER: [], "linear": []}
    for case in backtest([made], methods=[*by_method]).cases:
        by_method[case.method].append(case)
    ours, linear = (figures(cases) for cases in by_method.values())
    assert ours["mape"] < 0.95 * linear["mape"]
    assert ours["exhaustion_mae_h"] < 0.85 * linear["exhaustion_mae_h"]
