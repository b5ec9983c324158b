"""What applied changes really saved, and when nobody can tell yet."""

from datetime import timedelta

import pytest

from allocation.optimizer.measure import read_facts
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.operations import undo_change
from allocation.optimizer.realised import Realised, realised
from allocation.optimizer.words import came, estimate
from allocation.policy.meter import SONNET_EQUIVALENT, US_DOLLARS
from allocation.reports.guard import review_results
from tests.factories import NOW
from tests.optimizer.conftest import Ran
from tests.optimizer.test_operations import apply, opportunity

pytestmark = pytest.mark.django_db

APPLIED = NOW - timedelta(days=7)
BEFORE, AFTER = APPLIED - timedelta(days=2), APPLIED + timedelta(days=3)
WHY = {"reason": "More rework.", "actor": "chairman"}


def rows() -> list[Realised]:
    return realised(read_facts(NOW, review_results))


def applied(ran: Ran, n: int = 10) -> AppliedChange:
    ran(n, at=BEFORE, result="passed")
    return apply(opportunity(), now=APPLIED)


def test_without_a_change_there_is_nothing_to_realise() -> None:
    assert rows() == []


def test_a_task_that_costs_less_has_saved_that_much(ran: Ran) -> None:
    applied(ran)
    ran(20, at=AFTER, tier="haiku", result="passed")
    (row,) = rows()
    assert (row.before.runs, row.after.runs, row.until) == (10, 20, None)
    # 6,000 a task before and 2,000 after, 20 times, in the week since.
    assert row.per_week is not None
    assert row.per_week.budget == 20 * 4_000
    assert came(row, SONNET_EQUIVALENT).startswith("80,000 a week, 265% of the estimate")
    assert estimate(row.change, SONNET_EQUIVALENT) == "30,000 a week"


def test_a_try_that_failed_is_part_of_what_its_task_cost(ran: Ran) -> None:
    applied(ran)
    ran(5, at=AFTER, tier="haiku", result="passed")
    ran(15, at=AFTER, tier="haiku", result="rework")
    (row,) = rows()
    assert row.per_week is not None
    # 20 runs of 2,000 for 5 tasks: 8,000 each, where it was 6,000.
    assert row.per_week.budget == 5 * -2_000
    assert came(row, SONNET_EQUIVALENT).startswith("−10,000 a week, −33% of the estimate")


@pytest.mark.parametrize(("before", "after"), [(10, 9), (9, 10), (10, 0)])
def test_too_few_runs_say_nothing(ran: Ran, before: int, after: int) -> None:
    applied(ran, before)
    if after:
        ran(after, at=AFTER, tier="haiku", result="passed")
    (row,) = rows()
    assert row.per_week is None
    assert came(row, SONNET_EQUIVALENT) == (
        f"too few runs yet: {before} before and {after} after; 10 of each tell"
    )


def test_nothing_but_rework_is_no_task(ran: Ran) -> None:
    applied(ran)
    ran(10, at=AFTER, tier="haiku", result="rework")
    (row,) = rows()
    assert row.per_week is None
    assert came(row, SONNET_EQUIVALENT) == "unknown: no task ended, or some of it has no price"


def test_the_hour_of_the_change_belongs_to_before(ran: Ran) -> None:
    applied(ran)
    ran(3, at=APPLIED + timedelta(minutes=20))
    ran(4, at=APPLIED + timedelta(minutes=60))
    (row,) = rows()
    assert (row.before.runs, row.after.runs) == (13, 4)
    assert row.before.burned.records == 13


def test_an_undo_ends_what_is_counted(ran: Ran) -> None:
    change = applied(ran)
    ran(10, at=AFTER, tier="haiku")
    undo_change(change=change, now=AFTER + timedelta(hours=2), **WHY)
    ran(99, at=AFTER + timedelta(hours=5))
    (row,) = rows()
    assert row.after.runs == 10
    assert row.until == AFTER + timedelta(hours=3)


def test_the_next_change_of_the_same_place_ends_it_too(ran: Ran) -> None:
    ran(10, at=BEFORE, complexity=5, tier="opus")
    apply(opportunity(), now=APPLIED)
    ran(10, at=AFTER, complexity=5)
    apply(opportunity(), now=AFTER + timedelta(days=1))
    ran(3, at=AFTER + timedelta(days=2), tier="haiku")
    later, first = rows()
    assert (first.before.runs, first.after.runs) == (10, 10)
    assert (later.before.runs, later.after.runs) == (20, 3)
    assert later.until is None


def test_each_place_has_its_own(ran: Ran) -> None:
    applied(ran)
    ran(5, at=BEFORE, sub_agent="RETRO", phase="EXEC")
    apply(opportunity("RETRO", "EXEC"), now=APPLIED)
    ran(2, at=AFTER, phase="LEAD")
    assert [(str(row.change), row.before.runs, row.after.runs) for row in rows()] == [
        ("RETRO, EXEC", 5, 0),
        ("DOCMON, PLAN", 10, 0),
    ]


def test_an_estimate_in_another_unit_says_so(ran: Ran) -> None:
    change = applied(ran)
    assert estimate(change, US_DOLLARS) == "30,000 a week (sonnet-equivalent)"
    change.per_week = None
    assert estimate(change, US_DOLLARS) == "unknown"
