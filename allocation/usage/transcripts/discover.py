"""Finds transcripts below files and folders, in every layout that Claude Code has used.

Main threads are `<session>.jsonl`; sub-agents write `agent-<id>.jsonl` beside them, or below
`<session>/subagents/`, workflows a level deeper, since 2.1.90 with an `agent-<id>.meta.json`
beside each. All of that is "any .jsonl below the folder" except the journals of workflows, which
record steps and no requests.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from allocation.policy.errors import RuleError
from allocation.usage.transcripts.attribution import META_SUFFIX, as_text

JOURNAL = "journal.jsonl"
# Of a file given by name this much is looked at to tell whether it is a transcript at all.
LOOKED_AT = 4096
_BLANK = b"\0 \t\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """A transcript or meta file as it was when it was found. Moments count from 1970; `changed_ns`
    is when anything about it changed last, its rights among that."""

    path: Path
    size: int
    modified_ns: int
    changed_ns: int

    @property
    def is_meta(self) -> bool:
        """Whether it names an agent and holds no requests."""
        return self.path.name.endswith(META_SUFFIX)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was left out, and why, in a few words."""

    path: Path
    reason: str


@dataclass(slots=True)
class Discovery:
    """What lies below the given paths: oldest first, so that an original precedes its copies."""

    found: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def discover(paths: Iterable[Path]) -> Discovery:
    """All transcripts and meta files below the paths, each file once.

    Raises RuleError if a path does not exist, cannot be read, or is neither a folder nor a
    transcript.
    """
    discovery = Discovery()
    seen: set[tuple[int, int]] = set()
    for path in paths:
        given = _stat_given(path)
        if S_ISDIR(given.st_mode):
            _walk(path.resolve(), discovery, seen)
        else:
            _refuse_other_files(path, given)
            _add(path.resolve(), given, discovery, seen)
            meta = path.resolve().with_suffix(META_SUFFIX)
            if path.name.startswith("agent-") and meta.is_file():
                _add(meta, meta.stat(), discovery, seen)
    discovery.found.sort(key=lambda found: (found.modified_ns, found.path))
    return discovery


def _stat_given(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError:
        raise RuleError(f"There is no file or folder {as_text(path)}.") from None
    except (OSError, ValueError) as error:
        raise RuleError(f"{as_text(path)} cannot be read: {reason_of(error)}.") from None


def _refuse_other_files(path: Path, given: os.stat_result) -> None:
    if not S_ISREG(given.st_mode):
        raise RuleError(f"{as_text(path)} is neither a folder nor a file.")
    try:
        with path.open("rb") as file:
            head = file.read(LOOKED_AT)
    except OSError as error:
        raise RuleError(f"{as_text(path)} cannot be read: {reason_of(error)}.") from None
    if is_binary(head) or not (path.suffix == ".jsonl" or _begins_with_object(head)):
        raise RuleError(f"{as_text(path)} is neither a folder nor a transcript (JSON lines).")


def is_binary(head: bytes) -> bool:
    """Whether a file that begins like this is no text. Transcripts torn by a crash still are: of
    nothing but NULs nobody can tell what follows them."""
    said = head.lstrip(_BLANK)
    return b"\0" in head and said != b"" and not said.startswith(b"{") and b'\n{"' not in said


def _begins_with_object(head: bytes) -> bool:
    return head.lstrip(_BLANK).startswith(b"{")


def _walk(root: Path, discovery: Discovery, seen: set[tuple[int, int]]) -> None:
    """Every file below a folder. A link to a folder is followed once, so that none is a loop."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            if _is_new(folder.stat(), seen):
                for entry in _entries(folder):
                    _visit(entry, folders, discovery, seen)
        except OSError as error:
            discovery.skipped.append(Skipped(folder, reason_of(error)))


def _visit(
    entry: os.DirEntry[str],
    folders: list[Path],
    discovery: Discovery,
    seen: set[tuple[int, int]],
) -> None:
    try:
        if entry.is_dir():
            folders.append(Path(entry.path))
        elif entry.name.endswith((".jsonl", META_SUFFIX)) and entry.name != JOURNAL:
            status = entry.stat()
            if S_ISREG(status.st_mode):
                _add(Path(entry.path), status, discovery, seen)
    except OSError as error:  # a link to nowhere or to itself, or swept while it was looked at
        discovery.skipped.append(Skipped(Path(entry.path), reason_of(error)))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from entries


def _add(
    path: Path, status: os.stat_result, discovery: Discovery, seen: set[tuple[int, int]]
) -> None:
    if _is_new(status, seen):
        found = Found(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        discovery.found.append(found)


def _is_new(status: os.stat_result, seen: set[tuple[int, int]]) -> bool:
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True


def reason_of(error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    return (getattr(error, "strerror", None) or str(error)).lower()
