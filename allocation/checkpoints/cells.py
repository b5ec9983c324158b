"""One row of the week-1 spreadsheet: from its cells to values, or to what is wrong with each.

Nothing here looks at the database or the clock.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from allocation.checkpoints.mix_text import in_words, read_mix, write_mix
from allocation.display.reading import read_tokens
from allocation.policy.errors import RuleError
from allocation.policy.mix import Mix, check_mix
from allocation.policy.phases import CheckpointKind, Phase

COLUMNS = (
    "SD ID",
    "Phase",
    "Start Timestamp",
    "End Timestamp",
    "Tokens (Est.)",
    "Model Used",
    "Rework?",
)
EXAMPLE = (
    "SD-PERF-OPT-001",
    "EXEC",
    "2026-01-05 09:00",
    "2026-01-05 17:30",
    "80,000",
    "Sonnet/Opus",
    "No",
)
# The columns by the short names that the code uses for them.
NAMES = dict(
    zip(("sd", "phase", "start", "end", "tokens", "model", "rework"), COLUMNS, strict=True)
)
MOST_REWORK = 1_000
# A million times the usual phase; what is above it is a slip of the key.
MOST_TOKENS_OF_A_ROW = 10**11
# There was no Claude before that anybody could burn tokens on.
EARLIEST = datetime(2023, 3, 1, tzinfo=UTC)

_ENDS = {
    Phase.LEAD: CheckpointKind.LEAD_TO_PLAN,
    Phase.PLAN: CheckpointKind.PLAN_TO_EXEC,
    Phase.EXEC: CheckpointKind.EXEC_TO_PLAN,
}
_NAMESPACE = UUID("6f0c4f0a-9a0e-5a55-8d5a-2f6b1f3a7c10")
_REWORK = {"": 0, "no": 0, "n": 0, "none": 0, "–": 0, "yes": 1, "y": 1}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that can be logged: a phase of an SD, logged at the moment it ended."""

    line: int
    code: str
    phase: Phase
    started_at: datetime | None
    ended_at: datetime
    tokens: int
    mix: Mix
    rework_cycles: int
    note: str = ""

    @property
    def kind(self) -> CheckpointKind:
        """The hand-over that ends the phase."""
        return _ENDS[self.phase]

    @property
    def submission(self) -> UUID:
        """The same for the same values, whichever file and line they stand in."""
        started = self.started_at.astimezone(UTC).isoformat() if self.started_at else ""
        values = (
            self.code,
            self.phase.value,
            started,
            self.ended_at.astimezone(UTC).isoformat(),
            str(self.tokens),
            write_mix(self.mix),
            str(self.rework_cycles),
        )
        return uuid5(_NAMESPACE, "|".join(values))


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be logged, as it stands in the file, with one sentence for each fault."""

    line: int
    cells: tuple[str, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row is read against: the owner's zone, the present moment, the tiers there are, and
    the rule for the names of SDs, which returns a name or raises RuleError."""

    zone: ZoneInfo
    now: datetime
    tiers: frozenset[str]
    check_code: Callable[[str], str]


def read_row(line: int, cells: Mapping[str, str], terms: Terms) -> SheetRow | BadRow:
    """The row behind cells, by column (see NAMES); all its faults at once if it has some."""
    faults: list[str] = []

    def value(key: str, read: Callable[[str], Value]) -> Value | None:
        try:
            return read(cells[key])
        except RuleError as error:
            faults.append(f"{NAMES[key]}: {error}")
            return None

    code = value("sd", terms.check_code)
    phase = value("phase", _phase)
    started = value("start", lambda text: _moment(text, terms) if text else None)
    ended = value("end", lambda text: _end(text, started, terms))
    tokens = value("tokens", _tokens)
    mixed = value("model", lambda text: _mix(text, terms.tiers))
    rework = value("rework", _rework)
    if code and phase and ended and mixed and tokens is not None and not faults:
        mix, note = mixed
        return SheetRow(line, code, phase, started, ended, tokens, mix, rework or 0, note)
    return BadRow(line, tuple(cells.values()), tuple(faults))


def _phase(text: str) -> Phase:
    if text.upper() not in set(Phase):
        named = f"“{text[:40]}” is not a phase" if text else "It is left blank"
        raise RuleError(f"{named}; write LEAD, PLAN or EXEC.")
    return Phase(text.upper())


def _moment(text: str, terms: Terms) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=terms.zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RuleError(f"“{text[:40]}” is not a moment; write it as 2025-12-06 16:00.") from None
    if moment < EARLIEST:
        raise RuleError(f"{text} is before there was a Claude; check the year.")
    return moment


def _end(text: str, started: datetime | None, terms: Terms) -> datetime:
    if not text:
        raise RuleError("A row is logged at the moment it ended, so that must be given.")
    ended = _moment(text, terms)
    if ended > terms.now:
        raise RuleError(f"{text} is still to come.")
    if started is not None and ended < started:
        raise RuleError("It ends before it starts.")
    return ended


def _tokens(text: str) -> int:
    if not text:
        raise RuleError("A phase cannot be logged without its tokens; 0 is an answer.")
    tokens = read_tokens(text)
    if tokens > MOST_TOKENS_OF_A_ROW:
        raise RuleError(f"{text} tokens are more than any phase can burn.")
    return tokens


def _mix(text: str, tiers: frozenset[str]) -> tuple[dict[str, int], str]:
    mix, assumed = read_mix(text)
    mix = check_mix(mix, tiers)
    return mix, f"“{text}” is read as equal shares: {in_words(mix)}." if assumed else ""


def _rework(text: str) -> int:
    known = _REWORK.get(text.lower())
    if known is not None:
        return known
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise RuleError(f"“{text[:40]}” is not an answer; write No, Yes or the number of cycles.")
    if int(text) > MOST_REWORK:
        raise RuleError(f"{text} cycles of rework cannot be right.")
    return int(text)
