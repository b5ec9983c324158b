"""Every write to strategic directives."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from allocation.audit.operations import facts, record
from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class SdFacts:
    """What the Chairman says of an SD. `estimate` is in tokens, None to take the sub-agents'."""

    code: str
    title: str = ""
    complexity: int = 3
    priority: int = Priority.NORMAL
    critical: bool = False
    estimate: int | None = None


def create_sd(*, sd: SdFacts, actor: str, now: datetime, reason: str = "") -> StrategicDirective:
    """Propose an SD: one audit entry. Raises RuleError if the facts do not hold."""
    row = StrategicDirective(created_at=now)
    return _write(row, sd, actor=actor, now=now, reason=reason)


def edit_sd(
    *, row: StrategicDirective, sd: SdFacts, actor: str, now: datetime, reason: str = ""
) -> StrategicDirective:
    """Change what is said of an SD: one audit entry, none if nothing differs."""
    return _write(row, sd, actor=actor, now=now, reason=reason)


def defer_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str
) -> StrategicDirective:
    """Put an SD off to the next budget week (rule 4). Raises RuleError without a reason."""
    if not reason.strip():
        raise RuleError("Say why: a deferral needs a reason.")
    if row.status in {Status.COMPLETED, Status.ARCHIVED}:
        raise RuleError(f"{row.code} is {row.get_status_display()}; there is nothing to defer.")
    return _set(
        row,
        action="SD deferral",
        actor=actor,
        now=now,
        reason=reason,
        status=Status.DEFERRED,
        deferral_reason=reason.strip()[:300],
    )


def resume_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str = ""
) -> StrategicDirective:
    """Take a deferred or paused SD up again where it stood."""
    if row.status not in {Status.DEFERRED, Status.PAUSED}:
        raise RuleError(f"{row.code} is {row.get_status_display()}, neither deferred nor paused.")
    return _set(
        row,
        action="SD resumption",
        actor=actor,
        now=now,
        reason=reason,
        status=Status.IN_PROGRESS if row.phase else Status.PROPOSED,
        deferral_reason="",
    )


def archive_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str = ""
) -> StrategicDirective:
    """Take an SD out of the lists and keep its history."""
    return _set(
        row, action="SD archival", actor=actor, now=now, reason=reason, status=Status.ARCHIVED
    )


def enter_phase(
    *, row: StrategicDirective, phase: Phase | None, actor: str, now: datetime
) -> StrategicDirective:
    """Move an SD into a phase, or complete it with None. Called by the checkpoint that says so."""
    if phase is None:
        return _set(
            row,
            action="SD completion",
            actor=actor,
            now=now,
            status=Status.COMPLETED,
            phase="",
            completed_at=now,
        )
    return _set(
        row,
        action="SD phase",
        actor=actor,
        now=now,
        status=Status.IN_PROGRESS,
        phase=phase.value,
        started_at=row.started_at or now,
        completed_at=None,
        deferral_reason="",
    )


def _write(
    row: StrategicDirective, sd: SdFacts, *, actor: str, now: datetime, reason: str
) -> StrategicDirective:
    before = facts(row) if row.pk else None
    row.code = sd.code.strip().upper()
    row.title = sd.title.strip()
    row.complexity = sd.complexity
    row.priority = sd.priority
    row.critical = sd.critical
    row.estimate = sd.estimate
    try:
        row.full_clean(exclude=["created_at"])
    except ValidationError as error:
        raise RuleError(" ".join(error.messages)) from error
    after = facts(row)
    if after == before:
        return row
    with transaction.atomic():
        row.save()
        record(
            actor=actor,
            action="SD change" if before else "SD creation",
            subject=row.code,
            before=before,
            after=after,
            reason=reason,
            now=now,
        )
    return row


def _set(
    row: StrategicDirective,
    *,
    action: str,
    actor: str,
    now: datetime,
    reason: str = "",
    **values: object,
) -> StrategicDirective:
    with transaction.atomic():
        row = StrategicDirective.objects.select_for_update().get(pk=row.pk)
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
            after=after,
            reason=reason,
            now=now,
        )
    return row
