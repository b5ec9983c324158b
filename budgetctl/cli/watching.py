"""What goes on beside the tick: transcripts are read as they are written, and the state that the
status line of this machine prints is kept fresh."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from budgetctl.cli.background import guarded, running

if TYPE_CHECKING:
    from allocation.claude_code.watch import Watcher

WATCH_SECONDS = 2
STATE_SECONDS = 30


@contextmanager
def watching(*, transcripts: bool) -> Iterator[None]:
    """Do it in a thread until the block is left; without `transcripts` only the state is kept."""
    stopped = threading.Event()

    def watch() -> None:
        _watch(stopped, transcripts)

    with running(watch, stopped):
        yield


def watch_once(*, transcripts: bool) -> None:
    """One pass over everything."""
    if transcripts:
        guarded("Watching", _watcher().step)
    guarded("Watching", _keep_state)


def _watch(stopped: threading.Event, transcripts: bool) -> None:
    watcher, passes = _watcher(), 0
    while True:
        if transcripts:
            guarded("Watching", watcher.step)
        if passes % (STATE_SECONDS // WATCH_SECONDS) == 0:
            guarded("Watching", _keep_state)
        passes += 1
        if stopped.wait(WATCH_SECONDS):
            return


def _watcher() -> "Watcher":
    from allocation.claude_code.watch import Watcher
    from allocation.usage.operations import import_transcripts
    from budgetctl.cli import clock

    return Watcher(folders, lambda changed: import_transcripts(paths=changed, now=clock.now()))


def folders() -> list[Path]:
    """Where Claude Code keeps transcripts on this machine; none while it has written nothing."""
    from allocation.policy.errors import RuleError
    from budgetctl.cli.usage import default_folders

    try:
        return default_folders()
    except RuleError:
        return []


def _keep_state() -> None:
    """Write the state for this machine, where that is connected to its own server."""
    from allocation.claude_code.client import state
    from allocation.claude_code.client.home import client_home, connection
    from allocation.claude_code.client.transport import parts
    from allocation.claude_code.state import state_at
    from budgetctl.cli import clock

    folder = client_home()
    to = connection(folder)
    if to is not None and parts(to.url)[1] in {"127.0.0.1", "localhost", "::1"}:
        state.save(folder, state_at(clock.now()))
