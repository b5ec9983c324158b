"""What is due, and how often a message is tried."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.reminders import (
    ActiveSd,
    Circumstances,
    Due,
    PhaseWork,
    ReminderKind,
    check_quiet_hours,
    closes_soon,
    due,
    next_try,
)
from allocation.policy.weeks import Window
from allocation.policy.zones import Zone

START = datetime(2026, 11, 16, 22, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))
NOW = START + timedelta(days=3)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CLOSING = WEEK.end - 24 * HOUR


def found(**given: Any) -> list[Due]:
    return due(Circumstances(**{"now": NOW, "week": WEEK, "quiet_hours": 24, **given}))


@pytest.mark.parametrize(
    ("silence", "hours", "is_due"),
    [
        (24 * HOUR - MINUTE, 24, False),
        (24 * HOUR, 24, True),
        (900 * HOUR, 24, True),
        (HOUR, 1, True),
        (-HOUR, 1, False),
    ],
)
def test_an_sd_without_news_is_due(silence: timedelta, hours: int, is_due: bool) -> None:
    sds = [ActiveSd("SD-A", NOW - silence)]
    assert bool(found(sds=sds, quiet_hours=hours)) is is_due


def test_each_silence_has_a_key_of_its_own() -> None:
    keys = {found(sds=[ActiveSd("SD-A", NOW - hours * HOUR)])[0].key for hours in (30, 40)}
    assert keys == {"quiet_sd SD-A 2026-11-18T16:00Z", "quiet_sd SD-A 2026-11-18T06:00Z"}


@pytest.mark.parametrize(
    ("current", "logged_at", "captured", "is_due"),
    [
        (True, None, False, True),  # in it, and nothing known of it
        (True, CLOSING - MINUTE, False, True),  # logged before the last day
        (True, CLOSING, False, False),  # logged or entered on the last day
        (True, CLOSING, True, True),  # burned more since
        (False, None, False, False),  # never in it
        (False, None, True, True),  # burned there, never logged
        (False, START, True, False),  # trails in after its hand-over
    ],
)
def test_a_phase_is_logged_or_due_on_the_last_day(
    current: bool, logged_at: datetime | None, captured: bool, is_due: bool
) -> None:
    work = PhaseWork("SD-A", Phase.EXEC, current, logged_at, captured)
    assert bool(found(now=CLOSING, phases=[work])) is is_due
    assert not found(now=CLOSING - MINUTE, phases=[work])


@pytest.mark.parametrize(
    ("now", "soon"),
    [
        (CLOSING - MINUTE, False),
        (CLOSING, True),
        (WEEK.end - MINUTE, True),
        (WEEK.end, False),
    ],
)
def test_a_week_closes_within_a_day(now: datetime, soon: bool) -> None:
    assert closes_soon(WEEK, now) is soon


def test_all_phases_of_a_week_are_one_reminder() -> None:
    work = [PhaseWork(f"SD-{n}", Phase.PLAN, True, None, False) for n in range(30)]
    (only,) = found(now=CLOSING, phases=work)
    assert (only.key, len(only.phases)) == ("unlogged 2026-11-16T22:00Z", 30)


@pytest.mark.parametrize(
    ("zone", "keys"),
    [
        (None, []),
        (Zone.GREEN, []),
        (Zone.YELLOW, ["zone 2026-11-16T22:00Z YELLOW"]),
        (Zone.ORANGE, ["zone 2026-11-16T22:00Z ORANGE"]),
        (Zone.RED, ["zone 2026-11-16T22:00Z RED"]),
    ],
)
def test_each_bound_is_due_once_a_week(zone: Zone | None, keys: list[str]) -> None:
    assert [each.key for each in found(zone=zone)] == keys


@pytest.mark.parametrize(
    ("exhausts_at", "exhausted", "is_due"),
    [
        (None, False, False),
        (NOW + 24 * HOUR, False, True),
        (NOW + 24 * HOUR + MINUTE, False, False),
        (NOW - HOUR, False, True),  # the forecast is an hour old
        (None, True, True),
    ],
)
def test_exhaustion_within_a_day_is_due(
    exhausts_at: datetime | None, exhausted: bool, is_due: bool
) -> None:
    given = {"exhausts_at": exhausts_at, "exhausted": exhausted}
    kinds = [each.kind for each in found(zone=Zone.GREEN, **given)]
    assert (ReminderKind.EXHAUSTION in kinds) is is_due
    assert not found(zone=None, **given)  # off is off


def test_a_week_that_ends_first_does_not_run_out() -> None:
    late = {"now": WEEK.end - HOUR, "exhausts_at": WEEK.end}
    assert not found(zone=Zone.GREEN, **late)


def test_another_limit_asks_the_question_anew() -> None:
    keys = {found(zone=Zone.GREEN, exhausted=True, limit=limit)[0].key for limit in ("5", "6")}
    assert len(keys) == 2


def test_a_message_is_tried_six_times_in_six_hours() -> None:
    at, waits = NOW, []
    for tries in range(1, 7):
        again = next_try(tries, at)
        if again is not None:
            waits.append((again - at) // MINUTE)
            at = again
    assert waits == [1, 4, 16, 64, 256]


@pytest.mark.parametrize("hours", [1, 720])
def test_an_hour_and_a_month_are_a_silence(hours: int) -> None:
    check_quiet_hours(hours)


@pytest.mark.parametrize("hours", [0, -1, 721])
def test_so_many_hours_are_no_silence(hours: int) -> None:
    with pytest.raises(RuleError, match="1 to 720 hours"):
        check_quiet_hours(hours)
