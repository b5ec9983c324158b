"""`budgetctl usage`: transcripts in, totals out."""

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from budgetctl.cli import remote
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import PHASES, Json, day, phase, words
from budgetctl.cli.printing import emit, show

usage = typer.Typer(
    help="Import transcripts, and show what was burned.",
    no_args_is_help=True,
    add_completion=False,
)


class By(StrEnum):
    """What totals can be split by."""

    MODEL = "model"
    TIER = "tier"
    SUB_AGENT = "sub-agent"
    SD = "sd"
    SESSION = "session"
    DAY = "day"


@usage.command("import")
def import_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Folders or transcripts. Default: where Claude Code keeps them: "
            "$CLAUDE_CONFIG_DIR/projects, ~/.claude/projects, ~/.config/claude/projects.",
        ),
    ] = None,
    sd: Annotated[
        str | None,
        typer.Option("--sd", parser=words, metavar="SD", help="Lay what has no SD to this one."),
    ] = None,
    in_phase: Annotated[
        Phase | None,
        typer.Option(
            "--phase",
            parser=phase,
            metavar=PHASES,
            help="The phase that it belongs to; needs --sd.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read what is new in Claude Code transcripts. Doing it again counts nothing twice.

    With BUDGETCTL_URL and BUDGETCTL_TOKEN the transcripts of this machine are
    read here and counted on that server; the token needs the scope usage. How
    far each file was sent is remembered here, so it goes on where it stopped.
    """
    if in_phase is not None and sd is None:
        raise typer.BadParameter("--phase needs --sd.")
    folders = paths or default_folders()
    from budgetctl.cli import importing

    if hub := remote.hub():
        from budgetctl.cli import sending

        with importing.bar("Sending") as progress, sending.saying(sending.GOES_ON):
            done = sending.send(folders, hub, sd=sd, phase=in_phase or "", progress=progress)
    else:
        done = importing.read(folders, sd=sd, phase=in_phase or "")
    if as_json:
        emit(importing.as_json(done))
    else:
        show(importing.as_text(done))


@usage.command("totals")
def totals(
    by: Annotated[By | None, typer.Option("--by", help="One row for each of these.")] = None,
    week: Annotated[
        date | None,
        typer.Option(
            parser=day,
            metavar="DATE",
            help="Only the budget week that this day ends in: 2026-11-23. Default: all there is.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what was burned: tokens by kind, raw and budget tokens, dollars.

    With --json: {"total": {...}, "rows": [{"key": ..., ...}]}. Dollars are what
    could be priced, null if nothing could. The key of the main thread is
    "main", that of what has no SD or session "none".
    """
    open_database()
    from budgetctl.cli import clock, totals

    found = totals.totals(by.value if by else None, day=week, now=clock.now())
    if as_json:
        emit(totals.as_json(found))
    else:
        show(totals.as_text(found))


def default_folders() -> list[Path]:
    """The folders in which Claude Code keeps transcripts, where they exist."""
    config = os.environ.get("CLAUDE_CONFIG_DIR")
    homes = [Path(config)] if config else []
    homes += [Path("~/.claude").expanduser(), Path("~/.config/claude").expanduser()]
    found = [folder for home in homes if (folder := home / "projects").is_dir()]
    if not found:
        raise RuleError(
            "There are no transcripts where Claude Code keeps them (~/.claude/projects). "
            "Name a folder: budgetctl usage import PATH"
        )
    return found
