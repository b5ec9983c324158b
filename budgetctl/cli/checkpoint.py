"""A checkpoint from the shell: read, log, say. Needs `open_database` before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from allocation.checkpoints.defaults import defaults_for
from allocation.checkpoints.mix_text import in_words, read_mix
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.directives.models import StrategicDirective
from allocation.display import format as fmt
from allocation.display.json_values import iso
from allocation.policy.phases import CheckpointKind, Phase, next_kind
from allocation.policy.zones import Zone
from budgetctl.cli.parameters import on_clock, read_optional_tokens
from budgetctl.cli.printing import Line, row, safe, zone
from budgetctl.cli.rows import actor, owners_clock


@dataclass(frozen=True, slots=True)
class Typed:
    """The options as they were typed."""

    tokens: str | None
    mix: str
    rework: int
    lines: int | None
    note: str
    submission: UUID | None
    at: datetime | None


def usual_kind(sd: StrategicDirective, phase: Phase | None, now: datetime) -> CheckpointKind:
    """The checkpoint that usually comes next for an SD, or that ends the phase that is named."""
    if phase is None:
        return defaults_for(sd, now=now).kind
    back = Checkpoint.objects.filter(sd=sd, kind=CheckpointKind.EXEC_TO_PLAN.value)
    return next_kind(phase, completed_exec=back.exists())


def log(
    sd: StrategicDirective,
    kind: CheckpointKind,
    phase: Phase | None,
    typed: Typed,
    *,
    now: datetime,
) -> Checkpoint:
    """Log it. Raises RuleError with one sentence for what cannot be logged."""
    tokens = read_optional_tokens(typed.tokens)
    mix, _ = read_mix(typed.mix)
    if tokens is None:
        usual = defaults_for(sd, now=now, kind=kind)
        if usual.captured and phase in {None, usual.phase}:
            tokens, mix = usual.captured, mix or dict(usual.mix or {})
    checkpoint = log_checkpoint(
        sd=sd,
        entry=Entry(
            kind=kind,
            phase=phase,
            tokens=tokens,
            mix=mix,
            rework_cycles=typed.rework,
            lines_modified=typed.lines,
            note=typed.note,
        ),
        submission=typed.submission or uuid4(),
        actor=actor(),
        now=now,
        at=on_clock(typed.at, owners_clock()),
    )
    checkpoint.sd.refresh_from_db()
    return checkpoint


def as_json(logged: Checkpoint) -> dict[str, Any]:
    """What was logged, where the SD is now, and the budget at that moment (the report's keys)."""
    return {
        "sd": logged.sd.code,
        "kind": logged.kind,
        "phase": logged.phase,
        "at": iso(logged.at),
        "tokens": logged.tokens,
        "mix": logged.mix,
        "rework_cycles": logged.rework_cycles,
        "lines_modified": logged.lines_modified,
        "note": logged.note,
        "submission": str(logged.submission),
        "sd_status": logged.sd.status,
        "sd_phase": logged.sd.phase or None,
        "state": logged.state,
    }


def as_text(logged: Checkpoint) -> Iterator[Line]:
    """What was logged, and what the next phase may run on."""
    sd, state = logged.sd, logged.state
    burned = f"{fmt.tokens(logged.tokens)} tokens" if logged.tokens is not None else "no tokens"
    mix = f" ({in_words(logged.mix)})" if logged.mix else ""
    yield f"{sd.code}: {logged.get_kind_display()} logged, {burned} in {logged.phase}{mix}"
    stands = f"in {sd.phase}" if sd.phase else sd.get_status_display()
    yield row("SD", f"now {stands}")
    left = f", {fmt.tokens(state['tokens_remaining'])} left"
    yield row("BUDGET", zone(Zone(state["budget_zone"])), left)
    if not sd.phase:
        return
    by_tier: dict[str, list[str]] = {}
    for sub_agent, tier in state["recommended_models"].items():
        by_tier.setdefault(tier, []).append(safe(sub_agent))
    for tier, sub_agents in by_tier.items():
        yield row(tier.upper(), ", ".join(sub_agents))
