"""What people type, and the options that several commands share.

Where the line is: a command line that cannot be read (an option that does not exist, a phase that
is none, a day that is none) is wrong usage, exit 2. An amount or a name that is read and then not
accepted raises RuleError with one sentence, exit 1.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from allocation.display.reading import read_tokens
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.plain import safe
from allocation.policy.zones import Zone

_DOLLARS = re.compile(r"\$?(\d{1,15}(?:\.\d{1,2})?)", re.ASCII)
_PERCENT = re.compile(r"(-?\d{1,9}(?:\.\d{1,2})?)\s?%?", re.ASCII)


def read_optional_tokens(text: str | None) -> int | None:
    """Tokens where any are given. Raises RuleError as `read_tokens` does."""
    return None if text is None else read_tokens(text)


def read_limit(text: str, *, in_dollars: bool) -> Decimal:
    """A limit in the meter's unit: 500000, 500k, 1.2M; or dollars and cents, 25.50."""
    if not in_dollars:
        return Decimal(read_tokens(text))
    match = _DOLLARS.fullmatch(text.strip().replace(",", ""))
    if match is None:
        raise RuleError(f"“{text}” is not an amount in US dollars; write for example 25.50.")
    return Decimal(match[1])


def read_percent(text: str) -> Decimal:
    """A percentage of at most two decimals, with or without its sign."""
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        raise RuleError(f"“{text}” is not a percentage; write for example 20.")
    return Decimal(match[1])


def day(text: str) -> date:
    """A calendar day, 2026-11-23."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}” is not a day; write for example 2026-11-23.") from None


def moment(text: str) -> datetime:
    """A moment, 2026-11-23T14:00, with an offset or without."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"“{text}” is not a moment; write for example 2026-11-23T14:00."
        ) from None


def on_clock(at: datetime | None, clock: ZoneInfo) -> datetime | None:
    """The moment, on the owner's clock where it came without an offset."""
    return at.replace(tzinfo=clock) if at is not None and at.tzinfo is None else at


def phase(text: str) -> Phase:
    """A phase, in capitals or not."""
    try:
        return Phase(text.upper())
    except ValueError:
        raise typer.BadParameter(f"“{text}” is not a phase; there are LEAD, PLAN, EXEC.") from None


def zone(text: str) -> Zone:
    """A zone, in capitals or not."""
    try:
        return Zone(text.upper())
    except ValueError:
        there_are = ", ".join(Zone)
        raise typer.BadParameter(f"“{text}” is not a zone; there are {there_are}.") from None


def priority(text: str) -> int:
    """A priority by its name; the numbers are those of directives.models.Priority."""
    names = PRIORITIES.split("|")
    if text.lower() not in names:
        raise typer.BadParameter(f"“{text}” is not a priority; there are {', '.join(names)}.")
    return names.index(text.lower()) + 1


def words(text: str) -> str:
    """Typed text in one line that every database and terminal can hold."""
    return safe(" ".join(text.split()))


PHASES = "LEAD|PLAN|EXEC"
ZONES = "GREEN|YELLOW|ORANGE|RED"
PRIORITIES = "low|normal|high"

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON: stable keys, UTC times, whole tokens.")
]
SdCode = Annotated[
    str, typer.Argument(parser=words, metavar="SD", help="For example SD-PERF-OPT-001.")
]
Reason = Annotated[
    str,
    typer.Option("--reason", parser=words, metavar="TEXT", help="Why; kept in the audit trail."),
]
NeededReason = Annotated[
    str,
    typer.Option("--reason", parser=words, metavar="TEXT", help="Why; needed, and kept."),
]


@dataclass(frozen=True, slots=True)
class Typed:
    """The options of a checkpoint, as they were typed."""

    tokens: str | None
    mix: str
    rework: int
    lines: int | None
    note: str
    submission: UUID | None
    at: datetime | None
