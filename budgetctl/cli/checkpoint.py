"""A checkpoint from the shell: read and log. Needs `open_database` before it."""

from datetime import datetime
from uuid import uuid4

from allocation.checkpoints.defaults import defaults_for
from allocation.checkpoints.mix_text import read_mix
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.directives.models import StrategicDirective
from allocation.policy.phases import CheckpointKind, Phase
from budgetctl.cli.parameters import Typed, on_clock, read_optional_tokens
from budgetctl.cli.rows import actor, owners_clock


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
