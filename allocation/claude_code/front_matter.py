"""The `model:` of a sub-agent's definition, changed as bytes so that nothing else does. Pure."""

import re
from dataclasses import dataclass
from typing import TypedDict

from allocation.claude_code.client.state import UNREGISTERED
from allocation.policy.names import normal_name

_BOM = b"\xef\xbb\xbf"
_HEAD = re.compile(rb"---[ \t]*(\r?\n)")
_END = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)
_NAME = re.compile(
    rb"^name[ \t]*:[ \t]*(['\"]?)([^'\"\r\n]+?)\1[ \t]*(?:#[^\r\n]*)?\r?$", re.MULTILINE
)

# An entry with all lines of its value: what follows its first may be indented, or a list.
_ENTRY = rb"[^\n]*\n(?:(?:[ \t\r]*\n)*[ \t-][^\n]*\n)*"
_FIRST = re.compile(_ENTRY)
_MODEL = re.compile(rb"^(['\"]?)model\1[ \t]*:" + _ENTRY, re.MULTILINE)


class Tiers(TypedDict):
    """The tier of each registered sub-agent by its code, under "" that of all others; `names` leads
    from a normal name to the code."""

    names: dict[str, str]
    tiers: dict[str, str]


def tier_of(name: str, known: Tiers) -> str:
    """The tier of a sub-agent by the name that its definition gives it."""
    return known["tiers"][known["names"].get(normal_name(name), UNREGISTERED)]


@dataclass(frozen=True, slots=True)
class Definition:
    """A sub-agent's definition. `name` is what it goes by, which is not the file's name."""

    name: str
    before: bytes
    lines: bytes  # of the front matter, without its two bars
    after: bytes
    newline: bytes

    def with_model(self, tier: str) -> bytes:
        """The file with this model as the second line of the front matter, or below the first
        value where that has several lines."""
        said = b"model: " + tier.encode() + self.newline
        rest = _MODEL.sub(b"", self.lines)
        first = _FIRST.match(rest)
        end = first.end() if first else 0
        return self.before + rest[:end] + said + rest[end:] + self.after


def read_definition(raw: bytes) -> Definition | None:
    """The definition in a file; None where it has no front matter, or no name in it."""
    start = len(_BOM) if raw.startswith(_BOM) else 0
    head = _HEAD.match(raw, start)
    if head is None:
        return None
    end = _END.search(raw, head.end())
    if end is None:
        return None
    lines = raw[head.end() : end.start()]
    name = _NAME.search(lines)
    if name is None or name[2][:1] in {b"|", b">"}:  # it stands on the next lines
        return None
    try:
        text = name[2].decode()
    except UnicodeDecodeError:
        return None
    return Definition(text.strip(), raw[: head.end()], lines, raw[end.start() :], head[1])
