"""From a verdict on a run to what a PreToolUse hook answers.

A verdict is a small object, the same on both sides of the wire: `outcome` (use, defer, pause, off
or ""), `tier`, `zone`, `reason` and `name`, all texts.
"""

from allocation.claude_code.client.payload import Json, agent_asked, text, within
from allocation.policy.plain import safe

# What the tool's `model` may be. Anything else, a full model id too, makes the whole call fail.
SHORT_NAMES = ("haiku", "sonnet", "opus", "fable")

DEFERRED = (
    "Do not try it again this week by itself: note it as deferred and go on with other work. The "
    "Chairman can let it run before then."
)
PAUSED = "Stop work on this SD and say so; it goes on when the Chairman approves it."


def hook_answer(payload: Json, verdict: Json | None, *, note: str = "") -> Json:
    """The answer to a call of a sub-agent; empty where the run is left as it is.

    The whole tool input goes back with its model replaced, because Claude Code replaces the input
    and merges nothing. No permission is decided unless the run is refused: that is the user's.
    """
    if not verdict:
        return {}
    outcome, tier = verdict.get("outcome"), text(verdict.get("tier"))
    if outcome == "use" and tier in SHORT_NAMES:
        zone = _said(verdict, "zone").capitalize()
        said = f"budgetctl: zone {zone}, {agent_asked(payload)} runs on {tier}. "
        return _output(
            updatedInput={**within(payload, "tool_input"), "model": tier},
            additionalContext=_line(said + _said(verdict, "reason") + note),
        )
    if outcome in {"defer", "pause"}:
        what = PAUSED if outcome == "pause" else DEFERRED
        verb = "paused" if outcome == "pause" else "deferred"
        said = f"budgetctl {verb} {agent_asked(payload)}: {_said(verdict, 'reason')}{note} {what}"
        return _output(permissionDecision="deny", permissionDecisionReason=_line(said))
    return {}


def _output(**said: object) -> Json:
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", **said}}


def _said(verdict: Json, name: str) -> str:
    value = verdict.get(name)
    return value if isinstance(value, str) else ""


def _line(said: str) -> str:
    return safe(" ".join(said.split())[:1000])
