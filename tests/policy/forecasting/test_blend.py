"""The blend of five paces: what each of them adds, and where the point lies."""

from collections.abc import Sequence
from random import Random

import pytest

from allocation.policy.forecasting.blend import BLEND
from allocation.policy.forecasting.methods import Expected
from allocation.policy.forecasting.series import HourlyTokens
from allocation.policy.forecasting.views import Timeline, View
from tests.policy.forecasting.made import MONDAY, weeks_of

HOURS = 168


def views(weeks: Sequence[Sequence[int]], elapsed: float) -> list[View]:
    """The weeks as they looked so many hours in; the last of them still runs."""
    tokens = tuple(used for week in weeks for used in week)
    timeline = Timeline(HourlyTokens(MONDAY, tokens), weeks_of(len(weeks)))
    seen = (timeline.finished(number, elapsed) for number in range(len(weeks) - 1))
    return [*(view for view in seen if view), timeline.running(elapsed)]


def expected(weeks: Sequence[Sequence[int]], elapsed: float) -> Expected:
    said = BLEND.expect(views(weeks, elapsed))[-1]
    assert said is not None
    return said


def level(used: int) -> list[int]:
    return [used] * HOURS


def test_the_last_days_before_the_reset_move_the_first_forecast():
    rising = [100] * 96 + [400] * 72
    steady, after = (expected([*[level(100)] * 4, last, []], 0) for last in (level(100), rising))
    assert after.middle > 1.3 * steady.middle


def test_one_idle_night_is_no_idle_week():
    office = [0] * 8 + [100] * 10 + [0] * 6
    weeks = [office * 7] * 5
    assert expected([*weeks, [0] * 8], 8).middle > 0.6 * sum(weeks[0])


def test_one_burst_in_the_first_minutes_is_no_week_of_bursts():
    weeks = [level(100)] * 5
    assert expected([*weeks, [5000]], 0.05).middle < 2 * sum(weeks[0])


def test_half_a_week_tenfold_is_believed_in_good_part():
    weeks = [level(100)] * 5
    assert expected([*weeks, [1000] * 84], 84).middle > 3 * 100 * 84


def test_where_weeks_differ_the_point_lies_below_the_middle():
    random = Random(4)
    days = [level(100)[:60] + level(random.choice([25, 400]))[60:] for _ in range(16)]
    alike, uneven = expected([level(100)] * 17, 60), expected([*days, level(100)], 60)
    assert 0.98 < alike.point / alike.middle < 1.02
    assert uneven.point < 0.85 * uneven.middle


def test_where_the_plain_burn_rate_was_right_each_week_point_and_middle_go_its_way():
    weeks = [level(100 if number % 2 else 900) for number in range(17)]
    said = expected(weeks, 60)
    rest = 900 * (HOURS - 60)
    assert said.point == pytest.approx(rest, rel=0.05)
    assert said.middle == pytest.approx(rest, rel=0.05)


def test_after_a_collapse_the_point_is_no_more_than_half_above_the_pace_of_this_week():
    said = expected([*[level(1000)] * 6, [10] * 60], 60)
    assert said.point == pytest.approx((1.5 * HOURS - 60) * 10, rel=0.02)
    assert said.middle > 2 * said.point


def test_when_nothing_is_left_of_the_week_nothing_is_expected():
    assert expected([level(100)] * 3, HOURS) == Expected(0, 0)
