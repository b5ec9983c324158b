"""What the log of checkpoints and the form of one print."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import QueryDict

from allocation.audit.models import AuditEntry
from allocation.checkpoints.defaults import defaults_for, open_sds, usual_sd
from allocation.checkpoints.forms import CheckpointForm
from allocation.checkpoints.mix_text import in_words, write_mix
from allocation.checkpoints.models import KINDS, Checkpoint
from allocation.checkpoints.sheet_import import logged_by
from allocation.directives.models import StrategicDirective
from allocation.display.format import tokens
from allocation.display.paging import Slice, page_of
from allocation.policy.phases import CheckpointKind


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One checkpoint of the log."""

    pk: int
    at: datetime
    code: str
    kind: str
    phase: str
    tokens: int | None
    mix: str
    rework_cycles: int
    lines_modified: int | None
    note: str
    actor: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """The log of checkpoints, newest first, or that of one SD or of one import."""

    sd: str
    entry: AuditEntry | None
    rows: Sequence[CheckpointRow]
    slice: Slice


def log_page(query: QueryDict, entry: AuditEntry | None = None) -> LogPage:
    """The log for `?sd=&page=`, of an import by its `entry`. Two queries, however long it is."""
    sd = query.get("sd", "").replace("\x00", "")
    logged = logged_by(entry) if entry else Checkpoint.objects.all()
    found = logged.select_related("sd").defer("state")
    page = page_of(found.filter(sd__code=sd) if sd else found, query)
    return LogPage(sd=sd, entry=entry, rows=[checkpoint_row(row) for row in page.rows], slice=page)


def checkpoint_row(row: Checkpoint) -> CheckpointRow:
    """A checkpoint as tables print it."""
    return CheckpointRow(
        pk=row.pk,
        at=row.at,
        code=row.sd.code,
        kind=row.get_kind_display(),
        phase=row.phase,
        tokens=row.tokens,
        mix=in_words(row.mix),
        rework_cycles=row.rework_cycles,
        lines_modified=row.lines_modified,
        note=row.note,
        actor=row.actor,
    )


def new_form(query: Mapping[str, str], *, now: datetime) -> CheckpointForm:
    """The form for `?sd=&kind=`: filled in for that SD, or for the only one in progress."""
    kind = query.get("kind", "")
    chosen = CheckpointKind(kind) if kind in dict(KINDS) else None
    code = query.get("sd", "").replace("\x00", "")
    sd = open_sds().filter(code=code).first() if code else usual_sd()
    return CheckpointForm(sds=open_sds(), defaults=defaults_for(sd, now=now, kind=chosen))


def refilled_form(sent: QueryDict, *, now: datetime) -> CheckpointForm:
    """The form as it was sent, with the defaults of the SD and checkpoint that are chosen now.

    What somebody typed stays; what had been filled in is filled in again.
    """
    given = {name: str(value) for name, value in sent.items()}
    touched = _touched(given)
    sd = _chosen_sd(given.get("sd", ""))
    kind = CheckpointKind(given["kind"]) if "kind" in touched else None
    # The phase follows from the checkpoint: kept, it would contradict the new one.
    keep = [*touched & {"tokens", "mix"}, "rework_cycles", "lines_modified", "note", "submission"]
    return CheckpointForm(
        sds=open_sds(),
        defaults=defaults_for(sd, now=now, kind=kind),
        typed={name: given[name] for name in keep if name in given},
    )


def logged_in_words(checkpoint: Checkpoint) -> str:
    """What was logged, as a sentence."""
    burned = "" if checkpoint.tokens is None else f": {tokens(checkpoint.tokens)} tokens"
    mix = f" ({in_words(checkpoint.mix)})" if burned and checkpoint.mix else ""
    return f"Logged {checkpoint.sd.code}, {checkpoint.get_kind_display()}{burned}{mix}."


def export_rows(zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    """The log with the spreadsheet's columns, oldest first: every checkpoint that has tokens.

    A phase starts where the sheet said so, else at the SD's checkpoint before.
    """
    previous: dict[int, datetime] = {}
    found = Checkpoint.objects.select_related("sd").order_by("at", "id")
    for row in found.iterator(chunk_size=2_000):
        started = row.phase_started_at or previous.get(row.sd_id)
        previous[row.sd_id] = row.at
        if row.tokens is None:
            continue
        yield (
            row.sd.code,
            row.phase,
            _written(started, zone) if started else "",
            _written(row.at, zone),
            row.tokens,
            write_mix(row.mix),
            row.rework_cycles or "No",
        )


def _written(at: datetime, zone: ZoneInfo) -> str:
    """With its offset, so that the hour that a clock shows twice is read back as it was."""
    return at.astimezone(zone).isoformat(" ", "seconds")


def _touched(given: Mapping[str, str]) -> set[str]:
    """The fields whose value is not the one that was filled in."""
    try:
        filled = json.loads(given.get("filled", ""))
    except ValueError:
        return set()
    if not isinstance(filled, dict):
        return set()
    touched = {
        name
        for name in CheckpointForm.filled_in
        if name in filled and name in given and given[name] != filled[name]
    }
    return touched if given.get("kind") in dict(KINDS) else touched - {"kind"}


def _chosen_sd(pk: str) -> StrategicDirective | None:
    return open_sds().filter(pk=key_in(pk)).first()


def key_in(asked: str) -> int:
    """The primary key that an address or a field names; 0, which no row has, where it is none."""
    return int(asked) if asked.isdecimal() and len(asked) < 18 else 0
