"""`budgetctl worker`: the scheduled work and the watcher, without a server."""

from typing import Annotated

import typer

from budgetctl.cli import serving, watching
from budgetctl.cli.database import open_database


def worker(
    *,
    no_watch: Annotated[
        bool, typer.Option("--no-watch", help="Do not read transcripts of this machine.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Do what is due and end; for cron.")] = False,
) -> None:
    """Do the scheduled work, and read transcripts as they are written, until Ctrl-C.

    `budgetctl start` does the same beside its server; a team runs one worker instead. Two at once
    do nothing twice.
    """
    open_database()
    if once:
        serving.tick_once()
        watching.watch_once(transcripts=not no_watch)
        return
    try:
        with serving.stopping_on_signals() as stopping:
            stopped = stopping.gently()
            with serving.ticking(), watching.watching(transcripts=not no_watch):
                typer.echo("Working. Stop with Ctrl-C.")
                stopped.wait()
    except KeyboardInterrupt:
        pass
    typer.echo("Stopped.")
