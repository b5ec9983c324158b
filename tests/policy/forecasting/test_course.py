"""How what is to come spreads over the hours ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting.course import Course
from allocation.policy.forecasting.series import HourlyTokens
from allocation.policy.forecasting.views import Timeline, View
from tests.policy.forecasting.made import MONDAY, hours_of, weeks_of


def view(elapsed: float, kind: str = "office hours", past: int = 5) -> View:
    hours = hours_of(kind, past + elapsed / 168)
    return Timeline(hours, weeks_of(past + 1)).running(elapsed)


def test_by_the_clock_every_hour_takes_the_same():
    used = Course(view(68), by_clock=True).used(1000)
    assert used == pytest.approx([10 * hour for hour in range(101)])


def test_nights_and_weekends_take_next_to_nothing():
    used = Course(view(64), by_clock=False).used(1000)
    # 64 hours in it is Wednesday 16:00; the office closes at 18:00.
    night, thursday, weekend = (used[b] - used[a] for a, b in ((3, 15), (16, 26), (60, 104)))
    assert night < 20
    assert thursday > 300
    assert weekend < 30
    assert used[-1] == pytest.approx(1000)


def test_the_next_hours_go_on_at_the_pace_of_the_last_ones():
    steady = hours_of("around the clock", 5).tokens
    quick, slow = (
        Timeline(
            HourlyTokens(MONDAY, (*steady, *[100_000] * 48, *[pace] * 12)), weeks_of(6)
        ).running(60)
        for pace in (400_000, 25_000)
    )
    soon, late = (Course(each, by_clock=False).used(1e7)[12] for each in (quick, slow))
    assert soon > 1.5 * late


@given(st.floats(0.5, 167.5), st.floats(1, 1e9), st.floats(0.01, 1), st.booleans())
def test_the_hours_until_an_amount_are_those_by_which_it_is_used(elapsed, coming, part, by_clock):
    course = Course(view(elapsed, past=2), by_clock=by_clock)
    hours = course.hours_until(part * coming, coming)
    assert 0 <= hours <= 168 - elapsed
    used = course.used(coming)
    whole = min(int(hours), len(used) - 2)
    assert used[whole] <= part * coming * 1.0001
    assert part * coming <= used[whole + 1] * 1.0001


def test_after_the_reset_there_is_no_course():
    assert Course(view(168), by_clock=False).per_mille(0) == ()
    assert Course(view(150), by_clock=False).per_mille(0)[-1] == 1000
