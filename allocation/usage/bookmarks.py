"""How far each transcript has been read: what is left to read, and what has been."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from allocation.usage.models import TranscriptFile
from allocation.usage.tables import among
from allocation.usage.transcripts.attribution import as_text
from allocation.usage.transcripts.discover import Found, Skipped, reason_of
from allocation.usage.transcripts.reader import End, Segment, digest_of

# Bytes that are read and stored in one go: one transaction.
PIECE = 16 * 1024 * 1024
_LONGEST_PATH = 1000


@dataclass(slots=True)
class Plan:
    """What is left to read, in tasks of about PIECE bytes each."""

    tasks: list[list[Segment]] = field(default_factory=list)
    files: dict[bytes, Found] = field(default_factory=dict)  # by path, those that are read
    skipped: list[Skipped] = field(default_factory=list)
    bytes: int = 0


def plan(found: Sequence[Found], *, again: bool = False) -> Plan:
    """What is left to read of the files. With `again`, all of them from their start."""
    known = {} if again else _known(found)
    left = Plan()
    room = 0
    for file in found:
        bookmark = known.get(as_text(file.path))
        if bookmark and (bookmark.size, bookmark.modified_ns) == (file.size, file.modified_ns):
            continue
        if len(as_text(file.path)) > _LONGEST_PATH:
            left.skipped.append(Skipped(file.path, f"its path is over {_LONGEST_PATH} long"))
            continue
        try:
            start = _start(file, bookmark)
        except OSError as error:
            left.skipped.append(Skipped(file.path, reason_of(error)))
            continue
        left.files[os.fsencode(file.path)] = file
        left.bytes += file.size - start
        for segment in _segments(file, start):
            if room <= 0:
                left.tasks.append([])
                room = PIECE
            left.tasks[-1].append(segment)
            room -= segment.stop - segment.start
    return left


def keep(ends: Iterable[End], files: dict[bytes, Found], *, now: datetime) -> None:
    """Store how far files have been read. Call it in the transaction that stores what they say."""
    ends = list(ends)
    known = _known([files[end.path] for end in ends])
    rows = {as_text(files[end.path].path): _row(end, files[end.path], known, now) for end in ends}
    TranscriptFile.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["path"],
        update_fields=["head", "size", "modified_ns", "offset", "read_at"],
    )


def _row(end: End, file: Found, known: dict[str, TranscriptFile], now: datetime) -> TranscriptFile:
    name = as_text(file.path)
    before = known.get(name)
    offset, head = end.offset, end.digest
    if offset is None:
        offset, head = (before.offset, before.head) if before else (0, "")
    return TranscriptFile(
        path=name,
        head=head,
        offset=offset,
        # Until the last piece of it is stored the file must not look as if it were read.
        size=file.size if end.last else offset,
        modified_ns=file.modified_ns if end.last else 0,
        read_at=now,
    )


def _known(found: Iterable[Found]) -> dict[str, TranscriptFile]:
    rows = TranscriptFile.objects.filter(path__in=among(as_text(file.path) for file in found))
    return {row.path: row for row in rows}


def _start(file: Found, bookmark: TranscriptFile | None) -> int:
    """Where to go on reading: where the last import stopped, if it is still the same file."""
    if file.is_meta or bookmark is None or not 0 < bookmark.offset <= file.size:
        return 0
    with file.path.open("rb") as opened:
        return bookmark.offset if digest_of(opened, bookmark.offset) == bookmark.head else 0


def _segments(file: Found, start: int) -> list[Segment]:
    path = os.fsencode(file.path)
    if file.is_meta:
        return [Segment(path, 0, file.size)]
    starts = range(start, max(file.size, start + 1), PIECE)
    return [
        Segment(
            path,
            at,
            min(at + PIECE, file.size),
            aligned=at == start,
            last=at == starts[-1],
        )
        for at in starts
    ]
