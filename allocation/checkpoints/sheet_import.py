"""Logging the rows of a spreadsheet: phases of the past, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from allocation.audit.models import AuditEntry
from allocation.audit.operations import record
from allocation.budgets.models import BudgetRule
from allocation.budgets.operations import ensure_weeks
from allocation.checkpoints.cells import SheetRow
from allocation.checkpoints.counting import (
    captured_since_last,
    count_tokens,
    update_token_log,
)
from allocation.checkpoints.models import Checkpoint
from allocation.directives.locks import locked_sds
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.operations import SdFacts, create_sd
from allocation.directives.steps import enter_phase
from allocation.display.format import counted
from allocation.forecasts.models import Occasion
from allocation.forecasts.operations import make_forecasts
from allocation.policy.phases import CheckpointKind, Phase
from allocation.usage.models import Source, UsageRecord

IMPORT = "checkpoint sheet import"

Key = tuple[str, str, datetime, int]

# SDs that a row of the past may move on. What is deferred, paused, completed or archived is so by
# a later word than the sheet's.
_MOVABLE = {Status.PROPOSED, Status.IN_PROGRESS}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows logged, rows that were there already, SDs that were made, and the
    key of its audit entry, None if it did nothing."""

    logged: int
    there_already: int
    created: tuple[str, ...]
    entry: int | None = None


def import_sheet(*, rows: Sequence[SheetRow], actor: str, now: datetime) -> Imported:
    """Log rows of the past, in whatever phase their SDs are now: one transaction, one audit entry.

    A row is logged once, however often its sheet is imported. An SD that does not exist is made
    with complexity 3; one that has no later checkpoint is moved on. The budget weeks of the rows
    are made where they are missing. What transcripts or telemetry have counted is not counted
    again. The week is forecast anew, as at any checkpoint.
    """
    with transaction.atomic():
        # The one budget rule is the lock: imports go one after the other.
        BudgetRule.objects.select_for_update(no_key=True).get()
        there = rows_there_already(rows)
        # Of rows that repeat each other one is left.
        new = {_key(row): row for row in rows if row.line not in there}
        todo = sorted(new.values(), key=lambda row: (row.ended_at, row.line))
        if not todo:
            return Imported(0, len(rows), ())
        ensure_weeks(since=todo[0].ended_at, now=now)
        sds, created = _sds({row.code for row in todo}, actor=actor, now=now)
        made = [_checkpoint(row, sds[row.code], actor=actor) for row in todo]
        checkpoints = Checkpoint.objects.bulk_create(made)
        _count(checkpoints)
        for checkpoint in {(row.sd_id, row.phase): row for row in checkpoints}.values():
            update_token_log(checkpoint)
        _move_on(checkpoints, actor=actor, now=now)
        make_forecasts(now=now, occasion=Occasion.CHECKPOINT)
        imported = Imported(len(todo), len(rows) - len(todo), tuple(sorted(created)))
        entry = record(
            actor=actor,
            action=IMPORT,
            subject=f"{counted(len(todo), 'checkpoint')} of {counted(len(sds), 'SD')}",
            after={
                "logged": imported.logged,
                "there_already": imported.there_already,
                "created": list(imported.created),
                "tokens": sum(row.tokens for row in todo),
                "first": checkpoints[0].pk,
                "last": checkpoints[-1].pk,
            },
            now=now,
        )
    return replace(imported, entry=entry.pk)


def logged_by(entry: AuditEntry) -> QuerySet[Checkpoint]:
    """The checkpoints that an import logged, by its audit entry.

    Imports go one after the other, and what is logged in another way meanwhile has not their mark.
    """
    return Checkpoint.objects.filter(_logged_by(entry))


def newest_imports(count: int) -> list[tuple[AuditEntry, int]]:
    """So many imports, newest first, each with how many of its checkpoints are left. Two
    queries."""
    entries = AuditEntry.objects.filter(action=IMPORT)[:count]
    left = {str(entry.pk): Count("pk", filter=_logged_by(entry)) for entry in entries}
    found = Checkpoint.objects.aggregate(**left) if left else {}
    return [(entry, found[str(entry.pk)]) for entry in entries]


