"""Every write to the checkpoint log, and what follows from a checkpoint."""

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from allocation.audit.operations import CLOCK, facts, record
from allocation.audit.shown import check_shown
from allocation.budgets.operations import ensure_week
from allocation.budgets.weeks import LONG_AGO
from allocation.catalog.models import Tier
from allocation.checkpoints.counting import (
    captured_for,
    captured_since_last,
    count_tokens,
    hand_counted,
    hand_counted_of,
    twice_counted,
    update_token_log,
)
from allocation.checkpoints.estimating import keep_estimate
from allocation.checkpoints.models import MOST_TOKENS, Checkpoint
from allocation.checkpoints.state import budget_state
from allocation.directives.locks import locked_sd, locked_sds
from allocation.directives.models import OVER, StrategicDirective
from allocation.directives.steps import enter_phase
from allocation.forecasts.models import Occasion
from allocation.forecasts.operations import make_forecasts
from allocation.policy.errors import RuleError
from allocation.policy.mix import Mix, check_mix
from allocation.policy.phases import CheckpointKind, Phase, phase_burned
from allocation.usage.tables import lock

# Claude Code purges transcripts after 30 days: nothing more is captured for older checkpoints.
LATEST = timedelta(days=30)
CORRECTION = "checkpoint correction"
# What a correction may change.
AMOUNTS = ("tokens", "mix", "rework_cycles", "lines_modified", "note")
NO_TOKENS = "A phase hand-over cannot be logged without its tokens; 0 is an answer."
WITHDRAWN = "This checkpoint was withdrawn meanwhile: there is nothing left to correct."
# Bounds on one call of `set_off_captured`, so that a round of scheduled work stays short: it looks
# at the newest checkpoints, of which few have anything to take back.
MOST_SET_OFF = 200
MOST_LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the Chairman logs at a checkpoint.

    `tokens` are the fresh ones (input, output and cache writes) that the phase burned since the
    SD's last checkpoint, all models together; `mix` is in whole percent, empty if nobody knows.
    """

    kind: CheckpointKind
    phase: Phase | None = None
    tokens: int | None = None
    mix: Mix = field(default_factory=dict)
    rework_cycles: int = 0
    lines_modified: int | None = None
    note: str = ""


def log_checkpoint(
    *,
    sd: StrategicDirective,
    entry: Entry,
    submission: UUID,
    actor: str,
    now: datetime,
    at: datetime | None = None,
) -> Checkpoint:
    """Log a checkpoint, count its tokens, and move the SD on: all of it or nothing.

    The same `submission` logs once, however often it is sent. `at` is the moment that the entry is
    about, where it is not `now`. Tokens of the phase that transcripts or telemetry have counted
    already are not counted again; only the rest is. Raises RuleError with one sentence.
    """
    ensure_week(now=now)  # which the forecasts need, before the SD is locked
    try:
        return _log(sd, entry, submission, actor=actor, now=now, at=at or now)
    except IntegrityError:
        # The same form, sent in the same moment for two SDs, of which one was first.
        logged = Checkpoint.objects.filter(submission=submission).first()
        if logged is None:
            raise
        return logged


def _log(
    sd: StrategicDirective,
    entry: Entry,
    submission: UUID,
    *,
    actor: str,
    now: datetime,
    at: datetime,
) -> Checkpoint:
    with transaction.atomic():
        sd = locked_sd(sd)
        logged = Checkpoint.objects.filter(submission=submission).first()
        if logged is not None:
            return logged
        phase = entry.phase or phase_burned(entry.kind, Phase(sd.phase) if sd.phase else None)
        last = Checkpoint.objects.filter(sd=sd).aggregate(at=Max("at"))["at"]
        if at == now:
            at = now = max(now, last or now)  # of two at once, the one that waited comes second
        mix = _check(sd, entry, phase, at=at, now=now)
        if last is not None and at < last:
            raise RuleError(f"{sd.code} has a later checkpoint: import what came before it.")
        checkpoint = Checkpoint(
            sd=sd,
            kind=entry.kind.value,
            phase=phase.value,
            at=at,
            actor=actor,
            tokens=entry.tokens,
            mix=mix,
            rework_cycles=entry.rework_cycles,
            lines_modified=entry.lines_modified,
            note=entry.note.strip(),
            submission=submission,
        )
        captured = captured_since_last(sd=sd, phase=phase, until=at)
        if sd.started_at is None and at == now:
            keep_estimate(sd=sd, now=now)
        checkpoint.save()
        count_tokens((checkpoint, captured))
        update_token_log(checkpoint)
        sd = enter_phase(row=sd, phase=entry.kind.phase_after, actor=actor, now=now, at=at)
        checkpoint.state = budget_state(sd, at)
        checkpoint.save(update_fields=["state"])
        if at == now:
            make_forecasts(now=now, occasion=Occasion.CHECKPOINT)
        record(
            actor=actor,
            action="checkpoint log",
            subject=f"{sd.code} {checkpoint.get_kind_display()}",
            after={"tokens": entry.tokens, "phase": phase.value, "mix": mix, "captured": captured},
            reason=checkpoint.note,
            now=now,
        )
    return checkpoint


def correct_checkpoint(
    *,
    checkpoint: Checkpoint,
    tokens: int | None,
    mix: Mix,
    rework_cycles: int,
    lines_modified: int | None,
    note: str,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> Checkpoint:
    """Correct what a checkpoint said was burned; one audit entry keeps what it said before.

    Kind, phase and moment stay, and the week is forecast anew. `seen` is what the writer had before
    them (audit.shown). Raises RuleError as `log_checkpoint` does, and Changed.
    """
    ensure_week(now=now)  # which the forecasts need, before any SD is locked
    with transaction.atomic():
        locked_sds(pk=checkpoint.sd_id)
        lock()  # the clock takes off what was captured of it
        row = Checkpoint.objects.select_related("sd").filter(pk=checkpoint.pk).first()
        if row is None:
            raise RuleError(WITHDRAWN)
        before, as_it_is = facts(row), copy(row)
        kind = CheckpointKind(row.kind)
        row.mix = _check_amounts(kind, tokens, mix, rework_cycles, lines_modified)
        captured = captured_for(row)
        row.tokens = tokens
        row.rework_cycles = rework_cycles
        row.lines_modified = lines_modified
        row.note = note.strip()
        after = facts(row)
        if after == before:
            return row
        subject = f"{row.sd.code} {row.get_kind_display()}"
        check_shown(as_it_is, seen, subject=subject, names=AMOUNTS)
        row.save()
        count_tokens((row, captured))
        update_token_log(row)
        make_forecasts(now=now, occasion=Occasion.CHECKPOINT)
        record(
            actor=actor,
            action=CORRECTION,
            subject=subject,
            before=before,
            after=after,
            reason=row.note,
            now=now,
        )
    return row


def set_off_captured(*, now: datetime) -> int:
    """Take back tokens that were counted by hand and have been captured since; returns of how many
    checkpoints. One audit entry each.

    Transcripts and telemetry may come in after a checkpoint was logged with the same tokens. They
    take the place of what was counted by hand, so that each token counts once. Called in each round
    of scheduled work, and may run twice at once.
    """
    rows = [*twice_counted(now - LATEST)[:MOST_LOOKED_AT]]
    counted = hand_counted_of(rows) if rows else {}
    waiting = [row for row in rows if counted[row.pk]]
    return sum(_set_off(row, now) for row in waiting[:MOST_SET_OFF])


def _set_off(row: Checkpoint, now: datetime) -> bool:
    counted, captured, left = _by_hand_and_captured(row)
    if left >= counted:
        return False  # nearly always, and no turn is taken for that
    with transaction.atomic():
        lock()  # usage is written by one at a time, and the clock may not lock checkpoints
        if not Checkpoint.objects.filter(pk=row.pk).exists():  # withdrawn meanwhile
            return False
        row.refresh_from_db(fields=["tokens", "mix"])  # or corrected
        counted, captured, left = _by_hand_and_captured(row)
        if left >= counted:
            return False
        count_tokens((row, captured))
        record(
            actor=CLOCK,
            action="checkpoint set-off",
            subject=f"{row.sd.code} {row.get_kind_display()}",
            before={"counted_by_hand": counted},
            after={"counted_by_hand": left},
            reason="The rest was captured after the checkpoint was logged.",
            now=now,
        )
    return True


def _by_hand_and_captured(row: Checkpoint) -> tuple[int, int, int]:
    """What is counted by hand now, what was captured, and what may still be counted by hand."""
    captured = captured_since_last(sd=row.sd, phase=Phase(row.phase), until=row.at)
    return hand_counted(row), captured, max(0, (row.tokens or 0) - captured)


def _check(
    sd: StrategicDirective, entry: Entry, phase: Phase, *, at: datetime, now: datetime
) -> dict[str, int]:
    if sd.status in OVER:
        raise RuleError(
            f"{sd.code} is {sd.get_status_display()}: no more checkpoints can be logged."
        )
    if at > now:
        raise RuleError("A checkpoint cannot be logged for a moment that is still to come.")
    if at < LONG_AGO:
        raise RuleError(f"That is before {LONG_AGO.year}: check the date.")
    if sd.phase and entry.kind is CheckpointKind.START:
        raise RuleError(f"{sd.code} has started already; it is in {sd.phase}.")
    if entry.kind.is_handover:
        ends = phase_burned(entry.kind, None)
        if sd.phase and sd.phase != ends:
            raise RuleError(f"{sd.code} is in {sd.phase}; this hand-over begins in {ends}.")
        if phase is not ends:
            raise RuleError(
                f"This hand-over ends {ends}, so its tokens belong there and not to {phase}."
            )
    return _check_amounts(
        entry.kind, entry.tokens, entry.mix, entry.rework_cycles, entry.lines_modified
    )


def _check_amounts(
    kind: CheckpointKind, tokens: int | None, mix: Mix, rework: int, lines: int | None
) -> dict[str, int]:
    if kind.is_handover and tokens is None:
        raise RuleError(NO_TOKENS)
    if min(tokens or 0, rework, lines or 0) < 0:
        raise RuleError("Tokens, rework cycles and lines of code cannot be negative.")
    if (tokens or 0) > MOST_TOKENS:
        raise RuleError(f"{tokens:,} tokens are more than any week can burn.")
    if rework > 1000 or (lines or 0) > 100_000_000:
        raise RuleError("So much rework or so many lines cannot be right.")
    return check_mix(mix, frozenset(Tier.objects.values_list("name", flat=True)))
