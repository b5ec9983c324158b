"""Where one budget week ends and the next begins, also where the clock jumps."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.weeks import (
    WEEK,
    Reset,
    Window,
    days_of,
    hours_between,
    is_skipped,
    week_around,
    week_from,
)
from tests.policy.clocks import (
    APIA,
    BERLIN,
    KOLKATA,
    LORD_HOWE,
    LOS_ANGELES,
    MONDAY,
    NUUK,
    ST_JOHNS,
    SUNDAY,
    reset_at,
    utc,
)

MICROSECOND = timedelta(microseconds=1)

ZONES = [
    LOS_ANGELES,
    BERLIN,
    LORD_HOWE,
    KOLKATA,
    NUUK,
    APIA,
    ST_JOHNS,
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/Santiago",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
]
SHIPPED = Reset(MONDAY, time(14), ZoneInfo(LOS_ANGELES))
SHIPPED_START = datetime(2025, 12, 1, 22, tzinfo=UTC)

resets = st.builds(Reset, st.integers(0, 6), st.times(), st.sampled_from(ZONES).map(ZoneInfo))
instants = st.datetimes(datetime(1995, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC))
# The hours around changes of the clock, where weeks go wrong if they go wrong.
changes = st.builds(
    lambda at, by: at + timedelta(minutes=by),
    st.sampled_from(
        [
            datetime(2026, 3, 8, 10, tzinfo=UTC),  # Los Angeles, spring
            datetime(2026, 11, 1, 9, tzinfo=UTC),  # Los Angeles, autumn
            datetime(2026, 3, 29, 1, tzinfo=UTC),  # Europe and Nuuk, spring
            datetime(2026, 10, 25, 1, tzinfo=UTC),  # Europe and Nuuk, autumn
            datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, autumn
            datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe, spring
            datetime(2010, 11, 7, 2, 31, tzinfo=UTC),  # St. John's, back over midnight
            datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia, over the date line
        ]
    ),
    st.integers(-36 * 60, 36 * 60),
)


@pytest.mark.parametrize(
    ("at", "start"),
    [
        ("2025-12-08T22:00", "2025-12-08T22:00"),
        ("2025-12-08T21:59:59.999999", "2025-12-01T22:00"),
        ("2025-12-08T22:00:00.000001", "2025-12-08T22:00"),
        ("2025-12-15T21:59:59.999999", "2025-12-08T22:00"),
        ("2025-12-09T00:00", "2025-12-08T22:00"),
        ("2025-12-14T23:59", "2025-12-08T22:00"),
    ],
)
def test_the_shipped_week_begins_on_monday_at_14_in_los_angeles(at: str, start: str) -> None:
    week = week_around(utc(at), SHIPPED)
    assert week == Window(utc(start), utc(start) + WEEK)


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        (SHIPPED_START, True),
        (SHIPPED_START - MICROSECOND, False),
        (SHIPPED_START + WEEK - MICROSECOND, True),
        (SHIPPED_START + WEEK, False),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(at: datetime, inside: bool) -> None:
    assert (at in Window(SHIPPED_START, SHIPPED_START + WEEK)) is inside


@pytest.mark.parametrize(
    ("length", "hours"),
    [
        (timedelta(0), Fraction(0)),
        (timedelta(hours=1), Fraction(1)),
        (timedelta(minutes=20), Fraction(1, 3)),
        (MICROSECOND, Fraction(1, 3_600_000_000)),
        (-MICROSECOND, Fraction(-1, 3_600_000_000)),
        (timedelta(days=-7), Fraction(-168)),
    ],
)
def test_hours_are_exact(length: timedelta, hours: Fraction) -> None:
    assert hours_between(SHIPPED_START, SHIPPED_START + length) == hours


@pytest.mark.parametrize(
    ("zone", "at", "start", "hours"),
    [
        (LOS_ANGELES, "14:00", "2026-03-01T22:00", [167, 168]),
        (LOS_ANGELES, "14:00", "2026-10-25T21:00", [169, 168]),
        (LOS_ANGELES, "02:30", "2026-03-01T10:30", [168, 167]),  # moved to 03:30, then back
        (LOS_ANGELES, "01:30", "2026-10-25T08:30", [168, 169]),  # the first 01:30, then the only
        (BERLIN, "02:30", "2026-03-22T01:30", [168, 167]),
        (BERLIN, "02:30", "2026-10-18T00:30", [168, 169]),
        (LORD_HOWE, "02:15", "2026-09-26T15:45", [168, Fraction(335, 2)]),
        (LORD_HOWE, "01:45", "2026-03-28T14:45", [168, Fraction(337, 2)]),
        (KOLKATA, "02:30", "2026-03-21T21:00", [168, 168]),
    ],
)
def test_a_week_over_a_change_of_the_clock_is_longer_or_shorter(
    zone: str, at: str, start: str, hours: list[Fraction]
) -> None:
    first = week_around(utc(start), reset_at(zone, SUNDAY, at))
    second = week_around(first.end, reset_at(zone, SUNDAY, at))
    assert first.start == utc(start)
    assert [first.hours, second.hours] == hours


def test_the_evening_that_comes_twice_over_midnight_belongs_to_the_new_week() -> None:
    reset = reset_at(ST_JOHNS, SUNDAY, "00:00")
    start = utc("2010-11-07T02:30")  # the first midnight; at 00:01 it is Saturday, 23:01, again
    evening = utc("2010-11-07T03:00")
    assert evening.astimezone(reset.zone).date() == date(2010, 11, 6)
    assert week_around(evening, reset).start == start
    assert week_around(start - MICROSECOND, reset).end == start


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-12-08T22:00", "2025-12-15T22:00"),  # on the rule
        ("2025-12-08T21:00", "2025-12-08T22:00"),  # an hour early: the rule still holds
        ("2025-12-10T09:30", "2025-12-15T22:00"),  # an early reset in mid-week
        ("2025-12-15T21:59:59.999999", "2025-12-15T22:00"),
    ],
)
def test_a_week_off_the_rule_ends_at_the_next_reset(start: str, end: str) -> None:
    assert week_from(utc(start), SHIPPED) == Window(utc(start), utc(end))


@given(instants | changes, resets)
def test_weeks_tile_time_without_gap_or_overlap(at: datetime, reset: Reset) -> None:
    week = week_around(at, reset)
    assert at in week
    assert week_around(week.start, reset) == week
    assert week_around(week.end - MICROSECOND, reset) == week
    assert week_around(week.end, reset).start == week.end
    assert week_around(week.start - MICROSECOND, reset).end == week.start


def test_the_days_of_a_window_begin_at_midnight_on_the_clock_also_where_it_changes() -> None:
    berlin = ZoneInfo(BERLIN)
    days = days_of(Window(utc("2026-10-23T12:00"), utc("2026-10-26T23:00")), berlin)
    assert [f"{day:%d %H:%M %z}" for day in days] == [
        "23 00:00 +0200",
        "24 00:00 +0200",
        "25 00:00 +0200",
        "26 00:00 +0100",
    ]


@given(instants | changes, resets)
def test_a_week_is_never_more_than_a_day_longer_or_shorter_than_7_days(
    at: datetime, reset: Reset
) -> None:
    assert 144 <= week_around(at, reset).hours <= 192


@given(instants | changes, resets)
def test_a_week_begins_at_the_reset_on_the_owner_s_clock_unless_that_is_skipped(
    at: datetime, reset: Reset
) -> None:
    shown = week_around(at, reset).start.astimezone(reset.zone)
    on_the_rule = (shown.weekday(), shown.time()) == (reset.weekday, reset.at)
    assert on_the_rule or any(
        is_skipped(shown.date() - timedelta(days=back), reset) for back in (0, 1)
    )


@given(instants | changes, resets)
def test_a_week_from_any_moment_ends_where_the_week_around_it_ends(
    at: datetime, reset: Reset
) -> None:
    week = week_from(at, reset)
    assert week.start == at
    assert week.end == week_around(at, reset).end > at
