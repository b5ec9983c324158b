"""`budgetctl optimize`: who could run a tier lower, applied and undone."""

from typing import Annotated

import typer

from allocation.policy.phases import Phase
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import PHASES, Json, Reason, phase, words
from budgetctl.cli.printing import emit, show


def optimize(
    *,
    apply: Annotated[
        str | None,
        typer.Option(parser=words, metavar="SUB_AGENT", help="Take its opportunity in --phase."),
    ] = None,
    in_phase: Annotated[Phase | None, typer.Option("--phase", parser=phase, metavar=PHASES)] = None,
    undo: Annotated[
        int | None, typer.Option(metavar="ID", help="Undo this applied change.")
    ] = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """List who could run a tier lower, what that saves, and what changes really saved.

    With --apply and --phase it takes an opportunity, with --undo it goes back
    on one; both need --reason.
    """
    if (apply is None) != (in_phase is None):
        raise typer.BadParameter("Give --apply and --phase, or neither.")
    if apply is not None and undo is not None:
        raise typer.BadParameter("Give --apply or --undo, not both.")
    open_database()
    from budgetctl.cli import clock, optimizing, optimizing_text

    now, sentence = clock.now(), ""
    if apply is not None and in_phase is not None:
        sentence = optimizing.apply(apply, in_phase, reason=reason, now=now)
    elif undo is not None:
        sentence = optimizing.undo(undo, reason=reason, now=now)
    found = optimizing.read(now)
    if as_json:
        emit(optimizing_text.as_json(found))
    elif sentence:
        show([sentence])
    else:
        show(optimizing_text.as_text(found))
