"""Which sub-agent stands behind an agent id: what transcripts say about it, and how surely."""

import os
import re
from enum import IntEnum
from pathlib import Path

import msgspec

# What the Agent tool runs when a call names no sub-agent.
DEFAULT_AGENT = "general-purpose"

META_SUFFIX = ".meta.json"
# Of this many bytes of an agent's transcript the first mention of its session is looked for.
_SESSION_WITHIN = 65_536
_SESSION = re.compile(rb'"sessionId"\s*:\s*"([^"\\]{1,100})"')


class Evidence(IntEnum):
    """Where an agent's name is known from. The lower, the surer."""

    META_FILE = 1
    LINE = 2
    HOOK = 3
    PARENT = 4
    PROGRESS = 5


class AgentName(msgspec.Struct, frozen=True, array_like=True):
    """A source says that this agent of this session is of this type."""

    session_id: str
    agent_id: str
    agent_type: str
    evidence: int

    @property
    def doubt(self) -> tuple[int, str]:
        """The surer of two names has less; of equally sure ones the first by letter, for which one
        came first must not tell."""
        return self.evidence, self.agent_type


class AgentCall(msgspec.Struct, frozen=True, array_like=True):
    """One half of what a parent's transcript says about an agent that it called.

    The call knows the type, its result (or its progress) the agent id; they may be read in any
    order and in different imports, so each half is kept until the other is there. `evidence`
    belongs to the half that knows the agent id.
    """

    tool_use_id: str
    session_id: str = ""
    agent_type: str = ""
    agent_id: str = ""
    evidence: int = Evidence.PROGRESS

    def joined(self, other: "AgentCall") -> "AgentCall":
        """Both halves in one, whichever came first; of two agent ids the surer, and then, as of
        two types, the first by letter."""
        linked = min(
            (half for half in (self, other) if half.agent_id),
            key=lambda half: (half.evidence, half.agent_id),
            default=self,
        )
        types = [half.agent_type for half in (self, other) if half.agent_type]
        return AgentCall(
            tool_use_id=self.tool_use_id,
            session_id=linked.session_id or self.session_id or other.session_id,
            agent_type=min(types, default=""),
            agent_id=linked.agent_id,
            evidence=linked.evidence,
        )

    @property
    def name(self) -> AgentName | None:
        """What the two halves say together, or None while one is missing."""
        if self.agent_id and self.agent_type:
            return AgentName(self.session_id, self.agent_id, self.agent_type, self.evidence)
        return None


def storable(name: str) -> str:
    """A name from a transcript as a column can hold it: without NULs, of at most 100 characters."""
    return name.replace("\0", "")[:100]


class _Meta(msgspec.Struct, rename="camel"):
    agent_type: str = ""


_decode_meta = msgspec.json.Decoder(_Meta).decode


def agent_id_of(path: Path) -> str:
    """The agent that an `agent-<id>.jsonl` or `agent-<id>.meta.json` is about, or ""."""
    name = path.name
    return as_id(name.removeprefix("agent-").split(".")[0]) if name.startswith("agent-") else ""


def as_text(path: Path | str) -> str:
    """A path as text that can be shown and stored; it may be made of any bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def as_id(part: str) -> str:
    """A part of a path as a column for ids can hold it."""
    return as_text(part)[:100]


def read_meta(path: Path) -> AgentName | None:
    """The name in an `agent-<id>.meta.json`, or None if it tells none or is broken.

    Raises OSError if it cannot be read.
    """
    try:
        agent_type = storable(_decode_meta(path.read_bytes()).agent_type)
    except (ValueError, RecursionError):
        return None
    session_id = _session_of(path)
    if not agent_type or not session_id:
        return None
    return AgentName(session_id, agent_id_of(path), agent_type, Evidence.META_FILE)


def _session_of(meta: Path) -> str:
    """The session folder above `subagents`, or what the transcript beside the file says."""
    folders = meta.parts[:-1]
    if "subagents" in folders:
        return as_id(folders[len(folders) - 1 - folders[::-1].index("subagents") - 1])
    transcript = meta.with_name(meta.name.removesuffix(META_SUFFIX) + ".jsonl")
    try:
        with transcript.open("rb") as file:
            found = _SESSION.search(file.read(_SESSION_WITHIN))
    except OSError:
        return ""
    return found[1].decode(errors="replace") if found else ""
