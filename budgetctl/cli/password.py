"""`budgetctl password`: a new one for the owner, who has lost the old one."""

import sys

import typer

from budgetctl.cli.database import open_database
from budgetctl.cli.printing import show
from budgetctl.cli.refusals import Refused


def password() -> None:
    """Set a new password for the owner's account.

    It is asked for twice and not shown; from a pipe it is read as one line. It
    ends the account's sessions.
    """
    open_database()
    from budgetctl.cli import clock, rows, setup

    setup.change_password(_new(), actor=rows.actor(), now=clock.now())
    show(
        [f"{setup.OWNER} has a new password. Whoever was signed in with the old one is signed out."]
    )


def _new() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True))
    given = sys.stdin.readline().rstrip("\n")
    if not given:
        raise Refused("No password was given: nothing was changed.")
    return given
