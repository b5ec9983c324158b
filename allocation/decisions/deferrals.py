"""The writes of the deferral queue, and the pause of SDs whose week ran out (rule 4).

What the clock brings about (`release_deferrals`, `pause_exhausted`) is called by each tick, and may
be called twice at once: each step is taken once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Q

from allocation.audit.operations import CLOCK, record
from allocation.budgets.weeks import week_at
from allocation.catalog.models import SubAgent, Tier
from allocation.decisions.models import DeferredRun
from allocation.directives.locks import locked_sds
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.queue import to_propose
from allocation.directives.steps import defer_sd
from allocation.directives.waiting import (
    OPENED,
    approve_sd,
    move_in_queue,
    pause_sd,
    release_sds,
)
from allocation.display.format import percent
from allocation.floors.models import Override
from allocation.floors.operations import create_override
from allocation.policy.deferral import is_to_pause
from allocation.policy.errors import RuleError
from allocation.usage.by_sd import fresh_by_sd
from allocation.usage.standing import standing_at

# What lets an SD go on that does not.
_FIRST = {
    Status.PAUSED: "approve tokens for it",
    Status.DEFERRED: "resume it",
    Status.ARCHIVED: "restore it",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: SDs and runs in the deferral queue, and SDs for the Chairman's approval."""

    sds: int
    runs: int
    paused: int


def waiting_counts() -> Waiting:
    """What waits now. Two queries, however much there is."""
    counts = StrategicDirective.objects.aggregate(
        sds=Count("pk", filter=Q(status=Status.DEFERRED)),
        paused=Count("pk", filter=Q(status=Status.PAUSED)),
    )
    runs = DeferredRun.objects.filter(released_at__isnull=True).count()
    return Waiting(counts["sds"], runs, counts["paused"])


def release_deferrals(*, now: datetime) -> int:
    """Take up again what was put off before the running week began, one audited step each.

    Returns how many SDs and runs that were. Nothing where the week is not stored yet.
    """
    week = week_at(now)
    if week is None:
        return 0
    sds = release_sds(week_start=week.start, actor=CLOCK, now=now)
    due = DeferredRun.objects.filter(released_at__isnull=True, at__lt=week.start)
    return len(sds) + sum(
        _release(row, actor=CLOCK, now=now, reason=OPENED) for row in due.select_related("sd")
    )


def move_run(*, row: DeferredRun, up: bool, actor: str, now: datetime) -> None:
    """Move a deferred run one place in the queue: one audit entry, none at the end of the queue.

    Raises RuleError if it does not wait any more.
    """
    with transaction.atomic():
        locked = DeferredRun.objects.select_for_update().order_by("pk")
        waiting = locked.filter(released_at__isnull=True)
        queue = sorted(waiting, key=lambda each: (each.position, each.pk))
        move_in_queue(queue, row, column="position", up=up, actor=actor, now=now)


def run_now(
    *, row: DeferredRun, tier: Tier, reason: str, actor: str, now: datetime, until: datetime
) -> Override:
    """Let a deferred run go before its time, by an override for that one run.

    Raises RuleError without a reason, below a floor that never gives way, for a run that does not
    wait any more, and while its SD may not go on: the override could not let it run.
    """
    sub_agent = SubAgent.objects.filter(code=row.sub_agent).first()
    if sub_agent is None:
        raise RuleError(f"There is no sub-agent {row.sub_agent} any more: nothing to override.")
    with transaction.atomic():
        if not _release(row, actor=actor, now=now, reason=reason):
            raise RuleError("This run does not wait any more.")
        check_may_go(row)
        override = create_override(
            sub_agent=sub_agent,
            phase=row.phase,
            tier=tier,
            reason=reason,
            actor=actor,
            now=now,
            expires_at=until,
            sd_code=row.sd.code if row.sd else "",
            one_run=True,
        )
        DeferredRun.objects.filter(pk=row.pk).update(override=override)
    return override


