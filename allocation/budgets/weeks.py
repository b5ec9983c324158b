"""The budget weeks: found, and made from the rule as time goes on."""

from datetime import UTC, datetime

from django.db import transaction

from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.budgets.turns import Queue, take_turn
from allocation.policy.weeks import Window, week_around
from allocation.rights.roles import Role, acting_as

# Before any model of Anthropic's ran: nothing was burned by then.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def ensure_week(*, now: datetime) -> BudgetWeek:
    """The stored budget week that holds `now`, made from the rule if there is none yet."""
    week = week_at(now)
    if week is not None:
        return week
    # It opens by itself, whoever is there first.
    with acting_as(Role.SYSTEM), transaction.atomic():
        take_turn(Queue.WEEKS)
        return week_at(now) or _open_week(now)


def week_at(now: datetime) -> BudgetWeek | None:
    """The stored budget week that holds `now`; None while there is none."""
    return BudgetWeek.objects.filter(start__lte=now, end__gt=now).first()


def _open_week(now: datetime) -> BudgetWeek:
    rule = BudgetRule.objects.get()
    window = window_to_come(now, rule)
    return BudgetWeek.objects.create(
        start=window.start,
        end=window.end,
        limit=rule.limit,
        reserve_percent=rule.reserve_percent,
    )


def ensure_weeks(*, since: datetime, now: datetime) -> int:
    """Make the weeks that are missing between `since` and `now`; returns how many were made.

    History that is imported from before the first week is given the limit of today's rule.
    """
    before = BudgetWeek.objects.count()
    at = max(since, LONG_AGO)  # a record of the year 1 would take a hundred thousand weeks
    known = BudgetWeek.objects.filter(end__gt=at, start__lte=now).order_by("start")
    for start, end in known.values_list("start", "end"):
        while at < start:
            at = ensure_week(now=at).end
        at = max(at, end)
    while at <= now:
        at = ensure_week(now=at).end
    return BudgetWeek.objects.count() - before


def window_to_come(now: datetime, rule: BudgetRule) -> Window:
    """The week that `ensure_week` would store for a moment that no stored week holds.

    It is the rule's week around `now`, cut where stored weeks already lie.
    """
    window = week_around(now, rule.reset)
    before = BudgetWeek.objects.filter(end__lte=now).order_by("-end").first()
    after = BudgetWeek.objects.filter(start__gt=now).order_by("start").first()
    start = max(window.start, before.end) if before else window.start
    end = min(window.end, after.start) if after else window.end
    return Window(start, end)


def window_at(now: datetime, rule: BudgetRule) -> Window:
    """The week that holds `now`, whether it is stored yet or not."""
    week = week_at(now)
    return week.window if week else window_to_come(now, rule)
