"""The moment of one reset, where the clock skips it or shows it twice."""

from datetime import date

import pytest

from allocation.policy.weeks import is_skipped, next_skipped, reset_on
from tests.policy.clocks import (
    APIA,
    BERLIN,
    KOLKATA,
    LORD_HOWE,
    LOS_ANGELES,
    MONDAY,
    NUUK,
    SATURDAY,
    SUNDAY,
    reset_at,
    utc,
)


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant", "skipped"),
    [
        # Los Angeles goes from 02:00 to 03:00 on 2026-03-08.
        (LOS_ANGELES, "2026-03-08", "01:59:59.999999", "2026-03-08T09:59:59.999999", False),
        (LOS_ANGELES, "2026-03-08", "02:00", "2026-03-08T10:00", True),
        (LOS_ANGELES, "2026-03-08", "02:30", "2026-03-08T10:30", True),
        (LOS_ANGELES, "2026-03-08", "02:59:59.999999", "2026-03-08T10:59:59.999999", True),
        (LOS_ANGELES, "2026-03-08", "03:00", "2026-03-08T10:00", False),
        # Berlin goes from 02:00 to 03:00 on 2026-03-29.
        (BERLIN, "2026-03-29", "01:59", "2026-03-29T00:59", False),
        (BERLIN, "2026-03-29", "02:00", "2026-03-29T01:00", True),
        (BERLIN, "2026-03-29", "02:30", "2026-03-29T01:30", True),
        (BERLIN, "2026-03-29", "03:00", "2026-03-29T01:00", False),
        # Lord Howe goes from 02:00 to 02:30 on 2026-10-04.
        (LORD_HOWE, "2026-10-04", "01:59", "2026-10-03T15:29", False),
        (LORD_HOWE, "2026-10-04", "02:00", "2026-10-03T15:30", True),
        (LORD_HOWE, "2026-10-04", "02:15", "2026-10-03T15:45", True),
        (LORD_HOWE, "2026-10-04", "02:30", "2026-10-03T15:30", False),
        # Kolkata keeps its clock.
        (KOLKATA, "2026-03-29", "02:30", "2026-03-28T21:00", False),
        # Nuuk goes from Saturday 23:00 to Sunday 00:00; Apia went from Thursday to Saturday.
        (NUUK, "2026-03-28", "23:30", "2026-03-29T01:30", True),
        (APIA, "2011-12-30", "10:00", "2011-12-30T20:00", True),
        (APIA, "2011-12-31", "10:00", "2011-12-30T20:00", False),
    ],
)
def test_a_reset_that_the_clock_skips_is_moved_on_by_the_skip(
    zone: str, day: str, at: str, instant: str, skipped: bool
) -> None:
    reset = reset_at(zone, 0, at)
    assert reset_on(date.fromisoformat(day), reset) == utc(instant)
    assert is_skipped(date.fromisoformat(day), reset) is skipped


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        # Los Angeles goes back from 02:00 to 01:00 on 2026-11-01.
        (LOS_ANGELES, "2026-11-01", "00:59", "2026-11-01T07:59"),
        (LOS_ANGELES, "2026-11-01", "01:00", "2026-11-01T08:00"),
        (LOS_ANGELES, "2026-11-01", "01:59", "2026-11-01T08:59"),
        (LOS_ANGELES, "2026-11-01", "02:00", "2026-11-01T10:00"),
        # Berlin goes back from 03:00 to 02:00 on 2026-10-25.
        (BERLIN, "2026-10-25", "02:30", "2026-10-25T00:30"),
        (BERLIN, "2026-10-25", "03:00", "2026-10-25T02:00"),
        # Lord Howe goes back from 02:00 to 01:30 on 2026-04-05.
        (LORD_HOWE, "2026-04-05", "01:29", "2026-04-04T14:29"),
        (LORD_HOWE, "2026-04-05", "01:45", "2026-04-04T14:45"),
        (LORD_HOWE, "2026-04-05", "02:00", "2026-04-04T15:30"),
        (KOLKATA, "2026-10-25", "02:30", "2026-10-24T21:00"),
    ],
)
def test_of_a_reset_that_comes_twice_the_first_is_taken(
    zone: str, day: str, at: str, instant: str
) -> None:
    reset = reset_at(zone, 0, at)
    assert reset_on(date.fromisoformat(day), reset) == utc(instant)
    assert not is_skipped(date.fromisoformat(day), reset)


@pytest.mark.parametrize(
    ("zone", "weekday", "at", "after", "day"),
    [
        (LOS_ANGELES, SUNDAY, "02:30", "2025-12-06T00:00", "2026-03-08"),
        (LOS_ANGELES, SUNDAY, "02:30", "2026-03-08T10:29:59.999999", "2026-03-08"),
        (LOS_ANGELES, SUNDAY, "02:30", "2026-03-08T10:30", "2027-03-14"),  # it has just been
        (LOS_ANGELES, SUNDAY, "03:00", "2025-12-06T00:00", None),
        (LOS_ANGELES, MONDAY, "02:30", "2025-12-06T00:00", None),
        (BERLIN, SUNDAY, "02:00", "2025-12-06T00:00", "2026-03-29"),
        (LORD_HOWE, SUNDAY, "02:29", "2025-12-06T00:00", "2026-10-04"),
        (LORD_HOWE, SUNDAY, "02:30", "2025-12-06T00:00", None),
        (KOLKATA, SUNDAY, "02:30", "2025-12-06T00:00", None),
        (NUUK, SATURDAY, "23:30", "2026-04-01T00:00", "2027-03-27"),
    ],
)
def test_the_next_reset_that_the_clock_skips_is_known_ahead(
    zone: str, weekday: int, at: str, after: str, day: str | None
) -> None:
    expected = date.fromisoformat(day) if day else None
    assert next_skipped(utc(after), reset_at(zone, weekday, at)) == expected


@pytest.mark.parametrize(("weeks", "found"), [(13, False), (14, True)])
def test_a_skipped_reset_is_looked_for_so_many_weeks_ahead(weeks: int, found: bool) -> None:
    reset = reset_at(LOS_ANGELES, SUNDAY, "02:30")
    skipped = next_skipped(utc("2025-12-06T00:00"), reset, weeks)
    assert (skipped == date(2026, 3, 8)) is found
