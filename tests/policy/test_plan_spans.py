"""Spans between readings of the plan's meter: long enough, and never across a reset."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allocation.policy.plan_spans import plan_spans
from allocation.policy.plan_windows import Reading

START = datetime(2026, 11, 2, tzinfo=UTC)
RESET = START + timedelta(days=7)


def readings(*percents: float, first: int = 0, reset: datetime = RESET) -> list[Reading]:
    """One an hour."""
    return [
        Reading(START + timedelta(hours=first + hour), Decimal(str(percent)), reset)
        for hour, percent in enumerate(percents)
    ]


def cut(*percents: float) -> list[tuple[int, int]]:
    return ends(readings(*percents))


def ends(some: list[Reading]) -> list[tuple[int, int]]:
    return [(int(span.start.percent), int(span.end.percent)) for span in plan_spans(some)]


@pytest.mark.parametrize(
    ("percents", "spans"),
    [
        ((), []),
        ((3,), []),
        ((3, 4), []),
        ((3, 5), [(3, 5)]),
        ((3, 5, 9), [(3, 9)]),
        ((3, 4, 5, 6, 13), [(3, 5), (5, 13)]),
        ((3, 12, 13, 14, 14), [(3, 13), (13, 14)]),
        ((3, 40, 45), [(3, 40), (40, 45)]),
    ],
)
def test_spans_have_equal_time_and_five_points_on_the_average(
    percents: tuple[int, ...], spans: list[tuple[int, int]]
) -> None:
    assert cut(*percents) == spans


def test_of_readings_at_one_moment_the_highest_stands() -> None:
    assert ends([*readings(3), *readings(30)]) == []
    assert ends([*readings(3, 6, 9), *readings(7, first=1), *readings(8, first=2)]) == [(3, 9)]


def test_no_span_crosses_a_reset() -> None:
    later = RESET + timedelta(days=7)
    both = readings(80, 88) + readings(90, 96, first=50, reset=later)
    assert ends(both) == [(80, 88), (90, 96)]
    assert [span.window for span in plan_spans(both)] == [0, 1]


def test_a_percentage_that_falls_and_stays_low_is_a_reset() -> None:
    assert cut(60, 70, 2, 9) == [(60, 70), (2, 9)]


def test_idle_sessions_that_repeat_themselves_are_passed_over() -> None:
    assert cut(40, 45, 41, 40, 46, 51) == [(40, 46), (46, 51)]


def test_readings_come_in_any_order() -> None:
    assert ends(readings(3, 8, 14)[::-1]) == [(3, 8), (8, 14)]
