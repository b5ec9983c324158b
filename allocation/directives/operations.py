"""Every write to strategic directives."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max

from allocation.audit.operations import delete_audited, facts, locked, record
from allocation.audit.shown import check_shown
from allocation.directives.locks import locked_sd
from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.policy.complexity import check_complexity
from allocation.policy.errors import RuleError, check_reason
from allocation.policy.phases import Phase
from allocation.policy.plain import safe

# A million times the usual SD; what is above it is a slip of the key.
LARGEST_ESTIMATE = 10**11

_WAITS = "{} is paused and waits for the Chairman, who approves tokens for it or stops it."


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
    *,
    row: StrategicDirective,
    sd: SdFacts,
    actor: str,
    now: datetime,
    reason: str = "",
    seen: str | None = None,
) -> StrategicDirective:
    """Change what is said of an SD: one audit entry, none if nothing differs.

    `seen` is what the writer had before them (audit.shown). Raises RuleError if the facts do not
    hold, and Changed.
    """
    return _write(row, sd, actor=actor, now=now, reason=reason, seen=seen)


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
        if row.status in {Status.COMPLETED, Status.ARCHIVED}:
            raise RuleError(f"{row.code} is {row.get_status_display()}; there is nothing to defer.")
        if row.status == Status.DEFERRED:  # a second click would send it to the end of the queue
            raise RuleError(f"{row.code} is deferred already: {row.deferral_reason}")
        if row.status == Status.PAUSED:
            raise RuleError(_WAITS.format(row.code))
        last = StrategicDirective.objects.filter(status=Status.DEFERRED).aggregate(
            position=Max("queue_position")
        )["position"]
        return _set(
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
        if row.status == Status.PAUSED:
            raise RuleError(_WAITS.format(row.code))
        if row.status != Status.DEFERRED:
            raise RuleError(f"{row.code} is {row.get_status_display()}, not deferred.")
        return _set(
            row,
            action="SD resumption",
            actor=actor,
            now=now,
            reason=reason,
            status=_standing(row.phase, None),
            deferral_reason="",
            deferred_at=None,
        )


def archive_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str = ""
) -> StrategicDirective:
    """Take an SD out of the lists and keep its history."""
    return _set(
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
        return _set(
            row,
            action="SD restoration",
            actor=actor,
            now=now,
            reason=reason,
            status=_standing(row.phase, row.completed_at),
            deferral_reason="",
            deferred_at=None,
        )


def delete_sd(*, row: StrategicDirective, actor: str, now: datetime, reason: str) -> None:
    """Delete an SD that never began. Raises RuleError without a reason, or if it has a history."""
    with transaction.atomic():
        locked(row)  # so that nothing is counted for it between the check and the deletion
        check_deletable(row=row)
        delete_audited(row=row, actor=actor, now=now, reason=reason)


def check_deletable(*, row: StrategicDirective) -> None:
    """Refuse to delete an SD that began, or that anything was counted for. Raises RuleError."""
    # The database would refuse too, but only after it has listed every record of usage.
    linked = (relation.get_accessor_name() for relation in row._meta.related_objects)
    if row.started_at or any(getattr(row, name).exists() for name in linked if name):
        raise RuleError(
            f"{row.code} has a history, which would be lost with it: archive it instead."
        )


def check_estimate(tokens: int | None) -> None:
    """Raises RuleError for more than one SD can be estimated at."""
    if tokens is not None and tokens > LARGEST_ESTIMATE:
        raise RuleError(f"{tokens:,} tokens are not the estimate of one SD.")


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
    paused: what it had done may be logged, but only the Chairman lets it go on.
    """
    at = at or now
    if phase is None:
        return _set(
            row,
            action="SD completion",
            actor=actor,
            now=now,
            status=Status.COMPLETED,
            phase="",
            completed_at=at,
        )
    return _set(
        row,
        action="SD phase",
        actor=actor,
        now=now,
        status=Status.PAUSED if row.status == Status.PAUSED else Status.IN_PROGRESS,
        phase=phase.value,
        started_at=row.started_at or at,
        completed_at=None,
        deferral_reason="",
        deferred_at=None,
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

    One that is deferred, archived or paused stays so. Raises RuleError for a paused one that would
    not have started: withdrawn and started again it would wait for the Chairman no more.
    """
    with transaction.atomic():
        row = locked_sd(row)
        if row.status == Status.PAUSED and phase is None:
            raise RuleError(_WAITS.format(row.code))
        waits = row.status in {Status.DEFERRED, Status.ARCHIVED, Status.PAUSED}
        return _set(
            row,
            action="SD phase",
            actor=actor,
            now=now,
            reason=reason,
            status=row.status if waits else _standing(phase, completed_at),
            phase=phase.value if phase else "",
            started_at=started_at,
            completed_at=None if row.status == Status.DEFERRED else completed_at,
        )


def _standing(phase: str | None, completed_at: datetime | None) -> Status:
    """The status of an SD for which nothing else was said."""
    if completed_at:
        return Status.COMPLETED
    return Status.IN_PROGRESS if phase else Status.PROPOSED


def _write(
    row: StrategicDirective,
    sd: SdFacts,
    *,
    actor: str,
    now: datetime,
    reason: str,
    seen: str | None = None,
) -> StrategicDirective:
    code = sd.code.strip().upper()
    check_complexity(sd.complexity)
    check_estimate(sd.estimate)
    try:
        with transaction.atomic():
            if row.pk:
                row = locked_sd(row)
            before, as_it_is = (facts(row), copy(row)) if row.pk else (None, row)
            row.code = code
            row.title = _title(sd.title)
            row.complexity = sd.complexity
            row.priority = sd.priority
            row.critical = sd.critical
            row.estimate = sd.estimate
            row.full_clean(exclude=["created_at"], validate_unique=False)
            after = facts(row)
            if after == before:
                return row
            check_shown(as_it_is, seen, subject=as_it_is.code, names=SdFacts.__slots__)
            row.save(update_fields=SdFacts.__slots__ if row.pk else None)
            record(
                actor=actor,
                action="SD change" if before else "SD creation",
                subject=row.code,
                before=before,
                after=after,
                reason=reason,
                now=now,
            )
    except ValidationError as error:
        raise RuleError(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise RuleError(f"There is an SD called {code} already.") from error
    return row


def _title(typed: str) -> str:
    """The title in one line. Raises RuleError where it would show the Chairman, who may have to
    approve what an agent proposed, something else than it says."""
    title = " ".join(typed.split())
    if safe(title) != title:
        raise RuleError(
            "The title has signs that cannot be seen, such as one that turns the direction of "
            "writing: type it anew."
        )
    return title


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
            after=after,
            reason=reason,
            now=now,
        )
    return row
