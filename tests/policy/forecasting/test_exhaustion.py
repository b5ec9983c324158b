"""When the limit is used up, and the chance of each zone, from the tokens that are to come."""

from datetime import datetime
from math import inf

import pytest

from allocation.policy.forecasting.contract import Exhaustion
from allocation.policy.forecasting.course import Course
from allocation.policy.forecasting.exhaustion import exhaustion, zone_chances
from allocation.policy.forecasting.intervals import Remaining
from allocation.policy.forecasting.past import Past
from allocation.policy.forecasting.shape import FLAT
from allocation.policy.forecasting.views import View
from allocation.policy.zones import DEFAULT_BOUNDS, Zone
from tests.policy.forecasting.made import HOUR, MONDAY

# Half of a week is over, 500 tokens are used, and 1000 more are expected in even hours.
NOW, AHEAD = MONDAY + HOUR * 84, HOUR * 84
VIEW = View(Past(mean=1000, highest=2000, typical=1000), FLAT, 0, 168, 84, 500, FLAT.share(0, 84),
            0.5, None, 1000, 1000, None, True)  # fmt: skip
REMAINING = Remaining(1000, 20, inf, [])
MOST, LEAST = REMAINING.quantile(0.9), REMAINING.quantile(0.1)


def said(
    limit: int,
    middle: float = 1000,
    remaining: Remaining = REMAINING,
    now: datetime = NOW,
) -> Exhaustion:
    return exhaustion(
        view=VIEW,
        remaining=remaining,
        middle=middle,
        course=Course(VIEW, by_clock=True),
        limit=limit,
        now=now,
        end=NOW + AHEAD,
    )


def test_the_more_is_to_come_the_earlier_the_limit_is_reached():
    found = said(600)
    times = [found.early, found.median, found.late]
    hours = [(at - NOW) / HOUR for at in times if at]
    assert hours == pytest.approx([84 * 100 / tokens for tokens in (MOST, 1000, LEAST)], abs=1e-6)
    assert found.chance == REMAINING.chance_of(100)


def test_what_comes_to_less_does_not_reach_it_before_the_reset():
    found = said(1000)
    assert (found.median, found.late) == (NOW + AHEAD / 2, None)
    assert said(1500).median is None  # in the very moment of the reset


def test_without_any_more_use_it_is_never_reached():
    idle = Remaining(0, 0, inf, [])
    assert said(501, middle=0, remaining=idle) == Exhaustion(None, None, None, 0.0)


@pytest.mark.parametrize("now", [NOW, NOW + AHEAD])
@pytest.mark.parametrize("limit", [400, 500])
def test_a_limit_that_is_used_up_is_reached_now(limit: int, now: datetime):
    assert said(limit, now=now) == Exhaustion(now, now, now, 1.0)


def test_the_median_lies_inside_the_range():
    assert said(600, middle=10_000).median == said(600).early
    assert said(600, middle=1).median == said(600).late


def test_the_chance_of_a_zone_is_that_of_its_bound_without_that_of_the_next():
    yellow, orange, red = (REMAINING.chance_of(bound - 500) for bound in (700, 850, 950))
    chances = zone_chances(VIEW, REMAINING, 1000, DEFAULT_BOUNDS)
    expected = [1 - yellow, yellow - orange, orange - red, red]
    assert [chances[zone] for zone in Zone] == pytest.approx(expected)
    assert zone_chances(VIEW, REMAINING, 0, DEFAULT_BOUNDS)[Zone.RED] == 1
