"""Every write to the budget rule and the budget weeks."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from allocation.audit.models import AuditEntry
from allocation.audit.operations import facts, record
from allocation.audit.shown import check_shown
from allocation.budgets.models import BudgetRule, BudgetWeek, Meter
from allocation.budgets.turns import Queue, take_turn
from allocation.budgets.weeks import LONG_AGO, week_at, window_to_come
from allocation.policy.errors import RuleError
from allocation.policy.weeks import week_from
from allocation.policy.zones import effective_limit
from allocation.rights.roles import Role, acting_as

SUBJECT = "the budget rule"

# Fifteen digits of tokens: more than any plan grants, less than what JSON readers round.
LARGEST_LIMIT = Decimal(10) ** 15


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What to change in the budget rule; None leaves a value as it is."""

    enabled: bool | None = None
    limit: Decimal | None = None
    reserve_percent: Decimal | None = None
    meter: Meter | None = None
    reset_weekday: int | None = None
    reset_time: time | None = None
    timezone: str | None = None
    yellow_percent: Decimal | None = None
    orange_percent: Decimal | None = None
    red_percent: Decimal | None = None

    def given(self) -> dict[str, Any]:
        """The values that are to be changed, by column."""
        return {
            name: value for name in self.__slots__ if (value := getattr(self, name)) is not None
        }


# What the form of the rule shows: all but the switch.
COLUMNS = tuple(name for name in RuleChange.__slots__ if name != "enabled")


def change_rule(
    *,
    change: RuleChange,
    actor: str,
    now: datetime,
    reason: str = "",
    action: str = "rule change",
    seen: str | None = None,
) -> BudgetRule:
    """Change the budget rule, and with it the week that is running: one audit entry.

    A new limit or reserve holds for the running week too; a new reset cuts it short or extends it
    to the next reset. Weeks that are over keep what they had. A change that changes nothing leaves
    no trace, but for the limit that ships: to keep that is to set it. `seen` is what the writer had
    before them (audit.shown). Raises RuleError with one sentence for values that no rule can work
    with, and Changed.
    """
    with transaction.atomic():
        rule = locked_rule()
        before = facts(rule)
        was_in_dollars = rule.meter.to_policy().in_dollars
        as_it_is = copy(rule)
        for name, value in change.given().items():
            setattr(rule, name, value)
        _check(rule)
        if rule.meter.to_policy().in_dollars != was_in_dollars and change.limit is None:
            raise RuleError(
                f"The limit was in {unit(was_in_dollars)} and this meter counts "
                f"{unit(not was_in_dollars)}: give a new limit with it."
            )
        after = facts(rule)
        if after != before:
            check_shown(as_it_is, seen, subject=SUBJECT, names=COLUMNS)
            rule.save()
            _carry_into_running_week(rule, change, now)
        elif change.limit is not None and not limit_was_set():
            before, after, action = {}, {"limit": after["limit"]}, "limit confirmation"
        else:
            return rule
        record(
            actor=actor,
            action=action,
            subject=SUBJECT,
            before=before,
            after=after,
            reason=reason,
            now=now,
        )
    return rule


def locked_rule() -> BudgetRule:
    """The rule as it stands now, locked for this transaction to change.

    The meter is not joined in this statement. If another transaction had just exchanged the meter,
    PostgreSQL would wait for its lock, find that the join no longer holds, and return no row.
    """
    return BudgetRule.objects.select_for_update().get()


def limit_was_set() -> bool:
    """Whether anybody set the limit; as shipped it is the report's first guess. One query."""
    return AuditEntry.objects.filter(subject=SUBJECT, after__has_key="limit").exists()


def check_unit(*, meter_pk: int | None, weighting: str) -> None:
    """Refuse to let the meter in use count another unit than its limit. Raises RuleError."""
    used = BudgetRule.objects.select_related("meter").get().meter
    if used.pk != meter_pk:
        return
    is_in_dollars = used.to_policy().in_dollars
    used.weighting = weighting
    if used.to_policy().in_dollars != is_in_dollars:
        raise RuleError(
            f"The budget rule uses this meter with a limit in {unit(is_in_dollars)}: choose "
            "another meter there, with a limit in its unit, or add a new meter."
        )


def set_limit(*, limit: Decimal, actor: str, now: datetime, reason: str = "") -> BudgetRule:
    """Set the weekly limit, in the meter's unit. Raises RuleError unless it is above 0."""
    change = RuleChange(limit=limit)
    return change_rule(change=change, actor=actor, now=now, reason=reason, action="limit change")


