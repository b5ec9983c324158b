"""The course of an import: find transcripts, read what is new, hand each piece to whoever takes it.

No Django here: what is read is stored in a database, or sent to a server elsewhere.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from allocation.usage.stored import Stored
from allocation.usage.transcripts.discover import Found, Skipped, discover
from allocation.usage.transcripts.reader import Reading
from allocation.usage.transcripts.unread import Bookmarks, unread
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
    `unchanged` are records; `unreadable` are lines; `unknown_models` counts new records by model.
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


def import_unread(
    paths: Iterable[Path],
    *,
    known: Callable[[Sequence[Found]], Bookmarks],
    again: bool = False,
    take: Take,
    progress: Progress | None = None,
) -> ImportSummary:
    """Read what the `known` bookmarks leave of the transcripts at and below the paths, piece by
    piece; with `again` all of them from their start.

    Raises RuleError, before anything is taken, if a path does not exist or is neither a folder nor
    a transcript; and whatever `take` raises.
    """
    discovery = discover(paths)
    left = unread(discovery.found, {} if again else known(discovery.found))
    summary = ImportSummary(
        files=sum(not file.is_meta for file in discovery.found),
        files_read=sum(not file.is_meta for file in left.files.values()),
        skipped=[*discovery.skipped, *left.skipped],
    )
    if not left.tasks:
        return summary
    if progress:
        progress(0, left.bytes)
    workers = min(2, os.cpu_count() or 1) if left.bytes >= _WORTH_WORKERS else 0
    for reading in read_all(left.tasks, workers=workers):
        stored = take(reading, left.files)
        _add(summary, reading)
        summary.new += stored.new
        summary.improved += stored.improved
        summary.unchanged += stored.unchanged
        summary.unknown_models += stored.unknown_models
        if progress:
            progress(summary.bytes, left.bytes)
    return summary


def _add(summary: ImportSummary, reading: Reading) -> None:
    summary.bytes += reading.bytes
    summary.lines += reading.lines
    summary.unreadable += reading.unreadable
    summary.skipped += [
        Skipped(Path(os.fsdecode(path)), reason) for path, reason in reading.skipped
    ]
