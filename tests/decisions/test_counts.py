"""Counts of decisions are remembered for days that are over, and never differ from the rows."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q

from allocation.decisions.counts import ALIKE, alike, count_weeks, recount, week_start
from allocation.decisions.models import CountedWeek, Decision, DecisionCount
from allocation.decisions.operations import Run, decide
from allocation.decisions.outcomes import RunOutcome, observe_decision, record_outcome
from allocation.decisions.situation import situation_at
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.reports.kpi_page import kpi_page
from tests.factories import (
    NOW,
    WEEK_END,
    WEEK_START,
    BudgetWeekFactory,
    DecisionFactory,
    OverrideFactory,
)

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
SINCE = WEEK_START - 2 * WEEK
LAST_WEEK = NOW - WEEK


@pytest.fixture
def year() -> None:
    """Three weeks with decisions of every kind, also at their edges and today."""
    for age in (2, 1, 0):
        BudgetWeekFactory(start=WEEK_START - age * WEEK)
        at = NOW - age * WEEK
        DecisionFactory.create_batch(3, at=at, observed="haiku", result="passed")
        DecisionFactory(at=at, outcome="defer", recommended=None)
        DecisionFactory(at=at - timedelta(days=1), override=OverrideFactory())
        DecisionFactory(at=at - timedelta(days=1), observed="opus", override_reason="Saving")
        DecisionFactory(at=at - timedelta(days=1), observed="opus", mismatch="silent_mismatch")
    DecisionFactory(at=WEEK_START, sub_agent="DOCMON")
    DecisionFactory(at=SINCE, sub_agent="DOCMON")


def counted() -> None:
    count_weeks(now=NOW)
    count_weeks(now=NOW)


def sums(*by: str, **options: Any) -> dict[tuple[Any, ...], list[Any]]:
    """What `alike` finds, rows of the same columns added up."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in alike(by, since=SINCE, until=NOW + timedelta(seconds=1), **options):
        key = (*(row[name] for name in by), row["overridden"])
        n, first, last = found.get(key, [0, row["first"], row["last"]])
        found[key] = [n + row["n"], min(first, row["first"]), max(last, row["last"])]
    return found


@pytest.mark.parametrize("by", [(), ("outcome",), ("observed", "result"), ALIKE])
@pytest.mark.parametrize("by_week", [False, True])
def test_what_is_remembered_is_what_the_rows_say(
    year: None, by: tuple[str, ...], by_week: bool
) -> None:
    rows = sums(*by, by_week=by_week)
    counted()
    assert DecisionCount.objects.exists()
    assert sums(*by, by_week=by_week) == rows
    assert sum(n for n, _, _ in rows.values()) == Decision.objects.count()


def test_only_the_rows_of_today_are_asked(year: None) -> None:
    counted()
    ends = CountedWeek.objects.values_list("end", flat=True)
    assert max(ends) == NOW.replace(hour=0, minute=0, second=0)
    Decision.objects.filter(at__lt=NOW.replace(hour=0)).update(outcome="pause")  # behind its back
    assert {key[0] for key in sums("outcome", only=~Q(outcome="defer"))} == {"use"}


def test_by_week_no_row_is_of_two_weeks(year: None) -> None:
    before = alike(("outcome",), since=SINCE, until=NOW, by_week=True)
    counted()
    for rows in (before, alike(("outcome",), since=SINCE, until=NOW, by_week=True)):
        assert all(week_start(row["first"]) == week_start(row["last"]) for row in rows)


@pytest.mark.parametrize("change", ["observed", "result"])
def test_a_decision_that_changes_late_is_counted_as_it_is_now(year: None, change: str) -> None:
    late = DecisionFactory(at=LAST_WEEK)
    counted()
    if change == "observed":
        observe_decision(decision=late, model="opus")
    else:
        outcome = RunOutcome(result="failed")
        record_outcome(decision=late, outcome=outcome, actor="fleet", now=NOW)
    column = {"observed": "opus", "result": "failed"}[change]
    assert (column, False) in sums(change)
    assert count_weeks(now=NOW) == 1
    assert (column, False) in sums(change)


@pytest.mark.parametrize("at", [LAST_WEEK, NOW - timedelta(days=1)])
def test_a_decision_told_of_late_is_counted(year: None, at: datetime) -> None:
    counted()
    task = Task("RETRO", Phase.EXEC, 1)
    decide(situation=situation_at(NOW), run=Run(task=task), actor="fleet", now=at)
    assert ("RETRO", False) in sums("sub_agent")


def test_what_happens_today_leaves_the_counts_alone(year: None) -> None:
    counted()
    today = DecisionFactory(at=NOW)
    observe_decision(decision=today, model="opus")
    assert not CountedWeek.objects.filter(ready=False).exists()
    recount(NOW - timedelta(days=1))
    assert CountedWeek.objects.filter(ready=False).count() == 1


def test_counting_again_counts_nothing_until_a_day_is_over(year: None) -> None:
    counted()
    assert count_weeks(now=NOW + timedelta(hours=2)) == 0
    tomorrow = NOW + timedelta(days=1)
    assert (count_weeks(now=tomorrow), count_weeks(now=tomorrow)) == (0, 1)
    after = WEEK_END + timedelta(days=1)
    count_weeks(now=after)
    assert CountedWeek.objects.order_by("end").last().end == WEEK_END  # type: ignore[union-attr]


def test_the_kpis_are_the_same_before_and_after(year: None) -> None:
    before = kpi_page(NOW, ZoneInfo("UTC"))
    counted()
    assert CountedWeek.objects.filter(ready=True).count() == 3
    assert kpi_page(NOW, ZoneInfo("UTC")) == before


def test_a_moment_outside_every_week_begins_with_itself() -> None:
    assert week_start(NOW) == NOW
