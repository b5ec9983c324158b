"""The budget rule, and how a change reaches the running week and no other."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, Meter
from allocation.budgets.operations import (
    RuleChange,
    change_rule,
    check_unit,
    ensure_week,
    limit_was_set,
    set_limit,
    set_reserve,
    switch,
    undo_last,
)
from allocation.policy.errors import RuleError
from allocation.policy.meter import PRESETS
from tests.factories import WEEK_START, BudgetWeekFactory

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def change(now: datetime, **values: Any) -> BudgetRule:
    return change_rule(change=RuleChange(**values), actor="chairman", now=now, reason="Because.")


def meter(name: str) -> Meter:
    return Meter.objects.get(name=name)


def test_the_rule_that_ships_is_the_reports_first_guess() -> None:
    rule = BudgetRule.objects.get()
    assert (rule.enabled, rule.limit, rule.reserve_percent) == (True, 500_000, 0)
    assert (rule.reset_weekday, rule.reset_time) == (0, time(14))
    assert rule.timezone == "America/Los_Angeles"
    assert (rule.yellow_percent, rule.orange_percent, rule.red_percent) == (70, 85, 95)
    assert rule.meter.name == "sonnet-equivalent"


def test_the_four_meters_that_ship_are_those_of_the_rules() -> None:
    assert tuple(row.to_policy() for row in Meter.objects.all()) == PRESETS


@pytest.mark.parametrize(
    ("write", "action", "before", "after"),
    [
        (
            lambda **who: set_limit(limit=Decimal(400_000), **who),
            "limit change",
            {"limit": "500000"},
            {"limit": "400000"},
        ),
        (
            lambda **who: set_reserve(percent=Decimal("12.5"), **who),
            "reserve change",
            {"reserve_percent": "0"},
            {"reserve_percent": "12.5"},
        ),
        (
            lambda **who: switch(enabled=False, **who),
            "switch off",
            {"enabled": True},
            {"enabled": False},
        ),
    ],
)
def test_each_change_is_one_entry(
    now: datetime, write: Any, action: str, before: object, after: object
) -> None:
    write(actor="chairman", now=now, reason="Because.")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == ("chairman", action, "Because.")
    assert (entry.before, entry.after) == (before, after)


def test_off_and_on_again_is_back_where_it_was(now: datetime) -> None:
    switch(enabled=False, actor="chairman", now=now)
    switch(enabled=True, actor="chairman", now=now)
    assert BudgetRule.objects.get().enabled
    assert [*AuditEntry.objects.order_by("id").values_list("action", flat=True)] == [
        "switch off",
        "switch on",
    ]


def test_what_is_there_already_leaves_no_entry(now: datetime) -> None:
    change(now, reserve_percent=Decimal(0), enabled=True)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("limit", [Decimal(500_000), Decimal("500000.00"), Decimal("5E+5")])
def test_the_limit_that_ships_is_kept_once(now: datetime, limit: Decimal) -> None:
    assert not limit_was_set()
    for _ in range(2):
        change(now, limit=limit, reserve_percent=Decimal(0))
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before, entry.after) == (
        "limit confirmation",
        {},
        {"limit": "500000"},
    )
    assert limit_was_set()
    with pytest.raises(RuleError, match="nothing to undo"):
        undo_last(actor="chairman", now=now)


def test_a_kept_limit_hides_no_change_from_undo(now: datetime) -> None:
    set_reserve(percent=Decimal(5), actor="chairman", now=now)
    assert not limit_was_set()
    set_limit(limit=Decimal(500_000), actor="chairman", now=now)
    assert undo_last(actor="chairman", now=now).reserve_percent == 0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"limit": Decimal(0)}, "The limit must be more than 0."),
        ({"limit": Decimal(-5)}, "The limit must be more than 0."),
        ({"limit": Decimal(10) ** 16}, "is not a weekly budget"),
        ({"reserve_percent": Decimal(100)}, "less than 100%"),
        ({"reserve_percent": Decimal(-1)}, "at least 0%"),
        ({"yellow_percent": Decimal(85)}, "must rise"),
        ({"orange_percent": Decimal(96)}, "must rise"),
        ({"red_percent": Decimal(101)}, "must rise"),
        ({"yellow_percent": Decimal(0)}, "must rise"),
        ({"reset_weekday": 7}, "from 0 .Monday. to 6 .Sunday."),
        ({"timezone": "Mars/Olympus"}, "“Mars/Olympus” is not a time zone"),
        ({"timezone": ""}, "is not a time zone"),
        ({"timezone": "../etc/passwd"}, "is not a time zone"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(
    now: datetime, values: dict[str, Any], sentence: str
) -> None:
    before = BudgetRule.objects.values().get()
    with pytest.raises(RuleError, match=sentence):
        change(now, **values)
    assert BudgetRule.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_a_meter_in_dollars_needs_a_limit_in_dollars(now: datetime) -> None:
    dollars = meter("US dollars")
    with pytest.raises(RuleError, match=r"in tokens and this meter counts US dollars"):
        change(now, meter=dollars)
    change(now, meter=dollars, limit=Decimal(200))
    with pytest.raises(RuleError, match=r"in US dollars and this meter counts tokens"):
        change(now, meter=meter("all tokens"))


def test_a_meter_in_the_same_unit_needs_no_new_limit(now: datetime) -> None:
    change(now, meter=meter("all tokens"))
    assert AuditEntry.objects.get().after == {"meter": "all tokens"}


def test_the_meter_in_use_keeps_its_unit_and_another_may_change() -> None:
    with pytest.raises(RuleError, match="with a limit in tokens: choose another meter there"):
        check_unit(meter_pk=meter("sonnet-equivalent").pk, weighting="dollars")
    check_unit(meter_pk=meter("sonnet-equivalent").pk, weighting="flat")
    check_unit(meter_pk=meter("all tokens").pk, weighting="dollars")
    check_unit(meter_pk=None, weighting="dollars")


def test_a_new_limit_and_reserve_hold_for_the_running_week_and_no_other(now: datetime) -> None:
    past = BudgetWeekFactory(start=WEEK_START - WEEK)
    drifted = WEEK_START + WEEK - timedelta(hours=9)
    running = BudgetWeekFactory(end=drifted)
    change(now, limit=Decimal(300_000), reserve_percent=Decimal(10))
    past.refresh_from_db()
    running.refresh_from_db()
    assert (running.limit, running.reserve_percent, running.end) == (300_000, 10, drifted)
    assert (past.limit, past.reserve_percent) == (500_000, 0)


def test_another_reset_ends_the_running_week_at_the_next_one(now: datetime) -> None:
    running = BudgetWeekFactory()
    change(now, reset_weekday=4)  # Friday, 14:00 in Los Angeles
    running.refresh_from_db()
    assert (running.start, running.end) == (WEEK_START, datetime(2026, 11, 20, 22, tzinfo=UTC))
    following = ensure_week(now=running.end)
    assert (following.start, following.end) == (running.end, running.end + WEEK)
