"""`budgetctl worker`: the scheduled work and the watcher, without a server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from allocation.policy.plain import safe
from budgetctl.cli import remote, serving, watching
from budgetctl.cli.database import open_database
from budgetctl.cli.remote import Hub


def worker(
    *,
    no_watch: Annotated[
        bool, typer.Option("--no-watch", help="Do not read transcripts of this machine.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due and end, as `budgetctl tick` does.")
    ] = False,
) -> None:
    """Do the scheduled work, and read transcripts as they are written, until Ctrl-C.

    `budgetctl start` does the same beside its server; a team runs one worker instead. Two at once
    do nothing twice. With BUDGETCTL_URL and BUDGETCTL_TOKEN the scheduled work
    is that server's, and the transcripts of this machine are sent there.
    """
    if hub := remote.hub():
        _send(hub, no_watch=no_watch, once=once)
        return
    open_database()
    if once:
        serving.tick_once()
        watching.watch_once(transcripts=not no_watch)
        return
    with _working() as stopped, serving.ticking(), watching.watching(transcripts=not no_watch):
        typer.echo("Working. Stop with Ctrl-C.")
        stopped.wait()


def _send(to: Hub, *, no_watch: bool, once: bool) -> None:
    """What a machine has to do that shares a server."""
    from budgetctl.cli import sending

    if no_watch:
        raise typer.BadParameter("With BUDGETCTL_URL there is nothing else to do.")
    if once:
        if found := watching.folders():
            with sending.saying(sending.GOES_ON):
                sending.send(found, to)
        return
    with _working() as stopped:
        typer.echo(f"Sending transcripts to {to.url}. Stop with Ctrl-C.")
        sending.keep_sending(to, stopped, lambda said: typer.echo(safe(said), err=True))


@contextmanager
def _working() -> Iterator[threading.Event]:
    """Until Ctrl-C, which sets the event."""
    try:
        with serving.stopping_on_signals() as stopping:
            yield stopping.gently()
    except KeyboardInterrupt:
        pass
    typer.echo("Stopped.")
