"""Reads pieces of transcripts in bounded memory and puts together what they say.

A file is read in segments, so that neither a huge file nor a huge line sets how much memory is
needed, and so that what has been stored need not be read again after a crash. A segment owns the
lines that begin in it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from allocation.usage.observation import Observation, merge
from allocation.usage.sights import Sights
from allocation.usage.transcripts.attribution import (
    META_SUFFIX,
    AgentCall,
    AgentName,
    agent_id_of,
    as_id,
    read_meta,
)
from allocation.usage.transcripts.discover import LOOKED_AT, is_binary, reason_of
from allocation.usage.transcripts.lines import understand

BLOCK = 1024 * 1024
# Longer lines are counted as unreadable: nothing may exhaust the memory. In bytes.
LONGEST_LINE = 64 * 1024 * 1024
_DIGESTED = 1024


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """Bytes [start, stop) of a file. `aligned` says that a line begins at `start`.

    `path` is as the file system has it: a name may be made of any bytes.
    """

    path: bytes
    start: int
    stop: int
    aligned: bool = True
    last: bool = True


class End(msgspec.Struct, frozen=True, array_like=True):
    """How far a file has been read: to a byte after a complete line, and what stands before it.

    `offset` is None where no line began in the segment, which says nothing new. `last` is that of
    the segment: the file has been read to the size it had. `start` is where the first line began,
    and `head` the digest of what stands before that.
    """

    path: bytes
    offset: int | None
    digest: str
    last: bool
    start: int = 0
    head: str = ""


class Reading(msgspec.Struct, array_like=True):
    """What some segments say, each request once."""

    requests: Sights = Sights()
    names: list[AgentName] = []
    calls: list[AgentCall] = []
    ends: list[End] = []
    skipped: list[tuple[bytes, str]] = []  # path, reason
    bytes: int = 0
    lines: int = 0
    unreadable: int = 0


class _Group(NamedTuple):
    """Lines that follow each other, with their ends, and the offset behind them.

    `too_long` is the number of lines that were left out before them. A group that is `is_torn` is
    the beginning of a line whose end is not written yet; its offset is where it begins.
    """

    lines: Sequence[bytes]
    offset: int
    too_long: int = 0
    is_torn: bool = False


def read(segments: Sequence[Segment]) -> Reading:
    """Read the segments. A file that cannot be read is skipped with a reason; nothing raises."""
    notes = _Notes()
    for segment in segments:
        try:
            if segment.path.endswith(META_SUFFIX.encode()):
                notes.meta(segment)
            else:
                notes.transcript(segment)
        except OSError as error:
            notes.reading.skipped.append((segment.path, reason_of(error)))
        notes.reading.bytes += segment.stop - segment.start
    return notes.put_together()


def digest_of(file: BinaryIO, offset: int) -> str:
    """A digest of the first and the last bytes before `offset`: another one, another file."""
    file.seek(0)
    first = file.read(min(_DIGESTED, offset))
    file.seek(max(0, offset - _DIGESTED))
    last = file.read(min(_DIGESTED, offset))
    return hashlib.blake2b(first + last, digest_size=16).hexdigest()


class _Notes:
    """What has been read so far."""

    def __init__(self) -> None:
        self.reading = Reading()
        self._requests: dict[object, Observation] = {}  # by message id, else request id, or both
        self._names: dict[tuple[str, str], AgentName] = {}
        self._calls: dict[str, AgentCall] = {}

    def meta(self, segment: Segment) -> None:
        name = read_meta(Path(os.fsdecode(segment.path)))
        if name is not None:
            self._name(name)
        self.reading.ends.append(End(segment.path, segment.stop, "", True))

    def transcript(self, segment: Segment) -> None:
        path = Path(os.fsdecode(segment.path))
        agent_id = agent_id_of(path)
        session_id = "" if agent_id else as_id(path.stem)
        with path.open("rb", buffering=0) as file:
            if segment.start == 0 and is_binary(file.read(LOOKED_AT)):
                self.reading.skipped.append((segment.path, "a binary file, not a transcript"))
                return
            start = segment.start if segment.aligned else _next_line(file, segment)
            offset, head = start, digest_of(file, start) if start else ""
            file.seek(start)
            for group in _groups(file, start, segment.stop):
                self._take(group, session_id, agent_id)
                offset = group.offset
            began = start < segment.stop or segment.aligned
            digest = digest_of(file, offset) if began else ""
        end = End(segment.path, offset if began else None, digest, segment.last, start, head)
        self.reading.ends.append(end)

    def _take(self, group: _Group, session_id: str, agent_id: str) -> None:
        said = understand(group.lines, session_id=session_id, agent_id=agent_id)
        if group.is_torn and said.unreadable:
            return  # it is still being written, and left for the next import
        self.reading.lines += len(group.lines) + group.too_long
        self.reading.unreadable += said.unreadable + group.too_long
        for request in said.requests:
            self._request(request)
        for name in said.names:
            self._name(name)
        for call in said.calls:
            known = self._calls.get(call.tool_use_id)
            self._calls[call.tool_use_id] = known.joined(call) if known else call

    def _request(self, seen: Observation) -> None:
        key: object = seen.message_id or seen.request_id
        known = self._requests.get(key)
        if known and seen.request_id != known.request_id:
            # Merged, one of the ids would be forgotten by which telemetry may know the request.
            key = seen.message_id, seen.request_id
            known = self._requests.get(key)
        self._requests[key] = merge(known, seen) if known else seen

    def _name(self, name: AgentName) -> None:
        key = (name.session_id, name.agent_id)
        known = self._names.get(key)
        if known is None or name.doubt < known.doubt:
            self._names[key] = name

    def put_together(self) -> Reading:
        self.reading.requests = _storable(Sights.of(self._requests.values()))
        self.reading.unreadable += len(self._requests) - len(self.reading.requests)
        self.reading.names = list(self._names.values())
        self.reading.calls = list(self._calls.values())
        return self.reading


def _storable(sights: Sights) -> Sights:
    """Those without a NUL in a name, which PostgreSQL cannot store."""
    names = (
        sights.message_id, sights.request_id, sights.session_id, sights.agent_id, sights.model
    )  # fmt: skip
    if not any("\0" in "".join(filter(None, column)) for column in names):
        return sights  # nearly always
    return sights.only(
        ["\0" not in "".join(filter(None, some)) for some in zip(*names, strict=True)]
    )


def _next_line(file: BinaryIO, segment: Segment) -> int:
    """Where the first line begins that begins within the segment, or its end if none does."""
    position = segment.start - 1
    file.seek(position)
    while position < segment.stop - 1:
        block = file.read(min(BLOCK, segment.stop - 1 - position))
        if not block:
            break
        newline = block.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(block)
    return segment.stop


def _groups(file: BinaryIO, start: int, stop: int) -> Iterator[_Group]:
    """The lines that begin in [start, stop)."""
    position = offset = start
    torn: list[bytes] = []  # the blocks of a line whose end has not been read
    dropped = False  # whether its beginning was thrown away because it is too long
    while position < stop or torn or dropped:
        finishing = position >= stop
        block = file.read(BLOCK if finishing else min(BLOCK, stop - position))
        if not block:
            break
        position += len(block)
        cut = 1 + (block.find(b"\n") if finishing else block.rfind(b"\n"))
        if not cut:
            torn.append(block)
            if sum(map(len, torn)) > LONGEST_LINE:
                torn, dropped = [], True
            continue
        offset = position - len(block) + cut
        # Four times as fast as to split it, which looks at every byte by itself.
        lines = BytesIO(block[:cut] if finishing else block).readlines()
        begun = [lines.pop()] if cut < len(block) and not finishing else []
        if dropped:
            del lines[0]
        elif torn:
            lines[0] = b"".join([*torn, lines[0]])
        yield _Group(lines, offset, too_long=+dropped)
        torn, dropped = begun, False
        if finishing:
            return
    if torn and not dropped:
        yield _Group([b"".join(torn)], offset, is_torn=True)