def _logged_by(entry: AuditEntry) -> Q:
    facts = entry.after or {}
    return Q(pk__range=(facts.get("first", 0), facts.get("last", 0)), state__imported=True)


def rows_there_already(rows: Sequence[SheetRow]) -> set[int]:
    """The lines whose checkpoint is in the log: imported before, or logged in another way.

    Two queries. Another way is the same SD, phase, second and tokens, so that the export of a log
    can be read back into it.
    """
    submissions = {row.submission: row.line for row in rows}
    logged = Checkpoint.objects.filter(sd__code__in={row.code for row in rows})
    found = logged.values_list("sd__code", "phase", "at", "tokens", "submission")
    keys: set[Key] = set()
    lines: set[int] = set()
    for code, phase, at, tokens, submission in found.order_by().iterator():
        keys.add((code, phase, at.replace(microsecond=0), tokens or 0))
        if submission in submissions:
            lines.add(submissions[submission])
    return lines | {row.line for row in rows if _key(row) in keys}


def repeated_lines(rows: Sequence[SheetRow]) -> dict[int, int]:
    """The lines that say what an earlier line of the sheet says, with that line."""
    first: dict[Key, int] = {}
    return {
        row.line: first[key]
        for row in rows
        if first.setdefault(key := _key(row), row.line) != row.line
    }


def _key(row: SheetRow) -> Key:
    return row.code, row.phase.value, row.ended_at.replace(microsecond=0), row.tokens


def _sds(
    codes: set[str], *, actor: str, now: datetime
) -> tuple[dict[str, StrategicDirective], set[str]]:
    """The SDs by code, locked in one order, and the codes of those that had to be made."""
    sds = {sd.code: sd for sd in locked_sds(code__in=codes)}
    missing = codes - sds.keys()
    for code in sorted(missing):
        sds[code] = create_sd(
            sd=SdFacts(code=code), actor=actor, now=now, reason="Named in an imported sheet."
        )
    return sds, missing


def _checkpoint(row: SheetRow, sd: StrategicDirective, *, actor: str) -> Checkpoint:
    return Checkpoint(
        sd=sd,
        kind=row.kind.value,
        phase=row.phase.value,
        at=row.ended_at,
        actor=actor,
        tokens=row.tokens,
        mix=dict(row.mix),
        rework_cycles=row.rework_cycles,
        # How the budget stood then nobody wrote down, and to work it out now would invent it.
        state={
            "imported": True,
            "phase_started_at": row.started_at.isoformat() if row.started_at else None,
        },
        submission=row.submission,
    )


def _count(checkpoints: Sequence[Checkpoint]) -> None:
    """Count what was not captured. Only SDs with captured usage are asked for it, row by row."""
    sds = {row.sd_id for row in checkpoints}
    captured = UsageRecord.objects.filter(sd_id__in=sds).exclude(source=Source.MANUAL)
    with_usage = set(captured.order_by().values_list("sd_id", flat=True).distinct())
    count_tokens(
        *(
            (
                row,
                captured_since_last(sd=row.sd, phase=Phase(row.phase), until=row.at)
                if row.sd_id in with_usage
                else 0,
            )
            for row in checkpoints
        )
    )


def _move_on(checkpoints: Sequence[Checkpoint], *, actor: str, now: datetime) -> None:
    """Bring each SD into the phase that its last checkpoint says, if that one was just imported."""
    latest = {row.sd_id: row for row in checkpoints}  # they come in the order of their moments
    first = {row.sd_id: row for row in reversed(checkpoints)}
    for sd_id, checkpoint in latest.items():
        sd = checkpoint.sd
        later = Checkpoint.objects.filter(sd_id=sd_id, at__gt=checkpoint.at).exists()
        if sd.status not in _MOVABLE or later:
            continue
        enter_phase(
            row=sd,
            phase=CheckpointKind(checkpoint.kind).phase_after,
            actor=actor,
            now=now,
            at=first[sd_id].phase_started_at or first[sd_id].at,
        )
