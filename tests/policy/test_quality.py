"""Quality events, the quality guard (risks R2 and R8), and when data is ready."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from allocation.policy.errors import RuleError
from allocation.policy.quality import (
    MOST_COUNTED,
    Alarm,
    EventKind,
    Readiness,
    TierResults,
    check_event,
    quality_alarms,
    readiness,
)
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SHIPPED_TIERS, SONNET, Tier

REVIEW, E2E, SECURITY = EventKind.REVIEW, EventKind.E2E, EventKind.SECURITY
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "passed", "failed"),
    [
        (REVIEW, 1, 0),
        (REVIEW, 0, 1),
        (E2E, 1, 0),
        (E2E, 0, 1),
        (E2E, 1, 1),
        (E2E, MOST_COUNTED, 0),
        (SECURITY, 0, 0),
        (SECURITY, 0, 7),
    ],
)
def test_counts_that_an_event_can_have(kind: EventKind, passed: int, failed: int) -> None:
    check_event(kind, passed=passed, failed=failed)


@pytest.mark.parametrize(
    ("kind", "passed", "failed", "sentence"),
    [
        (REVIEW, 0, 0, "once"),
        (REVIEW, 1, 1, "once"),
        (REVIEW, 2, 0, "once"),
        (E2E, 0, 0, "No test ran"),
        (E2E, -1, 2, "negative"),
        (E2E, MOST_COUNTED, 1, "cannot be the count"),
        (SECURITY, 0, MOST_COUNTED + 1, "cannot be the count"),
        (SECURITY, 1, 0, "counts issues"),
        (SECURITY, 0, -1, "negative"),
    ],
)
def test_counts_that_no_event_can_have(
    kind: EventKind, passed: int, failed: int, sentence: str
) -> None:
    with pytest.raises(RuleError, match=sentence):
        check_event(kind, passed=passed, failed=failed)


def ran(tier: Tier, passed: int, failed: int = 0, rework: int = 0, day: int = 0) -> TierResults:
    """Results of one day; the higher tier's come first unless a test says otherwise."""
    return TierResults(tier, passed, failed, rework, MONDAY + day * DAY, MONDAY + (day + 1) * DAY)


def alarms(*results: TierResults, least: Tier = HAIKU) -> list[Alarm]:
    return quality_alarms(results, least=least, tiers=SHIPPED_TIERS)


@pytest.mark.parametrize(
    ("before", "after", "falls"),
    [
        ((100, 0), (95, 5), False),  # 5 points are allowed
        ((100, 0), (94, 6), True),
        ((1000, 0), (949, 51), True),
        ((50, 50), (44, 56), True),
        ((50, 50), (60, 40), False),  # better than before
        ((9, 0), (5, 5), False),  # nine are too few to compare with
        ((10, 0), (9, 1), True),
        ((100, 0), (5, 4), False),  # and nine are too few to judge
    ],
)
def test_a_pass_rate_that_falls_by_more_than_5_points_is_an_alarm(
    before: tuple[int, int], after: tuple[int, int], falls: bool
) -> None:
    found = alarms(ran(SONNET, *before), ran(HAIKU, *after, day=3))
    assert bool(found) is falls
    assert all(alarm.raise_to == SONNET and not alarm.too_much_rework for alarm in found)


def test_an_alarm_says_by_how_much() -> None:
    (alarm,) = alarms(ran(SONNET, 19, 1), ran(HAIKU, 15, 5, day=3))
    assert (alarm.drop, alarm.after.n) == (20, 20)
    assert alarm.before is not None
    assert alarm.before.pass_rate == Fraction(19, 20)


def test_rework_does_not_pass_at_the_first_try() -> None:
    (alarm,) = alarms(ran(SONNET, 20), ran(HAIKU, 18, 0, 2, day=3))
    assert (alarm.drop, alarm.too_much_rework) == (10, False)


def test_an_upgrade_is_no_downgrade() -> None:
    assert alarms(ran(HAIKU, 10, 10, day=0), ran(SONNET, 20, day=3)) == []


def test_the_next_tier_above_is_compared_and_not_the_highest() -> None:
    (alarm,) = alarms(ran(OPUS, 100), ran(SONNET, 98, 2, day=2), ran(HAIKU, 50, 50, day=4))
    assert (alarm.after.tier, alarm.raise_to) == (HAIKU, SONNET)


@pytest.mark.parametrize(("rework", "alarmed"), [(30, False), (31, True)])
def test_rework_above_30_percent_is_an_alarm(rework: int, alarmed: bool) -> None:
    found = alarms(ran(HAIKU, 100 - rework, 0, rework))
    assert bool(found) is alarmed
    assert all(alarm.too_much_rework and alarm.before is None for alarm in found)


@pytest.mark.parametrize(
    ("tier", "proposed"), [(HAIKU, SONNET), (SONNET, OPUS), (OPUS, None), (FABLE, None)]
)
def test_rework_falls_back_to_the_next_tier_and_never_above_opus(
    tier: Tier, proposed: Tier | None
) -> None:
    (alarm,) = alarms(ran(tier, 10, 0, 10))
    assert (alarm.raise_to, alarm.drop) == (proposed, 0)


@pytest.mark.parametrize(
    ("after", "before", "raise_to"),
    [
        (ran(HAIKU, 50, 50, day=3), OPUS, OPUS),  # back to where it passed
        (ran(HAIKU, 60, 0, 40, day=3), None, SONNET),  # no better there: one tier up
    ],
)
def test_an_alarm_goes_back_to_the_tier_that_did_better_and_else_one_up(
    after: TierResults, before: Tier | None, raise_to: Tier
) -> None:
    alarm = alarms(ran(OPUS, 60, 0, 40), after)[0]
    assert (alarm.before.tier if alarm.before else None, alarm.raise_to) == (before, raise_to)


def test_alarms_come_from_the_least_tier_up() -> None:
    found = alarms(ran(OPUS, 10), ran(SONNET, 5, 5, day=1), ran(HAIKU, 0, 10, day=2))
    assert [alarm.after.tier for alarm in found] == [HAIKU, SONNET]


def test_what_the_floor_keeps_out_by_now_has_been_rolled_back() -> None:
    results = (ran(SONNET, 20), ran(HAIKU, 10, 10, day=3))
    assert len(alarms(*results)) == 1
    assert alarms(*results, least=SONNET) == []


def test_without_results_there_is_no_alarm() -> None:
    assert alarms() == []


@pytest.mark.parametrize(
    ("part", "of", "found"),
    [
        (0, 0, Readiness.NO_DATA),
        (5, 0, Readiness.NO_DATA),
        (0, 10, Readiness.NOT_READY),
        (1, 1, Readiness.READY),
        (499, 1000, Readiness.NOT_READY),
        (500, 1000, Readiness.CALIBRATE),
        (899, 1000, Readiness.CALIBRATE),
        (900, 1000, Readiness.READY),
        (1000, 1000, Readiness.READY),
    ],
)
def test_data_is_ready_from_90_percent_on(part: int, of: int, found: Readiness) -> None:
    assert readiness(part, of) is found
