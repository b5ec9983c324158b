"""Budget weeks: each is made once, from the rule, and fits between those that are stored."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from threading import Event

import pytest
from django.db import connection, transaction

from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.budgets.operations import ensure_week, ensure_weeks, set_limit
from allocation.budgets.weeks import window_to_come
from allocation.rights.roles import Role, act_as
from tests.factories import WEEK_END, WEEK_START, BudgetWeekFactory

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def test_the_week_of_a_moment_is_made_once(now: datetime) -> None:
    week = ensure_week(now=now)
    assert (week.start, week.end, week.limit) == (WEEK_START, WEEK_END, 500_000)
    assert ensure_week(now=now + timedelta(days=2)) == week
    assert BudgetWeek.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_week_that_opens_while_the_limit_changes_has_the_new_one(now: datetime) -> None:
    reading = Event()

    def open_week() -> None:
        try:
            reading.set()
            ensure_week(now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1, initializer=act_as, initargs=[Role.SYSTEM]) as pool:
        with transaction.atomic():
            set_limit(limit=Decimal(200_000), actor="chairman", now=now)
            opened = pool.submit(open_week)
            reading.wait(timeout=20)
            wait([opened], timeout=0.5)  # it waits for this change, or has not seen it
        opened.result(timeout=20)
    assert BudgetWeek.objects.get().limit == 200_000


def test_a_week_ends_where_the_next_begins(now: datetime) -> None:
    first = ensure_week(now=WEEK_END - timedelta(microseconds=1))
    second = ensure_week(now=WEEK_END)
    assert (first.end, second.start) == (WEEK_END, WEEK_END)


def test_missing_weeks_of_the_past_are_made_without_gaps(now: datetime) -> None:
    made = ensure_weeks(since=now - 3 * WEEK, now=now)
    weeks = list(BudgetWeek.objects.order_by("start"))
    assert made == len(weeks) == 4
    assert all(a.end == b.start for a, b in pairwise(weeks))
    assert ensure_weeks(since=now - 3 * WEEK, now=now) == 0
    weeks[1].delete()
    weeks[3].delete()
    assert ensure_weeks(since=now - 4 * WEEK, now=now) == 3
    weeks = list(BudgetWeek.objects.order_by("start"))
    assert all(a.end == b.start for a, b in pairwise(weeks))


def test_no_week_is_made_for_what_is_older_than_all_models(now: datetime) -> None:
    made = ensure_weeks(since=datetime(1, 1, 1, tzinfo=UTC), now=now)
    assert 300 < made < 400


def test_a_week_to_come_fits_between_those_that_are_stored(now: datetime) -> None:
    BudgetWeekFactory(start=WEEK_START - WEEK, end=WEEK_START + timedelta(hours=5))
    BudgetWeekFactory(start=WEEK_END - timedelta(hours=3))
    window = window_to_come(now, BudgetRule.objects.get())
    assert window.start == WEEK_START + timedelta(hours=5)
    assert window.end == WEEK_END - timedelta(hours=3)


def test_looking_at_a_week_to_come_stores_nothing(now: datetime) -> None:
    window_to_come(now, BudgetRule.objects.get())
    assert not BudgetWeek.objects.exists()
