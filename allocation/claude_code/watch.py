"""Tails transcripts: Claude Code purges them after 30 days, and what is not read by then is lost.

A pass looks at the size and the time of each file and opens only those that changed, so that it
costs a few milliseconds while nothing happens. Whoever imports remembers how far it has read: a
watcher that starts anew goes on where another stopped, and two at once count nothing twice.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from allocation.policy.errors import RuleError
from allocation.usage.transcripts.discover import discover
from allocation.usage.transcripts.importing import ImportSummary

Stamp = tuple[int, int, int]  # size, and when its text and anything about it changed last


class Watcher:
    """Watches folders, and imports what changes in them.

    `folders` is asked each time: they may be made while we watch. `take` imports what is new in the
    files and folders that it is given.
    """

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        take: Callable[[Sequence[Path]], ImportSummary],
    ) -> None:
        self._folders = folders
        self._take = take
        self._seen: dict[Path, Stamp] = {}

    def step(self) -> ImportSummary | None:
        """Import what was written since the last step; None if nothing was.

        Raises what `take` raises; then the next step tries the same again.
        """
        folders = self._folders()
        if not folders:
            return None
        found = {
            one.path: (one.size, one.modified_ns, one.changed_ns) for one in discover(folders).found
        }
        changed = [path for path, stamp in found.items() if self._seen.get(path) != stamp]
        if not changed:
            return None
        try:
            summary = self._take(changed)
        except RuleError:  # one was swept, or became unreadable, while we looked: walk instead
            summary = self._take(folders)
        self._seen = found
        return summary