def set_reserve(*, percent: Decimal, actor: str, now: datetime, reason: str = "") -> BudgetRule:
    """Hold a share of the limit back. Raises RuleError outside 0 % to below 100 %."""
    change = RuleChange(reserve_percent=percent)
    return change_rule(change=change, actor=actor, now=now, reason=reason, action="reserve change")


def switch(*, enabled: bool, actor: str, now: datetime, reason: str = "") -> BudgetRule:
    """Turn budgetctl on or off (rule 6)."""
    action = "switch on" if enabled else "switch off"
    change = RuleChange(enabled=enabled)
    return change_rule(change=change, actor=actor, now=now, reason=reason, action=action)


def undo_change(*, entry: AuditEntry, actor: str, now: datetime, reason: str = "") -> BudgetRule:
    """Set what an entry of the rule's history changed back to what it was before: one audit entry.

    Raises RuleError where one of its columns was changed again since, or there is nothing to undo.
    """
    if entry.subject != SUBJECT or not entry.before or not entry.after:
        raise RuleError("This is no change of the budget rule: there is nothing to undo.")
    with transaction.atomic():
        rule = locked_rule()
        as_it_is = facts(rule)
        if all(as_it_is.get(name) == before for name, before in entry.before.items()):
            raise RuleError("The rule is as it was before this change: there is nothing to undo.")
        since = sorted(name for name in entry.after if as_it_is.get(name) != entry.after[name])
        if since:
            words = " and ".join(name.replace("_", " ") for name in since)
            raise RuleError(f"A later change touched the {words} too: undo that one first.")
        values = {name: _value(name, before) for name, before in entry.before.items()}
        if "meter" in values:  # its limit was given with it, and may have been the same number
            values.setdefault("limit", rule.limit)
        return change_rule(
            change=RuleChange(**values),
            actor=actor,
            now=now,
            reason=reason or f"Undoes the {entry.action} by {entry.actor}.",
            action=f"undo of {entry.action.removeprefix('undo of ')}",
        )


def undo_last(*, actor: str, now: datetime, reason: str = "") -> BudgetRule:
    """Undo the last change of the rule; undone twice, it is as it was. Raises RuleError if none."""
    entry = AuditEntry.objects.filter(subject=SUBJECT).exclude(before={}).first()
    if entry is None:
        raise RuleError("The rule is as it was shipped: there is nothing to undo.")
    return undo_change(entry=entry, actor=actor, now=now, reason=reason)


def _value(name: str, fact: Any) -> Any:
    """A column's value from the audit trail, where it stands as JSON."""
    if name == "meter":
        meter = Meter.objects.filter(name=fact).first()
        if meter is None:
            raise RuleError(f"There is no meter called “{fact}” any more.")
        return meter
    if name == "reset_time":
        return time.fromisoformat(fact)
    return fact if name in {"enabled", "reset_weekday", "timezone"} else Decimal(fact)


def ensure_week(*, now: datetime) -> BudgetWeek:
    """The stored budget week that holds `now`, made from the rule if there is none yet."""
    week = week_at(now)
    if week is not None:
        return week
    # It opens by itself, whoever is there first.
    with acting_as(Role.SYSTEM), transaction.atomic():
        take_turn(Queue.WEEKS)
        return week_at(now) or _open_week(now)


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


def check_limit(limit: Decimal) -> None:
    """Raises RuleError unless a week can have this limit."""
    effective_limit(limit, Decimal(0))
    if limit > LARGEST_LIMIT:
        raise RuleError(f"A limit above {LARGEST_LIMIT:,f} is not a weekly budget.")


def check_timezone(name: str) -> None:
    """Raises RuleError unless there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RuleError(
            f"“{name}” is not a time zone; write one such as America/Los_Angeles."
        ) from None


def _check(rule: BudgetRule) -> None:
    check_limit(rule.limit)
    effective_limit(rule.limit, rule.reserve_percent)
    _ = rule.bounds
    if rule.reset_weekday not in range(7):
        raise RuleError("The reset weekday goes from 0 (Monday) to 6 (Sunday).")
    check_timezone(rule.timezone)


def unit(in_dollars: bool) -> str:
    """What a limit is in."""
    return "US dollars" if in_dollars else "tokens"


def _carry_into_running_week(rule: BudgetRule, change: RuleChange, now: datetime) -> None:
    # A week that opens at this moment opens before this change, and is found, or after it.
    take_turn(Queue.WEEKS)
    week = week_at(now)
    if week is None:
        return
    week.limit = rule.limit
    week.reserve_percent = rule.reserve_percent
    if change.given().keys() & {"reset_weekday", "reset_time", "timezone"}:
        # What is left of the week ends at the next reset after now; its start is history.
        week.end = week_from(now, rule.reset).end
    week.save(update_fields=["limit", "reserve_percent", "end"])
