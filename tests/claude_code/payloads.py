"""Payloads of hooks as Claude Code sends them, by version, and the other things it says."""

from typing import Any

Payload = dict[str, Any]

# The tool's name by version; it was renamed in 2.1.63.
TOOLS = {
    "2.0.76": "Task",
    "2.1.50": "Task",
    "2.1.90": "Agent",
    "2.1.197": "Agent",
    "2.1.242": "Agent",
    "2.1.290": "Agent",
    "2.1.330": "Agent",
}
SESSION = "5e55105e-0000-4000-8000-000000000001"
AGENT_ID = "a0000000000000001"


def common(event: str, **more: Any) -> Payload:
    """What every event carries."""
    return {
        "session_id": SESSION,
        "transcript_path": f"/home/dev/.claude/projects/-home-dev-proj/{SESSION}.jsonl",
        "cwd": "/home/dev/proj",
        "permission_mode": "default",
        "hook_event_name": event,
        **more,
    }


def call(
    agent: str | None = "security-reviewer",
    *,
    tool: str = "Agent",
    tool_use_id: str = "toolu_01",
    **more: Any,
) -> Payload:
    """A sub-agent is about to be called."""
    asked: Payload = {"description": "review code", "prompt": "Please review.", **more}
    if agent is not None:
        asked["subagent_type"] = agent
    return common("PreToolUse", tool_name=tool, tool_input=asked, tool_use_id=tool_use_id)


def result(
    agent: str = "security-reviewer",
    *,
    tool: str = "Agent",
    tool_use_id: str = "toolu_01",
    agent_id: str = AGENT_ID,
    **said: Any,
) -> Payload:
    """A sub-agent came back."""
    response = {"status": "completed", "prompt": "Please review.", "agentId": agent_id, **said}
    return common(
        "PostToolUse",
        tool_name=tool,
        tool_input={"description": "review code", "prompt": "Please.", "subagent_type": agent},
        tool_response=response,
        tool_use_id=tool_use_id,
        duration_ms=7,
    )


def started(agent: str = "security-reviewer") -> Payload:
    """A sub-agent starts."""
    return common("SubagentStart", agent_id=AGENT_ID, agent_type=agent)


def stopped(agent: str = "security-reviewer", folder: str = "subagents") -> Payload:
    """A sub-agent is over."""
    return common(
        "SubagentStop",
        agent_id=AGENT_ID,
        agent_type=agent,
        agent_transcript_path=f"/home/dev/{SESSION}/{folder}/agent-{AGENT_ID}.jsonl",
        last_assistant_message="Review complete: a secret.",
        stop_hook_active=False,
    )


def status_line(seven_day: float = 83, **more: Any) -> Payload:
    """What a status line is given."""
    limits: Payload = {
        "seven_day": {"used_percentage": seven_day, "resets_at": 1_795_800_000},
        "five_hour": {"used_percentage": 42, "resets_at": 1_795_420_000},
    }
    return {
        "session_id": SESSION,
        "cwd": "/home/dev/proj",
        "version": "2.1.330",
        "model": {"id": "claude-opus-5-5", "display_name": "Opus 5.5"},
        "rate_limits": limits,
        **more,
    }


def headless(utilization: float = 0.83) -> Payload:
    """What a headless session says of its limits."""
    return {
        "type": "rate_limit_event",
        "session_id": SESSION,
        "rate_limit_info": {
            "status": "allowed_warning",
            "resetsAt": 1_795_800_000,
            "rateLimitType": "seven_day",
            "utilization": utilization,
            "unifiedWindows": {
                "five_hour": {"utilization": 0.42, "resetsAt": 1_795_420_000},
                "seven_day": {"utilization": utilization, "resetsAt": 1_795_800_000},
            },
        },
    }
