"""Asking before something is done that is not easily undone."""

import typer

from budgetctl.cli.refusals import Refused


def ask(question: str, *, yes: bool, to: str) -> None:
    """Ask at the terminal, on standard error; `yes` answers, and `to` says what --yes is for.

    Raises Refused where nobody says yes, as where there is no terminal.
    """
    if not (yes or _is_wanted(question)):
        raise Refused(f"Nothing was changed: nobody said yes. Give --yes to {to} without asking.")


def _is_wanted(question: str) -> bool:
    """The answer at the terminal; no where there is none, or at Ctrl-C."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)
        return False
