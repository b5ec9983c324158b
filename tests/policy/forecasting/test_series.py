"""Hours of use, and the weeks laid over them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.forecasting.series import MOST_TOKENS, HourlyTokens, whole_weeks
from allocation.policy.weeks import Reset
from tests.policy.forecasting.made import HOUR, MONDAY


def test_buckets_in_any_order_become_hours_without_holes():
    hours = HourlyTokens.from_buckets([(MONDAY + HOUR * 3, 7), (MONDAY, 5)])
    assert (hours.first, hours.tokens) == (MONDAY, (5, 0, 0, 7))


@pytest.mark.parametrize(
    ("buckets", "message"),
    [
        ([], "not one hour"),
        ([(MONDAY, 1), (MONDAY, 2)], "given twice"),
        ([(MONDAY, 5), (MONDAY + HOUR, -1)], "negative"),
        ([(MONDAY, 5), (MONDAY + HOUR, MOST_TOKENS + 1)], "more tokens"),
        ([(MONDAY.replace(minute=30), 1)], "full hour"),
        ([(MONDAY.replace(tzinfo=None), 1)], "full hour"),
        ([(MONDAY, 1), (MONDAY.replace(year=1025), 1)], "ten years"),
    ],
)
def test_hours_that_cannot_be_are_refused(buckets, message):
    with pytest.raises(RuleError, match=message):
        HourlyTokens.from_buckets(buckets)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=9))
def test_a_day_laid_over_its_hours_keeps_its_sum(amounts):
    days = [(date(2025, 6, 2) + timedelta(days=n), tokens) for n, tokens in enumerate(amounts)]
    hours = HourlyTokens.from_days(days)
    for number, (_, tokens) in enumerate(days):
        own = hours.tokens[number * 24 : number * 24 + 24]
        assert sum(own) == tokens
        assert max(own) - min(own) <= 1


def test_before_a_moment_only_the_hours_that_started_are_seen():
    hours = HourlyTokens(MONDAY, (1, 2, 3))
    assert hours.before(MONDAY).tokens == ()
    assert hours.before(MONDAY + HOUR).tokens == (1,)
    assert hours.before(MONDAY + HOUR * 1.5).tokens == (1, 2)
    assert hours.before(MONDAY - HOUR * 9).tokens == ()
    assert hours.before(MONDAY + HOUR * 99).tokens == (1, 2, 3)


def test_a_first_hour_in_another_zone_is_the_same_hour():
    tokyo = MONDAY.astimezone(ZoneInfo("Asia/Tokyo"))
    assert HourlyTokens(tokyo, (1,)).index(MONDAY + HOUR) == 1
    half = timezone(timedelta(hours=5, minutes=30))
    with pytest.raises(RuleError, match="full hour"):
        HourlyTokens(datetime(2025, 6, 2, tzinfo=half), (1,))


def test_whole_weeks_leave_out_what_was_seen_in_part():
    hours = HourlyTokens(MONDAY, (1,) * 24 * 14)
    weeks = whole_weeks(hours, Reset(2, time(14), ZoneInfo("UTC")))
    assert [week.start for week in weeks] == [datetime(2025, 6, 4, 14, tzinfo=UTC)]
    assert len(whole_weeks(hours, Reset(0, time(), ZoneInfo("UTC")))) == 2


def test_the_week_in_which_the_clock_changes_is_an_hour_shorter_or_longer():
    hours = HourlyTokens(datetime(2025, 1, 1, tzinfo=UTC), (0,) * 24 * 365)
    weeks = whole_weeks(hours, Reset(0, time(14), ZoneInfo("America/Los_Angeles")))
    assert {int(week.hours) for week in weeks} == {167, 168, 169}
