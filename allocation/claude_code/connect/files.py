"""Settings files: read without loss, written whole, with a backup beside them."""

import difflib
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocation.claude_code.connect.merge import Record
from allocation.claude_code.connect.wanted import Json
from allocation.policy.errors import RuleError

_INDENT = re.compile(rb'^\{\r?\n([ \t]+)"')
_SECRET = re.compile(r"(bctl_[0-9a-f]+)_[\w-]+")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file as it is. `raw` is None where there is no file."""

    path: Path
    raw: bytes | None
    settings: Json

    def with_settings(self, settings: Json) -> bytes | None:
        """The file with these settings: as it is, byte for byte, where they are its own."""
        return self.raw if settings == self.settings else self.text_of(settings)

    def text_of(self, settings: Json) -> bytes:
        """Settings written as this file is: its indent, its last line, its byte order mark."""
        raw = self.raw or b""
        bare = raw.removeprefix(_BOM)
        found = _INDENT.match(bare)
        indent = found[1].decode() if found else "  "
        text = json.dumps(settings, indent=indent, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
        if b"\r\n" in raw:
            text = text.replace(b"\n", b"\r\n")
        end = b"" if self.raw and not raw.endswith(b"\n") else b"\r\n" if b"\r\n" in raw else b"\n"
        return (_BOM if raw.startswith(_BOM) else b"") + text + end


def read_settings(path: Path) -> SettingsFile:
    """Read a file. Raises RuleError, in one sentence, for one that is not plain JSON."""
    try:
        path = path.resolve()  # the file behind a link is written, and the link stays
        raw = path.read_bytes()
    except RuntimeError as error:  # what Python before 3.13 says of links that lead in a circle
        raise RuleError(f"{path} cannot be read: its links lead in a circle.") from error
    except FileNotFoundError:
        return SettingsFile(path, None, {})
    except OSError as error:
        raise RuleError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        settings = json.loads(raw.removeprefix(_BOM), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        why = "has a key twice" if isinstance(error, _TwiceError) else "is not plain JSON"
        raise RuleError(
            f"{path} {why}{where}: nothing was changed. Mend that (JSON has no comments), then "
            "run this again."
        ) from error
    if not isinstance(settings, dict):
        raise RuleError(f"{path} is not an object: nothing was changed.")
    return SettingsFile(path, raw, settings)


def difference(file: SettingsFile, content: bytes | None) -> str:
    """The unified diff from the file as it is to what it will be, None for removed; secrets
    shortened, "" if none."""
    before, after = (
        (side or b"").decode("utf-8", "replace").splitlines(keepends=True)
        for side in (file.raw, content)
    )
    old, new = (str(file.path) if side is not None else "/dev/null" for side in (file.raw, content))
    lines = difflib.unified_diff(before, after, old, new)
    return _SECRET.sub(
        r"\1_…", "".join(line if line.endswith("\n") else line + "\n" for line in lines)
    )


def write_settings(file: SettingsFile, content: bytes, *, backup: str) -> Path | None:
    """Write the file whole or not at all, readable by its owner only, for it holds a token.

    `backup` is the ending of the copy kept beside it; the copy's path, None where there was no
    file. Raises RuleError where it cannot be written, and where it changed since it was read.
    """
    kept = None
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        if read_settings(file.path).raw != file.raw:
            raise RuleError(f"{file.path} was changed meanwhile: look at it, then run this again.")
        if file.raw is not None:
            kept = file.path.with_name(f"{file.path.name}.{backup}")
            _write(kept, file.raw)
        _write(file.path, content)
    except OSError as error:
        raise RuleError(f"{file.path} cannot be written: {error.strerror}.") from error
    return kept


def remove_settings(file: SettingsFile) -> None:
    """Remove a file that was made by us and has nothing left in it. Raises RuleError where it
    cannot be removed."""
    try:
        file.path.unlink(missing_ok=True)
    except OSError as error:
        raise RuleError(f"{file.path} cannot be removed: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        # Never through a link that lies there: a project may come from somebody else.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class _TwiceError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> Json:
    settings = dict(pairs)
    if len(settings) != len(pairs):
        raise _TwiceError
    return settings


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of a connected file: the record, what was written, what was before."""

    record: Record
    digest: str
    backup: str

    @classmethod
    def of(cls, record: Record, content: bytes, backup: Path | None) -> "Kept":
        """For what was just written."""
        return cls(record, _digest(content), str(backup) if backup else "")

    def is_untouched(self, raw: bytes | None) -> bool:
        """Whether the file is still, byte for byte, what was written."""
        return raw is not None and _digest(raw) == self.digest

    def as_json(self) -> Json:
        """For a file."""
        return {"record": self.record.as_json(), "digest": self.digest, "backup": self.backup}

    @classmethod
    def from_json(cls, value: Any) -> "Kept | None":
        """From a file; None for what is none."""
        if not isinstance(value, dict) or not isinstance(value.get("record"), dict):
            return None
        record = Record.from_json(value["record"])
        return cls(record, str(value.get("digest", "")), str(value.get("backup", "")))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
