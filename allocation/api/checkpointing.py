"""SDs and checkpoints for the JSON API."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import overload

from django.http import Http404

from allocation.api.models import AgentToken
from allocation.api.refusals import Conflict
from allocation.api.schemas import CheckpointLogged, SdProposed
from allocation.audit.models import AuditEntry
from allocation.checkpoints.defaults import usual_kind
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import CORRECTION, Entry, log_checkpoint
from allocation.checkpoints.withdrawal import was_withdrawn
from allocation.directives.models import Priority, StrategicDirective
from allocation.directives.operations import SdFacts, create_sd
from allocation.policy.errors import RuleError

# Names our keys among all UUIDs, so that a key always gives the same submission.
_KEYS = uuid.UUID("6f0c2a36-5a0e-4b0f-9d5b-0c1f5b8a7e21")


def sd_of(code: str) -> StrategicDirective:
    """An SD by its code, in capitals or not. Raises Http404."""
    found = StrategicDirective.objects.filter(code=code.replace("\0", "").strip().upper()).first()
    if found is None:
        raise Http404(f"There is no SD called “{code[:60]}”.")
    return found


def sds_before(before: int | None, size: int) -> Sequence[StrategicDirective]:
    """So many SDs, newest first, from below an id on."""
    rows = StrategicDirective.objects.order_by("-id")
    return list((rows if before is None else rows.filter(pk__lt=before))[:size])


def propose(proposed: SdProposed, *, actor: str, now: datetime) -> StrategicDirective:
    """Propose an SD. Raises RuleError if the facts do not hold, Conflict if it exists."""
    code = proposed.code.strip().upper()
    if StrategicDirective.objects.filter(code=code).exists():
        raise Conflict(f"There is an SD called {code} already.")
    given = proposed.model_dump() | {"code": code, "priority": Priority[proposed.priority.upper()]}
    return create_sd(sd=SdFacts(**given), actor=actor, now=now)


def log(
    logged: CheckpointLogged, *, token: AgentToken, key: str | None, now: datetime
) -> Checkpoint:
    """Log a checkpoint: the same submission, or the same key of a token, logs once.

    Raises RuleError for what cannot be logged, and Conflict for a submission of another SD, kind or
    amount, and for one that was withdrawn since: who sends it again does not know that.
    """
    sd = sd_of(logged.sd)
    own = uuid.uuid5(_KEYS, f"{token.prefix}:{key}") if key else uuid.uuid4()
    submission = logged.submission or own
    if was_withdrawn(sd=sd, submission=submission):
        raise Conflict("The checkpoint of this key was withdrawn: take a new key to log it anew.")
    row = log_checkpoint(
        sd=sd,
        entry=Entry(
            kind=logged.kind or usual_kind(sd, logged.phase),
            phase=logged.phase,
            tokens=logged.tokens,
            mix=logged.mix,
            rework_cycles=logged.rework_cycles,
            lines_modified=logged.lines_modified,
            note=logged.note,
        ),
        submission=submission,
        actor=token.actor,
        now=now,
        at=moment(logged.at),
    )
    row.sd.refresh_from_db()
    if row.sd.code != sd.code or logged.kind not in {None, row.kind} or not _says(row, logged):
        raise Conflict("This key was used for another checkpoint: take a new key.")
    return row


def _says(row: Checkpoint, logged: CheckpointLogged) -> bool:
    """Whether a checkpoint holds the amounts that were sent, or has been corrected since.

    Whoever sends a checkpoint again does not know of a correction.
    """
    mix = {tier: share for tier, share in logged.mix.items() if share}  # as it is stored
    sent = (logged.tokens, mix, logged.rework_cycles, logged.lines_modified)
    if sent == (row.tokens, row.mix, row.rework_cycles, row.lines_modified):
        return True
    subject = f"{row.sd.code} {row.get_kind_display()}"
    corrections = AuditEntry.objects.filter(subject=subject, action=CORRECTION)
    return corrections.filter(at__gte=row.at).exists()


@overload
def moment(at: datetime) -> datetime: ...
@overload
def moment(at: None) -> None: ...
@overload
def moment(at: datetime | None) -> datetime | None: ...
def moment(at: datetime | None) -> datetime | None:
    """A moment that was sent, in UTC; without an offset it is UTC already. Raises RuleError."""
    if at is None:
        return None
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise RuleError("This moment is beyond all calendars.") from None
