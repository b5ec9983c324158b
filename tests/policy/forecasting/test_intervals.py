"""The distribution of what is still to come, and the record that it is laid around."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting.intervals import Calibration, Remaining
from allocation.policy.forecasting.methods import Expected
from allocation.policy.forecasting.past import Past
from allocation.policy.forecasting.shape import FLAT
from allocation.policy.forecasting.views import View

scores = st.lists(st.floats(-6, 6), max_size=25)
levels = st.floats(0.001, 0.999)


def view(used: int, total: int | None, counts: bool = True) -> View:
    past = Past(mean=1000, highest=2000, typical=1000)
    share = FLAT.share(0, 84)
    return View(
        past, past.shape, 0, 168, 84, used, share, 1 - share, None, 1000, 1000, total, counts
    )


def fed(totals: list[int]) -> Calibration:
    calibration = Calibration()
    for total in totals:
        calibration.note(view(500, total), Expected(500, 500))
    return calibration


def width(calibration: Calibration) -> int:
    now = view(500, None)
    remaining = calibration.distribution(now, 500)
    wide = calibration.ranges(now, remaining, Expected(500, 500))[1]
    return wide.high - wide.low


@given(scores, levels, levels)
def test_quantiles_rise_and_chances_fall(past, one, two):
    remaining = Remaining(1000, 20, inf, past)
    low, high = sorted((one, two))
    assert remaining.quantile(low) <= remaining.quantile(high)
    assert remaining.chance_of(low * 3000) >= remaining.chance_of(high * 3000)


@given(scores, levels)
def test_the_chance_of_a_quantile_is_what_its_level_leaves(past, level):
    remaining = Remaining(1000, 20, inf, past)
    tokens = remaining.quantile(level)
    if remaining.quantile(0) < tokens < remaining.quantile(1):
        assert remaining.chance_of(tokens * 1.001) - 0.02 <= 1 - level
        assert 1 - level <= remaining.chance_of(tokens * 0.999) + 0.02


def test_without_a_single_past_week_the_range_is_wide_and_finite():
    low, high = Remaining(1000, 20, inf, []).shortest(0.2)
    assert 0 <= low < 1000 < high < 10_000


def test_nothing_is_expected_above_the_ceiling():
    remaining = Remaining(1000, 20, 1500, [3.0] * 10)
    assert remaining.quantile(0.99) == 1500
    assert remaining.chance_of(1501) == 0


def test_after_misses_the_range_widens_and_after_hits_it_narrows():
    steady = [1000] * 12
    assert width(fed([*steady, 1000, 1000])) <= width(fed(steady))
    assert width(fed([*steady, 1900, 520])) > width(fed(steady))


def test_a_near_miss_moves_nothing():
    beside, inside = fed([1000] * 20 + [1009]), fed([1000] * 20)
    assert width(beside) < 1.5 * width(inside) + 20


def test_a_week_that_was_no_week_of_work_teaches_nothing():
    calibration = fed([1000, 1000])
    before = width(calibration)
    calibration.note(view(500, 500, counts=False), Expected(500, 500))
    calibration.note(view(500, None), Expected(500, 500))
    assert width(calibration) == before


def test_weeks_idle_so_far_are_measured_by_weeks_idle_so_far():
    calibration = fed([1000] * 6)
    for total in (4000, 5000, 3000, 4500):
        calibration.note(view(0, total), Expected(500, 500))
    idle = calibration.distribution(view(0, None), 500)
    busy = calibration.distribution(view(500, None), 500)
    assert idle.quantile(0.9) > 2 * busy.quantile(0.9)
    assert busy.quantile(0.5) == 500


def test_a_bias_is_believed_the_more_the_more_weeks_have_shown_it():
    medians = [
        fed([2500] * weeks).distribution(view(500, None), 500).quantile(0.5)
        for weeks in (0, 2, 8, 40)
    ]
    assert medians[0] == 500
    assert medians[1] < 520
    assert medians == sorted(medians)
    assert medians[3] > 1000
