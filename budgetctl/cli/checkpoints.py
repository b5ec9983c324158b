"""`budgetctl checkpoints`: what was logged, and what of it is taken back."""

from typing import Annotated

import typer

from budgetctl.cli.asking import ask
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json, NeededReason, Reason, words
from budgetctl.cli.printing import emit, show

checkpoints = typer.Typer(
    help="List the logged checkpoints, and take back what was logged by mistake.",
    no_args_is_help=True,
    add_completion=False,
)

Yes = Annotated[bool, typer.Option("--yes", help="Withdraw without asking.")]


@checkpoints.command("list")
def list_checkpoints(
    sd: Annotated[
        str | None, typer.Argument(parser=words, metavar="[SD]", help="Default: those of all SDs.")
    ] = None,
    count: Annotated[int, typer.Option("--last", min=1, max=1000, help="How many.")] = 10,
    as_json: Json = False,
) -> None:
    """List the last 10 checkpoints, newest first, with their numbers."""
    open_database()
    from allocation.api import answers
    from budgetctl.cli import checkpoint_rows, checkpoint_text, rows

    found = list(checkpoint_rows.checkpoints(rows.sd(sd) if sd else None)[:count])
    if as_json:
        emit({"checkpoints": [answers.checkpoint(row) for row in found]})
        return
    show(checkpoint_text.listed(found, rows.owners_clock()))


@checkpoints.command("withdraw")
def withdraw(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `list` says it.")],
    *,
    reason: NeededReason = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take a checkpoint back with its tokens, as if it had never been logged.

    If it is the last of its SD, the SD goes back to where the one before had
    left it. It says what goes, and asks.
    """
    open_database()
    from allocation.api import answers
    from allocation.checkpoints.withdrawal import withdraw_checkpoint
    from allocation.checkpoints.withdrawal_words import withdrew
    from allocation.policy.errors import check_reason
    from budgetctl.cli import checkpoint_rows, checkpoint_text, clock, rows

    row = checkpoint_rows.checkpoint(number)
    check_reason(reason, "a withdrawal")  # before anybody is asked for nothing
    ask(checkpoint_text.to_withdraw(row, rows.owners_clock()), yes=yes, to="withdraw")
    now = clock.now()
    withdraw_checkpoint(checkpoint=row, actor=rows.actor(), now=now, reason=reason)
    if as_json:
        row.sd.refresh_from_db()
        emit(answers.checkpoint(row))
    else:
        show([withdrew(row, now)])


@checkpoints.command("imports")
def imports(as_json: Json = False) -> None:
    """List the last 10 imported sheets, newest first, with what is left of each."""
    open_database()
    from allocation.checkpoints.sheet_import import newest_imports
    from budgetctl.cli import checkpoint_text, rows

    found = newest_imports(10)
    if as_json:
        emit({"imports": [checkpoint_text.import_json(entry, left) for entry, left in found]})
    else:
        show(checkpoint_text.imports(found, rows.owners_clock()))


@checkpoints.command("undo-import")
def undo_import(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `imports` says it.")],
    *,
    reason: Reason = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take back every checkpoint that an imported sheet brought, and the SDs that it made and that
    nothing else needs.

    It says how many go, and asks. The sheet can be imported again.
    """
    open_database()
    from allocation.checkpoints import withdrawal
    from allocation.checkpoints.sheet_import import logged_by
    from allocation.checkpoints.withdrawal_words import undid
    from budgetctl.cli import checkpoint_rows, checkpoint_text, clock, rows

    entry = checkpoint_rows.sheet_import(number)
    if left := logged_by(entry).count():  # else it is refused
        ask(checkpoint_text.to_undo(entry, left), yes=yes, to="withdraw")
    now = clock.now()
    undone = withdrawal.undo_import(entry=entry, actor=rows.actor(), now=now, reason=reason)
    if as_json:
        emit({"import": entry.pk, "withdrawn": undone})
    else:
        show([undid(undone, now)])
