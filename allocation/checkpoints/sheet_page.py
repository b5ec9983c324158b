"""What the preview of a spreadsheet prints, and how its checked rows travel in the form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core import signing
from django.core.exceptions import ValidationError

from allocation.catalog.models import Tier
from allocation.checkpoints.cells import BadRow, SheetRow, Terms
from allocation.checkpoints.mix_text import in_words
from allocation.checkpoints.sheet_import import repeated_lines, rows_there_already
from allocation.checkpoints.spreadsheet import Sheet, read_sheet
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase

SALT = "allocation.checkpoints.sheet"
MAX_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row that can be logged. `why` says why it will not be logged again, or what was assumed."""

    row: SheetRow
    mix: str
    new_sd: bool
    skipped: bool
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Every row of the sheet, the bad ones first, and what confirming would do."""

    bad: Sequence[BadRow]
    rows: Sequence[PreviewRow]
    new: int
    there_already: int
    tokens: int
    new_sds: Sequence[str]
    signed: str


def sheet_of_file(data: bytes, *, zone: ZoneInfo, now: datetime) -> Sheet:
    """The rows of an uploaded file. Raises RuleError for a file that is no such spreadsheet."""
    tiers = frozenset(Tier.objects.values_list("name", flat=True))
    return read_sheet(data, Terms(zone=zone, now=now, tiers=tiers, check_code=_check_code))


def sheet_of_form(signed: str) -> Sheet:
    """The rows that a preview showed.

    Raises RuleError for rows that nobody has looked at within a day, or that were tampered with.
    """
    try:
        found = signing.loads(signed, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        raise RuleError("The preview is too old or was changed; upload the file again.") from None
    bad = (BadRow(line, tuple(cells), tuple(faults)) for line, cells, faults in found["bad"])
    return Sheet(tuple(_row(values) for values in found["rows"]), tuple(bad))


def preview_of(sheet: Sheet) -> Preview:
    """What logging a sheet would do. Three queries."""
    there = rows_there_already(sheet.rows)
    repeated = repeated_lines(sheet.rows)
    found = StrategicDirective.objects.filter(code__in={row.code for row in sheet.rows})
    known = set(found.values_list("code", flat=True))
    rows = [
        PreviewRow(
            row=row,
            mix=in_words(row.mix),
            new_sd=row.code not in known,
            skipped=row.line in there or row.line in repeated,
            why=_why(row, there, repeated),
        )
        for row in sheet.rows
    ]
    new = [row for row in rows if not row.skipped]
    return Preview(
        bad=sheet.bad,
        rows=rows,
        new=len(new),
        there_already=len(rows) - len(new),
        tokens=sum(row.row.tokens for row in new),
        new_sds=sorted({row.row.code for row in new if row.new_sd}),
        signed=_signed(sheet) if new else "",
    )


def _check_code(text: str) -> str:
    """The name of an SD as its table wants it."""
    field = StrategicDirective._meta.get_field("code")
    try:
        # One that is left blank is told what to write, too.
        return str(field.clean(text.upper() or "–", None))
    except ValidationError as error:
        raise RuleError(" ".join(error.messages)) from error


def _why(row: SheetRow, there: set[int], repeated: dict[int, int]) -> str:
    if row.line in there:
        return "It is in the log already."
    if row.line in repeated:
        return f"It repeats line {repeated[row.line]}."
    return row.note


def _signed(sheet: Sheet) -> str:
    values = [
        [
            row.line,
            row.code,
            row.phase.value,
            row.started_at.isoformat() if row.started_at else None,
            row.ended_at.isoformat(),
            row.tokens,
            row.mix,
            row.rework_cycles,
            row.note,
        ]
        for row in sheet.rows
    ]
    # Only to be shown again, so long cells may be cut.
    bad = [[row.line, [cell[:60] for cell in row.cells[:12]], row.faults] for row in sheet.bad]
    return signing.dumps({"rows": values, "bad": bad}, salt=SALT, compress=True)


def _row(values: Sequence[Any]) -> SheetRow:
    line, code, phase, started, ended, tokens, mix, rework, note = values
    return SheetRow(
        line=line,
        code=code,
        phase=Phase(phase),
        started_at=datetime.fromisoformat(started) if started else None,
        ended_at=datetime.fromisoformat(ended),
        tokens=tokens,
        mix=mix,
        rework_cycles=rework,
        note=note,
    )
