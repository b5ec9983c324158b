"""Logged checkpoints and imported sheets as text. Needs `open_database` before it."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.audit.models import AuditEntry
from allocation.checkpoints.mix_text import in_words
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.withdrawal_words import (
    KEPT,
    SHEET_STAYS,
    named,
    what_goes,
    what_goes_of,
)
from allocation.display import format as fmt
from allocation.display.json_values import iso
from allocation.policy.plain import safe
from budgetctl.cli.printing import Line, Row


def listed(found: Sequence[Checkpoint], clock: ZoneInfo) -> Iterator[Line]:
    """One line for each with the number that it is withdrawn by; below it its note."""
    if not found:
        yield "No checkpoint is logged yet. Log one: budgetctl log SD --tokens 20k"
        return
    for row in found:
        burned = f", {fmt.tokens(row.tokens)} tokens in {row.phase}" if row.tokens else ""
        mix = f" ({in_words(row.mix)})" if row.mix else ""
        note = f"\n{safe(' '.join(row.note.split()))}" if row.note else ""
        what = f"{fmt.moment(row.at, clock)}: {named(row)}{burned}{mix}"
        yield _numbered(row.pk, Text.assemble(what, (note, "dim")))
    yield "Take one back: budgetctl checkpoints withdraw NUMBER --reason …"


def to_withdraw(row: Checkpoint, clock: ZoneInfo) -> str:
    """What withdrawing it would do, as a question."""
    logged = f"logged by {safe(row.actor)}, {fmt.moment(row.at, clock)}"
    return f"{named(row)}, {logged}.\n{what_goes(row)}\n{KEPT}\nWithdraw it?"


def imports(found: Sequence[tuple[AuditEntry, int]], clock: ZoneInfo) -> Iterator[Line]:
    """One line for each, with the number that it is undone by."""
    if not found:
        yield "No sheet was imported yet."
        return
    for entry, left in found:
        is_left = f"{left:,} left" if left else "nothing left"
        what = f"{entry.subject} by {safe(entry.actor)}, {is_left}"
        yield _numbered(entry.pk, Text(f"{fmt.moment(entry.at, clock)}: {what}"))
    yield "Take one back: budgetctl checkpoints undo-import NUMBER"


def import_json(entry: AuditEntry, left: int) -> dict[str, Any]:
    """One import, and how many of its checkpoints are left."""
    facts = entry.after or {}
    return {
        "import": entry.pk,
        "at": iso(entry.at),
        "actor": entry.actor,
        "logged": facts.get("logged"),
        "tokens": facts.get("tokens"),
        "created": facts.get("created"),
        "left": left,
    }


def to_undo(entry: AuditEntry, left: int) -> str:
    """What undoing it would do, as a question."""
    question = f"Withdraw {fmt.counted(left, 'checkpoint')}?"
    return f"{what_goes_of(entry, left)}\n{SHEET_STAYS} {KEPT}\n{question}"


def _numbered(number: int, what: Text) -> Line:
    return Row(str(number), what, indent=0, width=7)
