"""`budgetctl tick`: one round of what `budgetctl worker` does, for cron."""

from typing import Annotated

import typer

from budgetctl.cli.worker import worker


def tick(
    *,
    no_watch: Annotated[
        bool, typer.Option("--no-watch", help="Do not read transcripts of this machine.")
    ] = False,
) -> None:
    """Do what is due, read what is new in transcripts, and end: the command for cron.

    Missed or doubled it does no harm: it catches up, and two at once do nothing twice. With
    BUDGETCTL_URL and BUDGETCTL_TOKEN the transcripts of this machine are sent there. `budgetctl
    worker` does the same again and again.
    """
    worker(no_watch=no_watch, once=True)