def check_may_go(row: DeferredRun) -> None:
    """Raises RuleError while the SD of a run may not go on: no override could let the run go."""
    if row.sd is not None and (first := _FIRST.get(Status(row.sd.status))):
        raise RuleError(f"{row.sd.code} is {row.sd.get_status_display()}: {first} first.")


def drop_run(*, row: DeferredRun, actor: str, now: datetime, reason: str) -> None:
    """Take a deferred run out of the queue. Raises RuleError if it does not wait any more."""
    if not _release(row, actor=actor, now=now, reason=reason):
        raise RuleError("This run does not wait any more.")


def defer_proposed(
    *, chance: Decimal | None, only: str, actor: str, now: datetime
) -> Sequence[str]:
    """Put off what is proposed for deferral at this chance: one SD, or all with `only` empty.

    One audited step each; the codes of the SDs. Raises RuleError where nothing of it is proposed.
    """
    chosen = [sd for sd in to_propose(chance) if only in {"", sd.code}]
    if not chosen or chance is None:
        raise RuleError("That is not proposed for deferral any more.")
    reason = f"The week runs out with a chance of {percent(chance)}, and critical SDs are pending."
    with transaction.atomic():
        locked_sds(pk__in=[sd.pk for sd in chosen])
        # In the order of the proposal, and without what somebody else put off meanwhile.
        chosen = [sd for sd in to_propose(chance) if sd in chosen]
        for sd in chosen:
            defer_sd(row=sd, actor=actor, now=now, reason=reason)
    return [sd.code for sd in chosen]


def pause_exhausted(*, now: datetime) -> int:
    """Pause the SDs in progress that may not go on since the week ran out. Returns how many.

    What the Chairman approved in this week still counts.
    """
    standing = standing_at(now)
    if not standing.enabled or not standing.exhausted:
        return 0
    running = list(StrategicDirective.objects.filter(status=Status.IN_PROGRESS))
    burned = fresh_by_sd([sd.pk for sd in running])
    paused = 0
    for sd in running:
        this_week = sd.approved_at is not None and sd.approved_at >= standing.window.start
        approved = sd.approved_up_to if this_week else None
        if is_to_pause(burned=burned.get(sd.pk) or 0, approved_up_to=approved):
            reason = _WHY_AGAIN if approved is not None else _WHY
            paused += pause_sd(row=sd, actor=CLOCK, now=now, reason=reason)
    return paused


_WHY = "The week’s budget ran out in mid-SD."
_WHY_AGAIN = "The week’s budget ran out, and the tokens that were approved are used up."


def approve(
    *, sd: StrategicDirective, amount: int, actor: str, now: datetime, reason: str
) -> StrategicDirective:
    """`approve_sd`, counted from what the SD has burned up to now."""
    burned = fresh_by_sd([sd.pk]).get(sd.pk) or 0
    return approve_sd(row=sd, amount=amount, burned=burned, actor=actor, now=now, reason=reason)


def left_of_estimate(sd: StrategicDirective) -> int:
    """The fresh tokens that an SD's estimate leaves. Raises RuleError where it leaves none."""
    left = (sd.estimate or 0) - (fresh_by_sd([sd.pk]).get(sd.pk) or 0)
    if left < 1:
        raise RuleError(f"The estimate of {sd.code} leaves no tokens: say how many to approve.")
    return left


def _release(row: DeferredRun, *, actor: str, now: datetime, reason: str) -> bool:
    """Mark a run as released: one audit entry. False where somebody else has done so."""
    with transaction.atomic():
        waiting = DeferredRun.objects.filter(pk=row.pk, released_at__isnull=True)
        if not waiting.update(released_at=now, released_by=actor):
            return False
        record(
            actor=actor,
            action="run release",
            subject=str(row),
            after={"decision": row.decision_id},
            reason=reason,
            now=now,
        )
    return True
