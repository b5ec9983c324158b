"""`budgetctl defer` and `budgetctl sd`: what is to be done, and what is put off."""

from typing import Annotated

import typer

from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json, Priorities, Reason, SdCode, priority, read_optional_tokens
from budgetctl.cli.printing import emit, show

Complexity = Annotated[int, typer.Option(help="1 (trivial) to 5 (critical).")]

sd = typer.Typer(
    help="Propose and list strategic directives (SDs).", no_args_is_help=True, add_completion=False
)


def defer(sd: SdCode, reason: Reason = "", as_json: Json = False) -> None:
    """Put an SD off to the next budget week, with a reason."""
    open_database()
    from allocation.directives.operations import defer_sd
    from budgetctl.cli import clock, rows

    row = defer_sd(row=rows.sd(sd), actor=rows.actor(), now=clock.now(), reason=reason)
    _say(row, as_json)


@sd.command("resume")
def resume(sd: SdCode, reason: Reason = "", as_json: Json = False) -> None:
    """Take a deferred or paused SD up again where it stood."""
    open_database()
    from allocation.directives.operations import resume_sd
    from budgetctl.cli import clock, rows

    row = resume_sd(row=rows.sd(sd), actor=rows.actor(), now=clock.now(), reason=reason)
    _say(row, as_json)
