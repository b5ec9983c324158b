"""How what is to come spreads over the hours ahead."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.forecasting.course import PACE_LASTS_HOURS, Course
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


def test_use_goes_from_the_pace_of_the_moment_to_the_level_of_the_week():
    """The formula of the class, summed hour by hour."""
    seen, coming = view(64), 2_000_000.0
    shape, here = seen.shape, seen.first_hour + 64
    hours = [shape.share(here + hour, here + hour + 1) for hour in range(104)]
    faded = [share * exp(-(hour + 0.5) / PACE_LASTS_HOURS) for hour, share in enumerate(hours)]
    assert seen.pace
    assert seen.pace * sum(faded) < coming
    level = (coming - seen.pace * sum(faded)) / (sum(hours) - sum(faded))
    used = Course(seen, by_clock=False).used(coming)
    for step in (0, 1, 5, 30, 104):
        fast = sum(faded[:step])
        expected = level * (sum(hours[:step]) - fast) + seen.pace * fast
        assert used[step] == pytest.approx(expected), step


def test_no_more_runs_at_the_pace_of_the_moment_than_is_to_come():
    seen = view(64)
    assert Course(seen, by_clock=False).used(10.0)[-1] == pytest.approx(10)
    assert sorted(used := Course(seen, by_clock=False).used(10.0)) == used


@pytest.mark.parametrize(
    ("left", "hours"), [(0, 0), (255, 25.5), (10, 1), (995, 99.5), (1000, 100)]
)
def test_an_amount_is_used_within_the_hour_that_takes_it(left, hours):
    assert Course(view(68), by_clock=True).hours_until(left, 1000) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("elapsed", "parts"),
    [(164, (250, 500, 750, 1000)), (165.5, (400, 800, 1000)), (167.5, (1000,)), (168, ())],
)
def test_the_parts_are_those_by_the_end_of_each_hour(elapsed, parts):
    course = Course(view(elapsed), by_clock=True)
    assert course.per_mille(7) == parts
    assert course.per_mille(0) == (*[0] * (len(parts) - 1), *parts[-1:])


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
