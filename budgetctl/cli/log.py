"""`budgetctl log` and `budgetctl handoff`: checkpoints from the shell."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from allocation.policy.phases import CheckpointKind, Phase, handover
from budgetctl.cli import answers_text, once, remote
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import PHASES, Json, SdCode, Typed, moment, phase, words
from budgetctl.cli.printing import emit, show

Tokens = Annotated[
    str | None,
    typer.Option(
        metavar="TOKENS",
        help="Fresh tokens (input, output, cache writes) since the last checkpoint: 150000, 150k, "
        "1.2M.",
    ),
]
ModelMix = Annotated[
    str, typer.Option("--mix", metavar="MIX", help="Whole percent by tier: haiku=30,sonnet=70.")
]
Rework = Annotated[int, typer.Option(metavar="N", help="Rework cycles.")]
Lines = Annotated[int | None, typer.Option(metavar="N", help="Lines of code changed.")]
Note = Annotated[str, typer.Option(parser=words, metavar="TEXT", help="Anything worth keeping.")]
At = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        parser=moment,
        metavar="MOMENT",
        help="When it was, if not now: 2026-11-23T14:00 on the owner's clock.",
    ),
]
Submission = Annotated[
    UUID | None,
    typer.Option(metavar="UUID", help="Sent again with the same one, it is logged once."),
]


def log(
    sd: SdCode,
    *,
    tokens: Tokens = None,
    kind: Annotated[
        CheckpointKind | None,
        typer.Option(
            "--kind", help="The checkpoint. Default: the one that usually comes next for the SD."
        ),
    ] = None,
    in_phase: Annotated[
        Phase | None,
        typer.Option(
            "--phase",
            parser=phase,
            metavar=PHASES,
            help="The phase that burned the tokens. Default: the one that the checkpoint ends.",
        ),
    ] = None,
    mix: ModelMix = "",
    rework: Rework = 0,
    lines: Lines = None,
    note: Note = "",
    at: At = None,
    submission: Submission = None,
    as_json: Json = False,
) -> None:
    """Log a checkpoint of an SD with the tokens that it burned.

    Tokens that transcripts have counted already are not counted twice; without
    --tokens they are what is logged. With BUDGETCTL_URL and BUDGETCTL_TOKEN it
    is logged there.
    """
    typed = Typed(tokens, mix, rework, lines, note, submission, at)
    _log(sd, kind, in_phase, typed, as_json)


def handoff(
    sd: SdCode,
    before: Annotated[Phase, typer.Argument(parser=phase, metavar="FROM", help=PHASES)],
    after: Annotated[Phase, typer.Argument(parser=phase, metavar="TO", help=PHASES)],
    *,
    tokens: Tokens = None,
    mix: ModelMix = "",
    rework: Rework = 0,
    lines: Lines = None,
    note: Note = "",
    at: At = None,
    submission: Submission = None,
    as_json: Json = False,
) -> None:
    """Hand an SD over from one phase to another; its tokens must be logged with it.

    Without --tokens those count that transcripts have of the phase; if they
    have none, it is refused. With BUDGETCTL_URL and BUDGETCTL_TOKEN it is
    logged there.
    """
    typed = Typed(tokens, mix, rework, lines, note, submission, at)
    _log(sd, handover(before, after), None, typed, as_json)


def _log(
    sd: str, kind: CheckpointKind | None, in_phase: Phase | None, typed: Typed, as_json: bool
) -> None:
    """Log it where the environment says, and say so: once, even if it is cut off and run again."""
    hub = remote.hub()
    if typed.submission is None:
        with once.key_of(hub and hub.url, sd.upper(), kind, in_phase, typed) as key:
            _log(sd, kind, in_phase, replace(typed, submission=key), as_json)
        return
    said = remote.log(hub, sd, kind, in_phase, typed) if hub else _logged(sd, kind, in_phase, typed)
    if as_json:
        emit(said)
    else:
        show(answers_text.checkpoint(said))


def _logged(
    sd: str, kind: CheckpointKind | None, in_phase: Phase | None, typed: Typed
) -> dict[str, Any]:
    open_database()
    from allocation.api import answers
    from allocation.checkpoints.defaults import usual_kind
    from budgetctl.cli import checkpoint, clock, rows

    now = clock.now()
    row = rows.sd(sd)
    kind = kind or usual_kind(row, in_phase)
    return answers.checkpoint(checkpoint.log(row, kind, in_phase, typed, now=now))
