"""Builds lines and files as Claude Code writes them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count, Sum

from allocation.usage.models import UsageHour, UsageRecord

START = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
SESSION = "5e551011-0000-4000-8000-000000000001"
MODEL = "claude-sonnet-4-5"
KINDS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")

Line = dict[str, Any]


def response(
    message_id: str | None = "msg_1",
    *,
    output: int = 7,
    input: int = 100,
    write_5m: int = 10,
    write_1h: int = 20,
    read: int = 5,
    minute: float = 0,
    final: bool = True,
    model: str = MODEL,
    session: str = SESSION,
    request_id: str | None = "req_1",
    agent: str = "",
    content: list[Line] | None = None,
    **more: Any,
) -> Line:
    """A response of the main thread, or of the sub-agent with the id `agent`."""
    usage = {
        "input_tokens": input,
        "output_tokens": output,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": write_5m,
            "ephemeral_1h_input_tokens": write_1h,
        },
    }
    message: Line = {
        "model": model,
        "role": "assistant",
        "content": content or [{"type": "text", "text": "Grüße"}],
        "stop_reason": "end_turn" if final else None,
        "usage": usage,
    }
    if message_id:
        message["id"] = message_id
    line: Line = {
        "type": "assistant",
        "sessionId": session,
        "isSidechain": bool(agent),
        "timestamp": _stamp(minute),
        "message": message,
    }
    if request_id:
        line["requestId"] = request_id
    if agent:
        line["agentId"] = agent
    return line | more


def prompt(text: str = "Go on", *, minute: float = 0, session: str = SESSION) -> Line:
    """What a user said."""
    return {
        "type": "user",
        "sessionId": session,
        "timestamp": _stamp(minute),
        "message": {"role": "user", "content": text},
    }


def call(tool_use_id: str, agent_type: str, *, name: str = "Task") -> list[Line]:
    """Content of a response that calls a sub-agent."""
    named = {"subagent_type": agent_type, "prompt": "Look at it"}
    return [{"type": "tool_use", "id": tool_use_id, "name": name, "input": named}]


def result(tool_use_id: str, agent: str, *, session: str = SESSION, **more: Any) -> Line:
    """The result of such a call; `more` may hold an agentType."""
    block = {"type": "tool_result", "tool_use_id": tool_use_id, "content": "done"}
    return prompt(session=session) | {
        "message": {"role": "user", "content": [block]},
        "toolUseResult": {"status": "completed", "agentId": agent, **more},
    }


def progress(tool_use_id: str, agent: str, said: Line) -> Line:
    """A progress line (until 2.1.39), which repeats what the sub-agent has said."""
    return {
        "type": "progress",
        "sessionId": SESSION,
        "timestamp": _stamp(0),
        "parentToolUseID": tool_use_id,
        "data": {"type": "agent_progress", "agentId": agent, "message": said},
    }


def text(*lines: Line) -> bytes:
    """The lines as they stand in a file."""
    return b"".join(
        json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for line in lines
    )


def write(path: Path, *lines: Line) -> Path:
    """Write a transcript, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(*lines))
    return path


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def name_agent(transcript: Path, agent_type: str) -> Path:
    """Write the meta file beside an agent's transcript."""
    meta = transcript.with_suffix(".meta.json")
    meta.write_text(json.dumps({"agentType": agent_type, "description": "review"}))
    return meta


def totals() -> dict[str, int]:
    """Records and tokens by kind, after checking that the roll-ups add up to the same."""
    sums = {kind: Sum(kind) for kind in KINDS}
    counted = UsageRecord.objects.aggregate(records=Count("id"), **sums)
    rolled = UsageHour.objects.aggregate(records=Sum("records"), **sums)
    assert rolled == counted or not counted["records"]
    return {key: value or 0 for key, value in counted.items()}


def by_sub_agent() -> dict[str, int]:
    """Output by sub-agent, from the roll-ups."""
    rows = UsageHour.objects.values_list("sub_agent").order_by("sub_agent")
    return dict(rows.annotate(Sum("output")))


def _stamp(minute: float) -> str:
    at = START + timedelta(minutes=minute)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
