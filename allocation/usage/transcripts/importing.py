"""The course of an import: find transcripts, read what is new, hand each piece to whoever takes it.

No Django here: what is read is stored in a database, or sent to a server elsewhere.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from allocation.usage.stored import Stored
from allocation.usage.transcripts.discover import Found, Skipped, discover
from allocation.usage.transcripts.reader import Reading
from allocation.usage.transcripts.unread import Bookmarks, Unread, unread
from allocation.usage.transcripts.worker import read_all

# Below so many bytes processes of their own would take longer to start than to read.
_WORTH_WORKERS = 48 * 1024 * 1024

Progress = Callable[[int, int], None]  # bytes read, bytes to read
# Stores what a piece says, and how far its files (by path) have been read with it.
Take = Callable[[Reading, dict[bytes, Found]], Stored]


@dataclass(slots=True)
class ImportSummary:
    """What an import did.

    `files` are all transcripts found, `files_read` those with something new. `new`, `improved` and
    `unchanged` are records; `unreadable` are lines; `unknown_models` counts new records by model;
    `weeks_made` are budget weeks that were made for the history that it brought.
    """

    files: int = 0
    files_read: int = 0
    bytes: int = 0
    lines: int = 0
    new: int = 0
    improved: int = 0
    unchanged: int = 0
    unreadable: int = 0
    unknown_models: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    weeks_made: int = 0

    def add(self, reading: Reading, stored: Stored) -> None:
        """Count a piece that was read and stored."""
        self.bytes += reading.bytes
        self.lines += reading.lines
        self.unreadable += reading.unreadable
        self.skipped += [
            Skipped(Path(os.fsdecode(path)), reason) for path, reason in reading.skipped
        ]
        self.new += stored.new
        self.improved += stored.improved
        self.unchanged += stored.unchanged
        self.unknown_models += stored.unknown_models
        self.weeks_made += stored.weeks_made


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import has to do."""

    found: Sequence[Found]
    skipped: Sequence[Skipped]
    left: Unread

    @property
    def is_done(self) -> bool:
        """Whether nothing is new."""
        return not self.left.tasks

    def summary(self) -> ImportSummary:
        """What can be said before anything is read."""
        return ImportSummary(
            files=sum(not file.is_meta for file in self.found),
            files_read=sum(not file.is_meta for file in self.left.files.values()),
            skipped=[*self.skipped, *self.left.skipped],
        )


def plan_import(
    paths: Iterable[Path], *, known: Callable[[Sequence[Found]], Bookmarks], again: bool = False
) -> Plan:
    """Find the transcripts at and below the paths, and what the `known` bookmarks leave of them;
    with `again` all is left.

    Raises RuleError if a path does not exist or is neither a folder nor a transcript.
    """
    discovery = discover(paths)
    left = unread(discovery.found, {} if again else known(discovery.found))
    return Plan(discovery.found, discovery.skipped, left)


def reading(plan: Plan) -> AbstractContextManager[Iterator[Reading]]:
    """Begin to read what is left, in processes of their own where that is much; they are ended
    with the block."""
    workers = min(2, os.cpu_count() or 1) if plan.left.bytes >= _WORTH_WORKERS else 0
    return read_all(plan.left.tasks, workers=workers)


def carry_out(
    plan: Plan, readings: Iterable[Reading], *, take: Take, progress: Progress | None = None
) -> ImportSummary:
    """Have each piece taken as it is read. Raises what `take` raises."""
    summary = plan.summary()
    if progress and not plan.is_done:
        progress(0, plan.left.bytes)
    for piece in readings:
        summary.add(piece, take(piece, plan.left.files))
        if progress:
            progress(summary.bytes, plan.left.bytes)
    return summary
