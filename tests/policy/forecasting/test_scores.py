"""How a forecast is scored."""

from datetime import timedelta

import pytest

from allocation.policy.forecasting.contract import QUANTILE_LEVELS
from allocation.policy.forecasting.scores import (
    absolute_percentage_error,
    bias,
    crps,
    exhausted_at,
    exhaustion_error,
    weighted_error,
)
from allocation.policy.forecasting.series import HourlyTokens
from allocation.policy.weeks import Window
from tests.policy.forecasting.made import HOUR, MONDAY, WEEK

END = MONDAY + WEEK


@pytest.mark.parametrize(
    ("point", "total", "error"), [(150, 100, 0.5), (50, 100, 0.5), (0, 0, None), (5, 0, None)]
)
def test_the_error_is_a_share_of_what_came(point, total, error):
    assert absolute_percentage_error(point, total) == error


def test_the_weighted_error_and_the_bias_go_by_tokens():
    assert weighted_error([90, 1100], [100, 1000]) == pytest.approx(110 / 1100)
    assert bias([90, 1100], [100, 1000]) == pytest.approx(90 / 1100)
    assert weighted_error([1], [0]) is bias([1], [0]) is None


def test_crps_of_a_sure_forecast_is_its_error():
    sure = [100] * len(QUANTILE_LEVELS)
    assert crps(sure, 100) == 0
    assert crps(sure, 130) == pytest.approx(30)
    assert crps(sure, 70) == pytest.approx(30)


def test_crps_rewards_the_sharper_of_two_that_are_right():
    wide, sharp = ([1000 + int(w * (q - 0.5)) for q in QUANTILE_LEVELS] for w in (800, 100))
    assert crps(sharp, 1000) < crps(wide, 1000)


@pytest.mark.parametrize(
    ("predicted", "actual", "hours"),
    [
        (MONDAY + HOUR * 50, MONDAY + HOUR * 44, 6),
        (None, MONDAY + HOUR * 100, 68),
        (MONDAY + HOUR * 100, None, 68),
        (None, None, 0),
        (END + HOUR * 9, None, 0),
    ],
)
def test_hours_are_counted_up_to_the_end_of_the_week(predicted, actual, hours):
    assert exhaustion_error(predicted, actual, END) == hours


@pytest.mark.parametrize(
    ("limit", "after"),
    [(50, timedelta(minutes=30)), (100, timedelta(hours=1)), (150, timedelta(hours=3.5))],
)
def test_the_limit_is_reached_inside_the_hour(limit, after):
    hours = HourlyTokens(MONDAY, (100, 0, 0, 100))
    assert exhausted_at(hours, Window(MONDAY, END), limit) == MONDAY + after


def test_a_week_that_began_before_the_first_use_was_idle_until_then():
    hours = HourlyTokens(MONDAY + HOUR * 10, (100, 0, 100))
    assert exhausted_at(hours, Window(MONDAY, END), 150) == MONDAY + HOUR * 12.5


def test_a_limit_that_is_never_reached_has_no_moment():
    hours = HourlyTokens(MONDAY, (100,) * 400)
    assert exhausted_at(hours, Window(MONDAY, END), 100 * 168 + 1) is None
    assert exhausted_at(hours, Window(MONDAY, END), 100 * 168) == END
    assert exhausted_at(hours, Window(END + WEEK, END + 2 * WEEK), 100 * 90) is None
