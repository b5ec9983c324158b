"""What the page of the budget rule prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from allocation.audit.models import AuditEntry
from allocation.audit.operations import Facts, facts
from allocation.budgets.models import WEEKDAYS, BudgetRule, Meter
from allocation.budgets.operations import SUBJECT, unit
from allocation.budgets.weeks import window_at
from allocation.display.format import amount, moment, percent
from allocation.policy.meter import Weighting
from allocation.policy.weeks import next_skipped, reset_on
from allocation.policy.zones import effective_limit

LAST_CHANGES = 20

_KINDS = {
    "input": "input",
    "output": "output",
    "cache_write_5m": "5-minute cache writes",
    "cache_write_1h": "1-hour cache writes",
    "cache_read": "cache reads",
}
_WORDS = {
    "reserve_percent": "reserve, %",
    "reset_weekday": "reset weekday",
    "reset_time": "reset time",
    "timezone": "time zone",
    "yellow_percent": "yellow from, %",
    "orange_percent": "orange from, %",
    "red_percent": "red from, %",
}


@dataclass(frozen=True, slots=True)
class MeterOption:
    """A meter to choose, what it counts, and what the running week is under it."""

    pk: int
    name: str
    sentence: str
    week: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the audit trail, in words. It may be undone while no later one touched it."""

    pk: int
    may_undo: bool
    at: datetime
    actor: str
    action: str
    changes: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """Everything on the page of the budget rule beside its form."""

    enabled: bool
    week_end: datetime
    effective: str
    unit: str
    meters: Sequence[MeterOption]
    skipped: str
    history: Sequence[Change]


def rule_page(
    rule: BudgetRule, used: Mapping[int, Fraction], *, chosen: str, now: datetime
) -> RulePage:
    """The page at `now`. `used` is what the running week has used under each meter, `chosen` the
    meter that the form has chosen."""
    in_dollars = rule.meter.to_policy().in_dollars
    limit = effective_limit(rule.limit, rule.reserve_percent)
    entries = AuditEntry.objects.filter(subject=SUBJECT)[:LAST_CHANGES]
    as_it_is = facts(rule)
    return RulePage(
        enabled=rule.enabled,
        week_end=window_at(now, rule).end,
        effective=amount(limit, in_dollars=in_dollars),
        unit=unit(in_dollars),
        meters=[_option(row, rule, used.get(row.pk), chosen) for row in Meter.objects.all()],
        skipped=skipped_in_words(rule, now),
        history=[_change(entry, as_it_is) for entry in entries],
    )


def skipped_in_words(rule: BudgetRule, now: datetime) -> str:
    """One sentence if a coming reset falls into an hour that the clock skips, else ""."""
    day = next_skipped(now, rule.reset)
    if day is None:
        return ""
    shown = reset_on(day, rule.reset).astimezone(rule.zone_info)
    return (
        f"On {day:%a %-d %b %Y} the clock in {rule.timezone} jumps over {rule.reset_time:%H:%M}; "
        f"the week then resets at {shown:%H:%M}."
    )


def meter_in_words(meter: Meter) -> str:
    """What a meter counts, in a sentence or two."""
    if meter.weighting == Weighting.DOLLARS:
        return (
            "Counts US dollars by the price list, and so the limit is in dollars too. "
            "Usage without a price is not counted."
        )
    weights = {words: getattr(meter, name) for name, words in _KINDS.items()}
    counted = [_weighed(words, weight) for words, weight in weights.items() if weight]
    free = [words for words, weight in weights.items() if not weight]
    sentence = f"Counts {_and(counted or ['nothing'])}" + (
        f"; {_and(free)} count nothing." if free else "."
    )
    if meter.weighting == Weighting.FLAT:
        return f"{sentence} Every model weighs the same."
    if meter.weighting == Weighting.TIER:
        by_tier = sorted(meter.tier_weights.items(), key=lambda item: Decimal(item[1]))
        weighed = [_weighed(tier, Decimal(weight)) for tier, weight in by_tier]
        return f"{sentence} A model weighs as its tier was measured: {_and(weighed or ['1'])}."
    price = f"${meter.reference_price.normalize():f}"
    return (
        f"{sentence} A model weighs its input price relative to {price} per million tokens, "
        "so that a dear model uses the budget up faster."
    )


def changes_in_words(before: Facts | None, after: Facts | None) -> list[str]:
    """What differs, one phrase a column: `limit 600,000 instead of 500,000`; of one that was kept
    only what it is."""
    if before == {} and after:
        return [f"{_WORDS.get(name, name)} {_value(name, value)}" for name, value in after.items()]
    before, after = before or {}, after or {}
    return [
        _changed(name, before.get(name), after.get(name))
        for name in [*after, *(before.keys() - after.keys())]
        if before.get(name) != after.get(name)
    ]


def saved_in_words(before: Facts, after: Facts, *, rule: BudgetRule, end: datetime) -> str:
    """What a change of the rule does, for the status message."""
    changed = {name for name in after if after[name] != before.get(name)}
    if not changed:
        return "Nothing was changed: the rule stays as it is."
    sentences = [f"Saved: {'; '.join(changes_in_words(before, after))}."]
    if changed & {"limit", "reserve_percent"}:
        sentences.append("It holds from this week on; weeks that are over keep theirs.")
    if changed & {"reset_weekday", "reset_time", "timezone"}:
        sentences.append(f"This week now ends {moment(end, rule.zone_info)}.")
    return " ".join(sentences)


def _option(row: Meter, rule: BudgetRule, used: Fraction | None, chosen: str) -> MeterOption:
    in_dollars = row.to_policy().in_dollars
    week = ""
    if used is not None:
        week = f"This week: {amount(used, in_dollars=in_dollars)} {unit(in_dollars)}".removesuffix(
            " US dollars"
        )
        if in_dollars == rule.meter.to_policy().in_dollars:
            share = used / effective_limit(rule.limit, rule.reserve_percent)
            week += f", {percent(share)} of the limit as it is"
    return MeterOption(row.pk, row.name, meter_in_words(row), week, str(row.pk) == chosen)


def _change(entry: AuditEntry, now: Facts) -> Change:
    before, after = entry.before or {}, entry.after or {}
    untouched = bool(before) and all(now.get(name) == after[name] for name in after)
    return Change(
        pk=entry.pk,
        may_undo=untouched,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        changes=changes_in_words(entry.before, entry.after),
        reason=entry.reason,
    )


def _weighed(name: str, weight: Decimal) -> str:
    return name if weight == 1 else f"{name} × {weight.normalize():f}"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _changed(name: str, before: object, after: object) -> str:
    if name == "enabled":
        return "turned on" if after else "turned off"
    what = _WORDS.get(name, name.replace("_", " "))
    return f"{what} {_value(name, after)} instead of {_value(name, before)}"


def _value(name: str, value: object) -> str:
    if name == "reset_weekday" and isinstance(value, int):
        return dict(WEEKDAYS).get(value, str(value))
    text = "none" if value is None else str(value)
    if name == "reset_time":
        return text[:5]
    if name == "gives_way":  # a name of the rules' own
        return text.replace("_", " ")
    whole, point, cents = text.partition(".")
    if whole.isdigit():
        return f"{int(whole):,}" + (f".{cents}" if point and cents.strip("0") else "")
    return text
