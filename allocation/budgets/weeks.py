"""The budget week of a moment: the stored one or, until it is stored, the one by the rule."""

from datetime import UTC, datetime

from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.policy.weeks import Window, week_around

# Before any model of Anthropic's ran: nothing was burned by then.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def week_at(now: datetime) -> BudgetWeek | None:
    """The stored budget week that holds `now`; None while there is none."""
    return BudgetWeek.objects.filter(start__lte=now, end__gt=now).first()


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
