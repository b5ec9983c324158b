"""Tails transcripts: Claude Code purges them after 30 days, and what is not read by then is lost.

A pass looks at the size and the time of each file and opens only those that changed, so that it
costs a few milliseconds while nothing happens. What was read is in the database (TranscriptFile):
a watcher that starts anew goes on where another stopped, and two at once count nothing twice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from allocation.policy.errors import RuleError
from allocation.usage.operations import import_transcripts
from allocation.usage.transcripts.discover import discover
from allocation.usage.transcripts.importing import ImportSummary

Stamp = tuple[int, int]  # size, time of the last change


class Watcher:
    """Watches folders. `folders` is asked each time: they may be made while we watch."""

    def __init__(self, folders: Callable[[], Sequence[Path]]) -> None:
        self._folders = folders
        self._seen: dict[Path, Stamp] = {}

    def step(self, *, now: datetime) -> ImportSummary | None:
        """Read what was written since the last step; None if nothing was."""
        folders = self._folders()
        if not folders:
            return None
        found = {one.path: (one.size, one.modified_ns) for one in discover(folders).found}
        changed = [path for path, stamp in found.items() if self._seen.get(path) != stamp]
        if not changed:
            return None
        try:
            summary = import_transcripts(paths=changed, now=now)
        except RuleError:  # one was swept, or became unreadable, while we looked: walk instead
            summary = import_transcripts(paths=folders, now=now)
        self._seen = found
        return summary
