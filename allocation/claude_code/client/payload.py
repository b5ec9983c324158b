"""What Claude Code's hooks say, cut down to what budgetctl needs.

Prompts, answers and paths are left out: they never leave the machine with `budgetctl hook`, and
they are dropped at once where an HTTP hook sent them.
"""

import re

from allocation.policy.plain import safe

Json = dict[str, object]

# The tool was called Task up to 2.1.62 and is called Agent since.
STEERED = ("Agent", "Task")
# What the tool runs when a call names no sub-agent.
DEFAULT_AGENT = "general-purpose"
LONGEST = 100
# What a command of ours reads of its standard input, in bytes.
MOST_BYTES = 32 * 1024 * 1024

_TEXTS = (
    "session_id",
    "hook_event_name",
    "tool_name",
    "tool_use_id",
    "agent_id",
    "agent_type",
    "source",
    "reason",
    "version",
)
_INPUT = ("subagent_type", "model", "resume")
_RESPONSE = ("agentId", "agentType", "resolvedModel", "status")
_FOLDERS = re.compile(r"[/\\]")


def text(value: object) -> str:
    """The value as a column can hold it, if it is a text at all, and a page show it: nothing in it
    that nobody sees."""
    return safe(value[:LONGEST].replace("\0", "")) if isinstance(value, str) else ""


def within(payload: Json, name: str) -> Json:
    """The object under a name, or an empty one."""
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def essentials(payload: Json) -> Json:
    """The part of a hook's payload that is sent, queued and read. Of itself it is itself."""
    seen: Json = {name: said for name in _TEXTS if (said := text(payload.get(name)))}
    if folder := text(_FOLDERS.split(_string(payload.get("cwd")).rstrip("/\\"))[-1]):
        seen["cwd"] = folder
    asked = within(payload, "tool_input")
    if given := {name: said for name in _INPUT if (said := text(asked.get(name)))}:
        seen["tool_input"] = given
    answered = within(payload, "tool_response")
    came: Json = {name: said for name in _RESPONSE if (said := text(answered.get(name)))}
    used = answered.get("modelsUsed")
    if isinstance(used, list) and (models := [said for each in used[:9] if (said := text(each))]):
        came["modelsUsed"] = models
    if came:
        seen["tool_response"] = came
    transcript = _string(payload.get("agent_transcript_path"))
    if payload.get("in_workflow") is True or "/subagents/workflows/" in transcript:
        seen["in_workflow"] = True
    return seen


def is_call(payload: Json) -> bool:
    """Whether a sub-agent is about to be called: the moment at which it can be steered."""
    return payload.get("hook_event_name") == "PreToolUse" and payload.get("tool_name") in STEERED


def agent_asked(payload: Json) -> str:
    """The type of sub-agent that a call names."""
    return text(within(payload, "tool_input").get("subagent_type")) or DEFAULT_AGENT


def why_not_steerable(payload: Json) -> str:
    """`fork` or `resumed` for a call whose model cannot be set: it keeps the one it has."""
    if agent_asked(payload) == "fork":
        return "fork"
    return "resumed" if text(within(payload, "tool_input").get("resume")) else ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
