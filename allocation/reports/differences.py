"""How the figures of a frozen week differ from what they would be today, in sentences."""

from decimal import Decimal
from fractions import Fraction

from allocation.display import format as fmt
from allocation.reports.facts import SdWeekFacts, WeekFacts

MOST_SDS = 10


def differences(frozen: WeekFacts, today: WeekFacts) -> list[str]:
    """One sentence for each figure that is another today; none if nothing changed.

    `today` is the same week from today's records, prices, meter and zone bounds.
    """
    found = [*_used(frozen, today), *_zone(frozen, today)]
    if today.raw != frozen.raw:
        found.append(f"Raw tokens: {_moved(frozen.raw, today.raw)}.")
    if today.usd != frozen.usd:
        found.append(f"Cost: {fmt.usd(today.usd)} today, {fmt.usd(frozen.usd)} when it was closed.")
    return found + _sds(frozen, today)


def _used(frozen: WeekFacts, today: WeekFacts) -> list[str]:
    if today.in_dollars != frozen.in_dollars:
        units = ("tokens", "dollars")
        shown = fmt.amount(today.used, in_dollars=today.in_dollars)
        return [
            f"The budget counted {units[frozen.in_dollars]} then and counts "
            f"{units[today.in_dollars]} today, by which the week comes to {shown}."
        ]
    meter = f" by the meter {today.meter}" if today.meter != frozen.meter else ""
    if today.used == frozen.used:
        return []
    if today.in_dollars:
        now, then = (fmt.amount(each.used, in_dollars=True) for each in (today, frozen))
        return [f"Used: {now} today{meter}, {then} when it was closed."]
    return [f"Budget tokens: {_moved(frozen.used, today.used, meter)}."]


def _zone(frozen: WeekFacts, today: WeekFacts) -> list[str]:
    # Dollars are no share of a limit in tokens, nor the other way round.
    if today.zone == frozen.zone or today.in_dollars != frozen.in_dollars:
        return []
    now, then = (each.zone.capitalize() for each in (today, frozen))
    return [f"Zone: it would be {now} today; it was {then}."]


def _sds(frozen: WeekFacts, today: WeekFacts) -> list[str]:
    then = {sd.code: sd for sd in frozen.sds}
    now = {sd.code: sd for sd in today.sds}
    found = []
    for code in sorted(then.keys() | now.keys()):
        before, after = then.get(code), now.get(code)
        if before is None:
            found.append(f"{code}: today it counts into this week, then it did not.")
        elif after is None:
            found.append(f"{code}: today it does not count into this week any more.")
        else:
            found += _sd(before, after)
    more = len(found) - MOST_SDS
    return found[:MOST_SDS] + ([f"{more} more about single SDs."] if more > 0 else [])


def _sd(before: SdWeekFacts, after: SdWeekFacts) -> list[str]:
    parts = []
    if after.tokens != before.tokens:
        parts.append(f"{_moved(before.tokens, after.tokens)} in this week")
    if after.rework_cycles != before.rework_cycles:
        parts.append(f"{after.rework_cycles} rework cycles instead of {before.rework_cycles}")
    if after.complexity != before.complexity:
        parts.append(f"complexity {after.complexity} instead of {before.complexity}")
    if after.estimate != before.estimate:
        parts.append(f"estimate {_or_none(after.estimate)} instead of {_or_none(before.estimate)}")
    return [f"{after.code}: {'; '.join(parts)}."] if parts else []


def _or_none(estimate: int | None) -> str:
    return "none" if estimate is None else fmt.tokens(estimate)


def _moved(then: int | Decimal, now: int | Decimal, how: str = "") -> str:
    """372,000 today instead of 360,000, 12,000 more (3%)."""
    gap = Fraction(now) - Fraction(then)
    side = "more" if gap > 0 else "fewer"
    size = fmt.tokens(abs(gap)) if abs(gap) >= 1 else "under 1"
    share = f" ({fmt.percent(abs(gap) / Fraction(then))})" if then else ""
    return f"{fmt.tokens(now)} today{how} instead of {fmt.tokens(then)}, {size} {side}{share}"
