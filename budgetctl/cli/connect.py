"""`budgetctl connect claude-code`: hooks, status line and telemetry, put in and taken out."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from allocation.policy.plain import safe, safe_lines
from budgetctl.cli.asking import ask


class Harness(StrEnum):
    """What can be connected."""

    CLAUDE_CODE = "claude-code"


def connect(
    harness: Annotated[
        Harness, typer.Argument(metavar="HARNESS", help="What to connect: claude-code.")
    ],
    *,
    user: Annotated[
        bool, typer.Option("--user", help="All sessions of this user (the default).")
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            metavar="DIR",
            help="Sessions in this folder, in its .claude/settings.local.json. Telemetry and the "
            "status line are set for the user only.",
        ),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", help="The server. Default: as before, else 127.0.0.1:8000.")
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            "--token",
            help="Its token. Default: BUDGETCTL_TOKEN, else as before; one is made on the "
            "server itself.",
        ),
    ] = "",
    http: Annotated[
        bool,
        typer.Option(
            "--http/--command",
            help="Hooks that Claude Code sends itself, or `budgetctl hook`, which also answers "
            "while the server is away.",
        ),
    ] = False,
    fail_closed: Annotated[
        bool, typer.Option("--fail-closed", help="Block a run that nobody can decide.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take out what was put in.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change only.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Connect Claude Code: show the exact change to its settings, ask, and write it.

    Other hooks stay, and a status line that is there is printed above ours. Connecting again
    changes nothing that is right already.
    """
    if user and project is not None:
        raise typer.BadParameter("Give --user or --project, not both.")
    from budgetctl.cli.connecting import Connecting

    plan = Connecting(project=project, url=url, token=token, http=http, fail_closed=fail_closed)
    change = plan.to_undo() if undo else plan.to_connect()
    if not change.diff:
        typer.echo(safe(change.nothing_to_do))
        if dry_run or (not plan.is_remembered(change.file) if undo else plan.is_saved):
            return
    else:
        typer.echo(safe_lines(change.diff), nl=False)
    for note in change.notes:
        typer.echo(f"Note: {safe(note)}")
    if dry_run:
        return
    if undo and not change.diff:
        ask("Forget what was put in?", yes=yes, to="forget it")
    else:
        ask("Write this?", yes=yes, to="write")
    for said in plan.undo(change) if undo else plan.connect(change):
        typer.echo(safe(said))
