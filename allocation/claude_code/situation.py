"""Everything that decides a hook's answer, kept in memory between hooks.

Claude Code waits for each hook, and a fleet asks up to fifty times a second, so the rules are not
read anew each time. They are kept until somebody edits anything: sub-agents, floors, overrides,
prices, the budget rule and the switch each leave an audit entry when they change, and the id of the
newest entry is looked up for every hook. So an edit acts on the very next one. Usage changes all
the time and leaves no entry; the sum that the zone follows from may be two seconds old.

Django's cache was not taken for this, because it would pickle all of it for each reader.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from allocation.audit.newest import UntilEdited
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.claude_code.client.state import UNREGISTERED
from allocation.claude_code.models import HookDefaults
from allocation.decisions.situation import Situation, situation_at
from allocation.directives.models import StrategicDirective
from allocation.policy.phases import Phase
from allocation.policy.recommend import Recommendation, Task
from allocation.usage.standing import standing_at

USAGE_KEPT = timedelta(seconds=2)

# What stands for every sub-agent that is not registered. No code can be this.
_OTHER = "a sub-agent that is not registered"


@dataclass(frozen=True, slots=True)
class HookSituation:
    """The situation, and what a run without an SD is taken for."""

    situation: Situation
    defaults: HookDefaults
    book: PriceBook

    def task(self, sub_agent: str, sd: StrategicDirective | None, phase: str = "") -> Task:
        """What a run is taken for: in the phase that is named, or else its SD is in."""
        phase = phase or (sd.phase if sd else "")
        return Task(
            sub_agent,
            Phase(phase if phase in Phase.__members__ else self.defaults.phase),
            sd.complexity if sd else self.defaults.complexity,
            sd.critical if sd else False,
        )

    def answers(
        self, sd: StrategicDirective | None, phase: str = ""
    ) -> Iterator[tuple[str, Recommendation]]:
        """What each registered sub-agent would be told, by its code, and last any other."""
        for code in (*self.situation.sub_agents, UNREGISTERED):
            task = self.task(code or _OTHER, sd, phase)
            yield code, self.situation.halt(task, sd) or self.situation.answer(task, sd=sd)


@dataclass(slots=True)
class _Rules:
    """The situation by the rules as they were read, with the newest sum of usage."""

    current: HookSituation


class _Asked:
    at: datetime | None = None


kept = UntilEdited[_Rules](timedelta(seconds=30))


def current_situation(now: datetime) -> HookSituation:
    """What decides recommendations at `now`. One query while what is kept holds."""
    _Asked.at = now
    return _current(now)


def keep_fresh(now: datetime) -> None:
    """Read again what would be too old for the next hook, while hooks keep asking.

    Called in the background, so that no hook has to wait for it.
    """
    if _Asked.at is not None and now - _Asked.at < USAGE_KEPT:
        _current(now, holding=USAGE_KEPT / 2)


def _current(now: datetime, *, holding: timedelta = timedelta(0)) -> HookSituation:
    """What decides at `now`; read again where it would be too old within `holding`."""
    rules = kept.get(now, lambda: _Rules(_read(now)), holding=holding)
    if any(each.expires_at <= now for each in rules.current.situation.overrides):
        kept.forget()  # an expiry is no edit, and leaves no entry
        rules = kept.get(now, lambda: _Rules(_read(now)), holding=holding)
    known = rules.current
    if not timedelta(0) <= now - known.situation.standing.at < USAGE_KEPT - holding:
        standing = standing_at(now, book=known.book)
        situation = replace(known.situation, standing=standing)
        rules.current = known = replace(known, situation=situation)
    return known


def forget() -> None:
    """Read everything anew next time, and nothing ahead."""
    kept.forget()
    _Asked.at = None


def _read(now: datetime) -> HookSituation:
    book = load_price_book()
    situation = situation_at(now, standing=standing_at(now, book=book))
    _ = situation.tiers  # read now, and not by each hook
    return HookSituation(
        situation=situation,
        # The defaults that ship, if the row is missing (tests flush the tables).
        defaults=HookDefaults.objects.first() or HookDefaults(pk=1),
        book=book,
    )
