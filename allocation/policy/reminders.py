"""Reminders (risk R7 of the report): what is due, and how often a message about it is tried."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.weeks import Window
from allocation.policy.zones import Zone

# An SD that rests overnight is no reason to write; one that rests for a month is forgotten.
DEFAULT_QUIET_HOURS = 24
MOST_QUIET_HOURS = 30 * 24
# A week "is about to close", and "will run out soon", so long before.
CLOSING = timedelta(hours=24)
AHEAD = timedelta(hours=24)

# A message that was refused is tried again after 1, 4, 16, 64 and 256 minutes, and then given up.
FIRST_RETRY = timedelta(minutes=1)
RETRY_FACTOR = 4
MOST_TRIES = 6


class ReminderKind(StrEnum):
    """What the owner is reminded of."""

    QUIET_SD = "quiet_sd"  # in progress, and nothing logged or counted for long
    UNLOGGED = "unlogged"  # the week closes soon, and phases are not logged
    ZONE = "zone"  # a bound was crossed
    EXHAUSTION = "exhaustion"  # the week is forecast to run out soon, or has


@dataclass(frozen=True, slots=True)
class ActiveSd:
    """An SD in progress, and when it was last heard of: started, taken up again, logged, used."""

    code: str
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class PhaseWork:
    """A phase of an SD in a week: when it was entered or last logged (None: never), and whether
    tokens were captured for it in the week since then. `current` says that the SD is in it."""

    sd: str
    phase: Phase
    current: bool
    logged_at: datetime | None
    captured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What reminders follow from. `zone` is None and `exhausts_at` stays None while budgetctl is
    off, which judges and forecasts nothing (rule 6). `limit` names the effective limit."""

    now: datetime
    week: Window
    quiet_hours: int
    sds: Sequence[ActiveSd] = ()
    phases: Sequence[PhaseWork] = ()
    zone: Zone | None = None
    limit: str = ""
    exhausted: bool = False
    exhausts_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A reminder that is due. While it is, `kind` and `subject` stay the same; `episode` tells it
    from an earlier one of the same subject. `at` is the moment that it tells of."""

    kind: ReminderKind
    subject: str
    episode: str = ""
    at: datetime | None = None
    zone: Zone | None = None
    phases: Sequence[PhaseWork] = ()

    @property
    def key(self) -> str:
        """What no second reminder may have."""
        return f"{self.kind} {self.subject} {self.episode}".rstrip()


def check_quiet_hours(hours: int) -> None:
    """Refuse a span after which no SD can be called quiet. Raises RuleError."""
    if not 1 <= hours <= MOST_QUIET_HOURS:
        raise RuleError(f"Give 1 to {MOST_QUIET_HOURS} hours.")


def due(found: Circumstances) -> list[Due]:
    """All reminders that are due, the most pressing kind first."""
    return [*_exhaustion(found), *_zone(found), *_unlogged(found), *_quiet(found)]


def closes_soon(week: Window, now: datetime) -> bool:
    """Whether a running week ends within the next day."""
    return now in week and week.end - now <= CLOSING


def is_unlogged(work: PhaseWork, week: Window) -> bool:
    """Whether a phase is to be logged before its week closes.

    The phase that an SD is in: if tokens were captured for it since the SD's last checkpoint, or
    that lies before the week's last day. Another phase: if tokens were captured and it was never
    logged; what trails in after its hand-over is not asked for again.
    """
    if work.captured and (work.current or work.logged_at is None):
        return True
    return work.current and (work.logged_at is None or work.logged_at < week.end - CLOSING)


def next_try(tries: int, failed_at: datetime) -> datetime | None:
    """When a message is tried again after so many tries failed; None if it is given up."""
    if tries >= MOST_TRIES:
        return None
    wait: timedelta = FIRST_RETRY * RETRY_FACTOR ** (tries - 1)
    return failed_at + wait


def _exhaustion(found: Circumstances) -> Iterator[Due]:
    """Once per week and limit: a new limit asks the question anew."""
    at = found.exhausts_at
    soon = at is not None and at - found.now <= AHEAD and at < found.week.end
    if found.zone is not None and (found.exhausted or soon):
        yield Due(
            kind=ReminderKind.EXHAUSTION,
            subject=_name(found.week.start),
            episode=found.limit,
            at=None if found.exhausted else at,
        )


def _zone(found: Circumstances) -> Iterator[Due]:
    """Once per bound and week. What jumps over a bound is told of the worse zone only."""
    if found.zone is not None and found.zone.under_pressure:
        subject = f"{_name(found.week.start)} {found.zone}"
        yield Due(kind=ReminderKind.ZONE, subject=subject, zone=found.zone)


def _unlogged(found: Circumstances) -> Iterator[Due]:
    """One for all phases of the week, so that a busy week is one message and not thirty."""
    phases = _to_log(found.phases, found.week) if closes_soon(found.week, found.now) else []
    if phases:
        yield Due(
            kind=ReminderKind.UNLOGGED,
            subject=_name(found.week.start),
            at=found.week.end,
            phases=phases,
        )


def _to_log(phases: Iterable[PhaseWork], week: Window) -> list[PhaseWork]:
    return [work for work in phases if is_unlogged(work, week)]


def _quiet(found: Circumstances) -> Iterator[Due]:
    """Once per silence: it begins anew with the next thing that is heard of the SD."""
    longest = timedelta(hours=found.quiet_hours)
    for sd in found.sds:
        if found.now - sd.heard_at >= longest:
            yield Due(
                kind=ReminderKind.QUIET_SD,
                subject=sd.code,
                episode=_name(sd.heard_at),
                at=sd.heard_at,
            )


def _name(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"
