"""Writes what a machine read of its transcripts as bodies for POST /usage/transcripts.

No Django here: a machine that shares a server has no settings and no database. The server reads the
bodies by the schema TranscriptsRead (schemas.py); what has its default there is left out here.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from allocation.usage.observation import Observation
from allocation.usage.transcripts.attribution import AgentCall, AgentName
from allocation.usage.transcripts.reader import Reading

# Of each kind, in one message.
MOST_AT_ONCE = 1_000

Json = dict[str, Any]


def batches(reading: Reading, most: int = MOST_AT_ONCE) -> Iterator[Json]:
    """What was read, in bodies of at most so many of each kind; none if nothing was."""
    longest = max(len(reading.requests), len(reading.names), len(reading.calls))
    for start in range(0, longest, most):
        part = slice(start, start + most)
        yield {
            "requests": [_request(seen) for seen in reading.requests[part]],
            "names": [_name(name) for name in reading.names[part]],
            "calls": [_call(call) for call in reading.calls[part]],
        }


def _request(seen: Observation) -> Json:
    said = {
        "message_id": seen.message_id,
        "request_id": seen.request_id,
        "at": seen.at.astimezone(UTC).isoformat(),
        "counted_at": seen.counted_at.astimezone(UTC).isoformat(),
        "session": seen.session_id,
        "agent": seen.agent_id,
        "sub_agent": seen.agent_type,
        "sidechain": seen.sidechain,
        "model": seen.model,
        "input": seen.input,
        "output": seen.output,
        "cache_write_5m": seen.cache_write_5m,
        "cache_write_1h": seen.cache_write_1h,
        "cache_read": seen.cache_read,
    }
    return {key: value for key, value in said.items() if value} | {"final": seen.output_final}


def _name(name: AgentName) -> Json:
    return {
        "session": name.session_id,
        "agent": name.agent_id,
        "sub_agent": name.agent_type,
        "evidence": int(name.evidence),
    }


def _call(call: AgentCall) -> Json:
    return {
        "tool_use": call.tool_use_id,
        "session": call.session_id,
        "agent": call.agent_id,
        "sub_agent": call.agent_type,
        "evidence": int(call.evidence),
    }
