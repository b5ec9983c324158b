"""What an event of a hook says about a run, as the tables take it. No queries, no clock."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from allocation.claude_code.client.payload import (
    STEERED,
    agent_asked,
    essentials,
    is_call,
    why_not_steerable,
)
from allocation.claude_code.models import WhyUnsteered
from allocation.usage.transcripts.attribution import AgentCall, AgentName, Evidence

_CALLS = UUID("0d6f6a53-8f0d-4f44-9c0b-6f2c7a1c8f0e")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent an event: the token's actor, the machine, and the SD and phase it named."""

    actor: str
    machine: str = ""
    cli_version: str = ""
    sd: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a hook, cut down to its essentials (client.payload)."""

    seen: dict[str, Any]

    @classmethod
    def of(cls, payload: dict[str, Any]) -> "Event":
        """The event in a payload, whether that was cut down already or not."""
        return cls(essentials(payload))

    @property
    def name(self) -> str:
        """PreToolUse, SubagentStart …; "" for what is no event."""
        return self._text("hook_event_name")

    @property
    def session_id(self) -> str:
        """The session of Claude Code."""
        return self._text("session_id")

    @property
    def tool_use_id(self) -> str:
        """The call of the tool, where the event is about one."""
        return self._text("tool_use_id")

    @property
    def own_key(self) -> str:
        """A name of the call where another session or sub-agent had its id before: there are
        gateways that give out the same ids again and again."""
        call = "\n".join((self.session_id, self.tool_use_id, self.agent_asked))
        return f"call:{uuid5(_CALLS, call)}"

    @property
    def project(self) -> str:
        """The name of the folder that the session works in."""
        return self._text("cwd")

    @property
    def is_call(self) -> bool:
        """Whether a sub-agent is about to be called."""
        return is_call(self.seen)

    @property
    def is_result(self) -> bool:
        """Whether the call of a sub-agent came back, or was launched in the background."""
        return self.name == "PostToolUse" and self._text("tool_name") in STEERED

    @property
    def agent_asked(self) -> str:
        """The type of sub-agent that the call names."""
        return agent_asked(self.seen)

    @property
    def requested(self) -> str:
        """The model that the call itself asks for, "" where it leaves that open."""
        asked: dict[str, str] = self.seen.get("tool_input", {})
        return asked.get("model", "")

    @property
    def agent_id(self) -> str:
        """The id of the run that a result is about."""
        return self._response().get("agentId", "") if self.is_result else self._text("agent_id")

    @property
    def models(self) -> list[str]:
        """The models that a result says were used, "resolved" at the start first."""
        answered = self._response()
        models: list[str] = [*answered.get("modelsUsed", []), answered.get("resolvedModel", "")]
        return [model for model in dict.fromkeys(models) if model and model != "<synthetic>"]

    @property
    def names(self) -> list[AgentName]:
        """Which type of sub-agent stands behind an agent id."""
        if self.name not in {"SubagentStart", "SubagentStop"}:
            return []
        # Up to 2.0 the stop does not tell the type.
        agent_type = self._text("agent_type")
        if not (self.session_id and self.agent_id and agent_type):
            return []
        return [AgentName(self.session_id, self.agent_id, agent_type, Evidence.HOOK)]

    @property
    def calls(self) -> list[AgentCall]:
        """Which agent id stands behind a call."""
        if not (self.is_result and self.tool_use_id and self.agent_id):
            return []
        agent_type = self._response().get("agentType") or self.agent_asked
        return [
            AgentCall(
                self.tool_use_id, self.session_id, agent_type, self.agent_id, int(Evidence.HOOK)
            )
        ]

    @property
    def unsteered(self) -> tuple[str, str, str] | None:
        """Key, type and why of a run that no hook can steer; None where one can."""
        if self.is_call:
            why = why_not_steerable(self.seen)
            key = self.tool_use_id or f"{self.session_id}:{self._text('agent_id')}"
            return (key, self.agent_asked, why) if why else None
        if self.name == "SubagentStop" and self.seen.get("in_workflow") is True:
            key = f"{self.session_id}:{self.agent_id}"
            return key, self._text("agent_type"), WhyUnsteered.WORKFLOW.value
        return None

    def _text(self, name: str) -> str:
        value: str = self.seen.get(name, "")
        return value

    def _response(self) -> dict[str, Any]:
        value: dict[str, Any] = self.seen.get("tool_response", {})
        return value
