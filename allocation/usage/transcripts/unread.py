"""What of the transcripts is still unread, by bookmarks that say how far each was read.

No Django here: the bookmarks may stand in a database, or in a file on a machine that has none.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from allocation.usage.transcripts.attribution import as_text
from allocation.usage.transcripts.discover import Found, Skipped, reason_of
from allocation.usage.transcripts.reader import End, Segment, digest_of

# Bytes that are read and stored in one go.
PIECE = 24 * 1024 * 1024
# The first go is so much shorter: storing waits for it.
_SHORTER = 16
_LONGEST_PATH = 1000


class Bookmark(NamedTuple):
    """How far a file was read: to the byte `offset`, before which `head` is a digest of what
    stands. `size` and `modified_ns` are those that the file had if it was read to its end."""

    head: str
    offset: int
    size: int
    modified_ns: int


# By path, as `as_text` has it.
Bookmarks = Mapping[str, Bookmark]


@dataclass(slots=True)
class Unread:
    """What is left to read, in tasks of about PIECE bytes each."""

    tasks: list[list[Segment]] = field(default_factory=list)
    files: dict[bytes, Found] = field(default_factory=dict)  # by path, those that are read
    skipped: list[Skipped] = field(default_factory=list)
    bytes: int = 0


def unread(found: Sequence[Found], known: Bookmarks) -> Unread:
    """What is left to read of the files; all of those that have no bookmark."""
    left = Unread()
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
                room = PIECE if left.tasks else PIECE // _SHORTER
                left.tasks.append([])
            left.tasks[-1].append(segment)
            room -= segment.stop - segment.start
    return left


def moved(end: End, file: Found, before: Bookmark | None) -> Bookmark:
    """The bookmark of a file after a piece of it was stored.

    It stays unless the piece goes on from it: else what lies between was not read, the file is
    another one by now, or the bookmark stands in another database than the import was planned by.
    """
    offset, head = end.offset, end.digest
    there = before or Bookmark("", 0, 0, 0)
    if offset is not None and end.start and (end.head, end.start) != (there.head, there.offset):
        return there
    if offset is None:
        offset, head = (before.offset, before.head) if before else (0, "")
    # Until the last piece of it is stored the file must not look as if it were read.
    size, modified_ns = (file.size, file.modified_ns) if end.last else (offset, 0)
    return Bookmark(head, offset, size, modified_ns)


def _start(file: Found, bookmark: Bookmark | None) -> int:
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
