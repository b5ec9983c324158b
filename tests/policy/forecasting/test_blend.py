"""The blend of five paces: what each of them adds, and where the point lies."""

from collections.abc import Sequence

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
    even = expected([level(100)] * 17, 60)
    uneven = expected([level(100 if number % 2 else 900) for number in range(17)], 60)
    assert 0.9 < even.point / even.middle < 1
    assert uneven.point < 0.87 * uneven.middle


def test_when_nothing_is_left_of_the_week_nothing_is_expected():
    assert expected([level(100)] * 3, HOURS) == Expected(0, 0)
