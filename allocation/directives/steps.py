"""The steps in the life of an SD: put off and taken up, archived and restored, from phase to phase.

What may be done where is said here; those of the deferral queue and of paused SDs are in `waiting`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from allocation.audit.models import AuditEntry
from allocation.audit.operations import facts, record
from allocation.directives.locks import locked_sd
from allocation.directives.models import OVER, Status, StrategicDirective
from allocation.policy.errors import RuleError, check_reason
from allocation.policy.phases import Phase

# What nothing is left of once an SD waits for no budget week any more.
TAKEN_UP: Mapping[str, Any] = {"deferral_reason": "", "deferred_at": None}
COMPLETION = "SD completion"


def defer_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str
) -> StrategicDirective:
    """Put an SD off to the next budget week, at the end of the queue (rule 4).

    Raises RuleError without a reason, for one that is deferred, and for a paused SD: that waits for
    the Chairman's word.
    """
    check_reason(reason, "a deferral")
    with transaction.atomic():
        row = locked_sd(row)
        if row.status in OVER:
            raise RuleError(f"{row.code} is {row.get_status_display()}; there is nothing to defer.")
        if row.status == Status.DEFERRED:  # a second click would send it to the end of the queue
            raise RuleError(f"{row.code} is deferred already: {row.deferral_reason}")
        _check_not_paused(row)
        last = StrategicDirective.objects.filter(status=Status.DEFERRED).aggregate(
            position=Max("queue_position")
        )["position"]
        return take_step(
            row,
            action="SD deferral",
            actor=actor,
            now=now,
            reason=reason,
            status=Status.DEFERRED,
            deferral_reason=reason.strip()[:300],
            deferred_at=now,
            queue_position=(last or 0) + 1,
        )


def resume_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str = ""
) -> StrategicDirective:
    """Take a deferred SD up again where it stood. Raises RuleError for one that is not deferred.

    A paused SD goes on only when the Chairman approves it (`waiting.approve_sd`).
    """
    with transaction.atomic():
        row = locked_sd(row)
        _check_not_paused(row)
        if row.status != Status.DEFERRED:
            raise RuleError(f"{row.code} is {row.get_status_display()}, not deferred.")
        return take_step(
            row,
            action="SD resumption",
            actor=actor,
            now=now,
            reason=reason,
            status=standing_by(row.phase, None),
            **TAKEN_UP,
        )


def archive_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str = ""
) -> StrategicDirective:
    """Take an SD out of the lists and keep its history.

    Raises RuleError for a paused SD: the Chairman alone ends that (`waiting.stop_sd`).
    """
    with transaction.atomic():
        row = locked_sd(row)
        _check_not_paused(row)
        return take_step(
            row, action="SD archival", actor=actor, now=now, reason=reason, status=Status.ARCHIVED
        )


def restore_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str
) -> StrategicDirective:
    """Take an SD out of the archive, to where it stood: one audit entry.

    One that was deferred or paused then is proposed or in progress. Raises RuleError without a
    reason, and for one that is not archived.
    """
    check_reason(reason, "restoring an SD")
    with transaction.atomic():
        row = locked_sd(row)
        if row.status != Status.ARCHIVED:
            raise RuleError(f"{row.code} is {row.get_status_display()}, not archived.")
        return take_step(
            row,
            action="SD restoration",
            actor=actor,
            now=now,
            reason=reason,
            status=standing_by(row.phase, row.completed_at),
            **TAKEN_UP,
        )


def enter_phase(
    *,
    row: StrategicDirective,
    phase: Phase | None,
    actor: str,
    now: datetime,
    at: datetime | None = None,
) -> StrategicDirective:
    """Move an SD into a phase, or complete it with None. Called by the checkpoint that says so.

    `at` is the moment that the checkpoint is about, where it is not `now`. A paused SD stays
    paused, and a deferred one deferred unless it is started: what it had done may be logged, but
    that does not let it go on.
    """
    at = at or now
    starts = phase is Phase.LEAD  # no hand-over leads back there
    stays = row.status == Status.PAUSED or (row.status == Status.DEFERRED and not starts)
    if phase is None:
        return take_step(
            row,
            action=COMPLETION,
            actor=actor,
            now=now,
            status=Status.COMPLETED,
            phase="",
            completed_at=at,
            **TAKEN_UP,
        )
    return take_step(
        row,
        action="SD phase",
        actor=actor,
        now=now,
        status=row.status if stays else Status.IN_PROGRESS,
        phase=phase.value,
        started_at=row.started_at or at,
        completed_at=None,
        **({} if stays else TAKEN_UP),
    )


def go_back(
    *,
    row: StrategicDirective,
    phase: Phase | None,
    started_at: datetime | None,
    completed_at: datetime | None,
    actor: str,
    now: datetime,
    reason: str,
) -> StrategicDirective:
    """Bring an SD back to where its checkpoints say that it stands, since the last is withdrawn.

    One that is deferred, archived or paused stays so. A paused one that would not have started
    too: withdrawn and started again it would wait for the Chairman no more. And one that was paused
    when it was completed is so again.
    """
    with transaction.atomic():
        row = locked_sd(row)
        waits = row.status in {Status.DEFERRED, Status.ARCHIVED, Status.PAUSED}
        stands = standing_by(phase, completed_at)
        if stands != Status.COMPLETED == row.status and _was_paused(row):
            stands = Status.PAUSED
        return take_step(
            row,
            action="SD phase",
            actor=actor,
            now=now,
            reason=reason,
            status=row.status if waits else stands,
            phase=phase.value if phase else "",
            started_at=started_at,
            completed_at=None if row.status == Status.DEFERRED else completed_at,
        )


def take_step(
    row: StrategicDirective,
    *,
    action: str,
    actor: str,
    now: datetime,
    reason: str = "",
    extra: Mapping[str, int] | None = None,
    **values: object,
) -> StrategicDirective:
    """Give an SD other values: one audit entry, none if nothing differs.

    `extra` is what the entry says besides. Raises RuleError where it was deleted meanwhile.
    """
    with transaction.atomic():
        row = locked_sd(row)
        before = facts(row)
        for name, value in values.items():
            setattr(row, name, value)
        after = facts(row)
        if after == before:
            return row
        row.save(update_fields=list(values))
        record(
            actor=actor,
            action=action,
            subject=row.code,
            before=before,
            after={**after, **(extra or {})},
            reason=reason,
            now=now,
        )
    return row


def standing_by(phase: str | None, completed_at: datetime | None) -> Status:
    """The status of an SD for which nothing else was said."""
    if completed_at:
        return Status.COMPLETED
    return Status.IN_PROGRESS if phase else Status.PROPOSED


def _was_paused(row: StrategicDirective) -> bool:
    """Whether an SD that is completed was paused until then: the trail knows."""
    completion = AuditEntry.objects.filter(subject=row.code, action=COMPLETION).first()
    return bool(completion and (completion.before or {}).get("status") == Status.PAUSED)


def _check_not_paused(row: StrategicDirective) -> None:
    if row.status == Status.PAUSED:
        raise RuleError(
            f"{row.code} is paused and waits for the Chairman, who approves tokens for it or stops "
            "it."
        )
