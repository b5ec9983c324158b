"""What decides a hook's answer, kept for a moment: a hook is waited for, and asks fifty a second.

What the Chairman edits (sub-agents, floors, overrides, prices, the budget rule, the switch) leaves
an audit entry each time, so the newest entry tells whether what was read still holds: an edit acts
on the very next hook. Usage is counted all the time and leaves none; its sum may be two seconds
old. Path not taken: Django's cache, which would pickle all of it for each reader.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from allocation.audit.newest import newest_entry
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.claude_code.models import HookDefaults
from allocation.decisions.situation import Situation, situation_at
from allocation.usage.standing import standing_at

USAGE_KEPT = timedelta(seconds=2)
# Entries that commit out of their order could hide one behind another; that is the longest it can.
RULES_KEPT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class HookSituation:
    """The situation, and what a run without an SD is taken for."""

    situation: Situation
    defaults: HookDefaults
    book: PriceBook
    version: int
    rules_at: datetime

    def holds(self, version: int, now: datetime) -> bool:
        """Whether what was edited is still as it was read."""
        return self.version == version and timedelta(0) <= now - self.rules_at < RULES_KEPT

    def is_fresh(self, now: datetime) -> bool:
        """Whether the sum of usage is still to be used."""
        return timedelta(0) <= now - self.situation.standing.at < USAGE_KEPT


class _Kept:
    """One for the process. Threads may read it anew at once; the last to do so is kept."""

    last: HookSituation | None = None
    asked_at: datetime | None = None


def current_situation(now: datetime) -> HookSituation:
    """What decides recommendations at `now`. One query while what is kept holds."""
    _Kept.asked_at = now
    return _current(now)


def keep_fresh(now: datetime) -> None:
    """Read what gets too old soon, so that no hook has to, as long as hooks ask all the time."""
    asked_at = _Kept.asked_at
    if asked_at is not None and now - asked_at < USAGE_KEPT:
        _current(now, holding=USAGE_KEPT / 2)


def _current(now: datetime, *, holding: timedelta = timedelta(0)) -> HookSituation:
    """What decides at `now`, read anew where it does not hold for so long."""
    version, known = newest_entry(), _Kept.last
    if known is None or not known.holds(version, now + holding):
        known = _read(version, now)
    elif not known.is_fresh(now + holding):
        standing = standing_at(now, book=known.book)
        known = replace(known, situation=replace(known.situation, standing=standing))
    _Kept.last = known
    return known


def forget() -> None:
    """Read everything anew next time."""
    _Kept.last = _Kept.asked_at = None


def _read(version: int, now: datetime) -> HookSituation:
    book = load_price_book()
    situation = situation_at(now, standing=standing_at(now, book=book))
    _ = situation.tiers  # read now, and not by each hook
    return HookSituation(
        situation=situation,
        # What ships, where a flush took the row away.
        defaults=HookDefaults.objects.first() or HookDefaults(pk=1),
        book=book,
        version=version,
        rules_at=now,
    )
