"""The plan's own meter: which readings are of one window, and what a share is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.plan_windows import Reading, opens_window, percent_of, plan_windows

START = datetime(2026, 11, 18, 20, tzinfo=UTC)
RESET = START + timedelta(days=3)


def reading(minute: int, percent: int, reset: datetime = RESET) -> Reading:
    return Reading(START + timedelta(minutes=minute), Decimal(percent), reset)


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [
        (None, reading(0, 0), True),
        (reading(0, 40), reading(1, 40), False),
        (reading(0, 40), reading(1, 41), False),
        (reading(0, 40), reading(1, 39), True),
        (reading(0, 40), reading(1, 40, RESET + timedelta(seconds=60)), False),
        (reading(0, 40), reading(1, 40, RESET + timedelta(seconds=61)), True),
        (reading(0, 40), reading(1, 45, RESET - timedelta(hours=1)), True),
    ],
)
def test_a_moved_reset_or_a_falling_percentage_opens_a_window(
    before: Reading | None, after: Reading, opens: bool
) -> None:
    assert opens_window(before, after) is opens


def test_windows_keep_their_first_and_their_last_reading() -> None:
    week, early = plan_windows([reading(0, 80), reading(9, 83), reading(20, 2), reading(30, 5)])
    assert (week.first.percent, week.last.percent, week.resets_at) == (80, 83, RESET)
    assert (early.first.percent, early.last.percent) == (2, 5)
    assert plan_windows([]) == []


readings = st.lists(st.builds(reading, st.integers(0, 9), st.integers(0, 9)), max_size=8)


@given(readings, st.randoms())
def test_the_order_in_which_readings_come_makes_no_difference(
    some: list[Reading], random: Any
) -> None:
    mixed = list(some)
    random.shuffle(mixed)
    assert plan_windows(mixed) == plan_windows(some)


@pytest.mark.parametrize(
    ("value", "whole", "expected"),
    [
        (83, 100, "83"),
        (0.83, 1, "83"),
        (1.015, 1, "101.5"),
        (0, 100, "0"),
        (1_000, 100, "1000"),
        (33.3333, 100, "33.33"),
    ],
)
def test_a_share_is_read_as_percent(value: float, whole: int, expected: str) -> None:
    assert percent_of(value, whole=whole) == Decimal(expected)


@pytest.mark.parametrize("value", [-1, 1_001, float("nan"), float("inf"), "83", True, None, {}])
def test_what_is_no_share_is_refused(value: Any) -> None:
    with pytest.raises(RuleError):
        percent_of(value, whole=100)
