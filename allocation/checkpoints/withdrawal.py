"""Taking back what was logged by mistake: one checkpoint, or all that a sheet brought.

Nothing of it is counted any more; the audit trail keeps what it said.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from allocation.audit.models import AuditEntry
from allocation.audit.operations import facts, record
from allocation.budgets.models import BudgetRule
from allocation.budgets.operations import ensure_week
from allocation.checkpoints.counting import count_tokens, update_token_log
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.sheet_import import logged_by
from allocation.directives.locks import locked_sds
from allocation.directives.models import StrategicDirective
from allocation.directives.operations import delete_sd
from allocation.directives.steps import go_back
from allocation.display.format import counted
from allocation.forecasts.estimates import take_score_back
from allocation.forecasts.models import Occasion
from allocation.forecasts.operations import make_forecasts
from allocation.policy.errors import RuleError, check_reason
from allocation.policy.phases import CheckpointKind, Phase
from allocation.usage.tables import among

WITHDRAWAL = "checkpoint withdrawal"


def was_withdrawn(*, sd: StrategicDirective, submission: UUID) -> bool:
    """Whether this very submission was logged for an SD and taken back: the trail knows."""
    subjects = [f"{sd.code} {kind.label}" for kind in CheckpointKind]  # which an index knows
    entries = AuditEntry.objects.filter(subject__in=subjects, action=WITHDRAWAL)
    return entries.filter(before__submission=str(submission)).exists()


def withdraw_checkpoint(*, checkpoint: Checkpoint, actor: str, now: datetime, reason: str) -> None:
    """Take a checkpoint back with its tokens: one audit entry, and one if it moves its SD back.

    An SD whose last checkpoint it was stands where the one before had left it. Raises RuleError
    without a reason.
    """
    check_reason(reason, "a withdrawal")
    ensure_week(now=now)  # which the forecasts need, before any SD is locked
    with transaction.atomic():
        locked_sds(pk=checkpoint.sd_id)
        row = Checkpoint.objects.select_related("sd").filter(pk=checkpoint.pk).first()
        if row is None:
            raise RuleError("This checkpoint is withdrawn already.")
        record(
            actor=actor,
            action=WITHDRAWAL,
            subject=f"{row.sd.code} {row.get_kind_display()}",
            before=facts(row),
            reason=reason,
            now=now,
        )
        _withdraw([row], actor=actor, now=now, reason=reason)


def undo_import(*, entry: AuditEntry, actor: str, now: datetime, reason: str = "") -> int:
    """Take back every checkpoint that an import logged, and the SDs that it made and that nothing
    else needs: one audit entry for all, and one for each SD. Returns how many checkpoints.

    The same sheet can be imported again. Raises RuleError where nothing of it is left.
    """
    with transaction.atomic():
        # The one budget rule is the lock: imports go one after the other.
        BudgetRule.objects.select_for_update(no_key=True).get()
        ensure_week(now=now)
        locked_sds(pk__in=logged_by(entry).order_by().values_list("sd", flat=True).distinct())
        rows = list(logged_by(entry).select_related("sd"))
        if not rows:
            raise RuleError("Nothing of this import is left to undo.")
        reason = reason.strip() or "The import was undone."
        record(
            actor=actor,
            action="checkpoint sheet undo",
            subject=f"{counted(len(rows), 'checkpoint')} of {entry.subject}"[:200],
            before={"import": entry.pk, "tokens": sum(row.tokens or 0 for row in rows)},
            reason=reason,
            now=now,
        )
        _withdraw(rows, actor=actor, now=now, reason=reason)
        created = (entry.after or {}).get("created", ())
        for sd in StrategicDirective.objects.filter(code__in=among(created)):
            _delete_unneeded(sd, actor=actor, now=now, reason=reason)
    return len(rows)


def _withdraw(rows: Sequence[Checkpoint], *, actor: str, now: datetime, reason: str) -> None:
    pks = {row.pk for row in rows}
    by_sd: dict[int, list[Checkpoint]] = {}
    for row in rows:
        by_sd.setdefault(row.sd_id, []).append(row)
    stood_by = {sd: last.pk for sd in by_sd if (last := _last(sd))}
    # As if all of their tokens had been captured: none of them is counted by hand.
    count_tokens(*((row, row.tokens or 0) for row in rows))
    Checkpoint.objects.filter(pk__in=among(pks)).delete()
    for row in {(row.sd_id, row.phase): row for row in rows}.values():
        update_token_log(row)
    for sd, gone in by_sd.items():
        _move_back(gone, was_last=stood_by[sd] in pks, actor=actor, now=now, reason=reason)
    make_forecasts(now=now, occasion=Occasion.CHECKPOINT)


def _move_back(
    gone: Sequence[Checkpoint], *, was_last: bool, actor: str, now: datetime, reason: str
) -> None:
    """Bring an SD to where the checkpoints that are left say it stands, and when it began."""
    sd = gone[0].sd
    phase, completed_at = Phase(sd.phase) if sd.phase else None, sd.completed_at
    if was_last:
        last = _last(sd.pk)
        phase = CheckpointKind(last.kind).phase_after if last else None
        completed_at = last.at if last and phase is None else None
        if completed_at is None:
            take_score_back(sd=sd)
    first = Checkpoint.objects.filter(sd=sd).order_by("at", "id").first()
    started_at = sd.started_at
    if first is None:
        started_at = None
    elif started_at in {row.phase_started_at or row.at for row in gone}:
        started_at = first.phase_started_at or first.at
    go_back(
        row=sd,
        phase=phase,
        started_at=started_at,
        completed_at=completed_at,
        actor=actor,
        now=now,
        reason=reason,
    )


def _last(sd_id: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(sd=sd_id).order_by("-at", "-id").first()


def _delete_unneeded(sd: StrategicDirective, *, actor: str, now: datetime, reason: str) -> None:
    try:
        delete_sd(row=sd, actor=actor, now=now, reason=reason)
    except RuleError:  # it has a history of its own by now
        return
