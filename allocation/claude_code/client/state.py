"""The last known state: what the server last said of the week, and what it would answer.

`answers` holds the verdict for each registered sub-agent and phase as [outcome, tier, reason],
under "" that for all others; `names` leads from a normal name to the sub-agent's code. Moments are
seconds since 1970 on the server's clock, `saved` on ours.
"""

import os
from time import time

from allocation.claude_code.client.home import read_json, write_json
from allocation.claude_code.client.payload import Json, agent_asked, within
from allocation.policy.names import normal_name
from allocation.policy.plain import safe

# A state that is younger than this is not asked for again.
FRESH_SECONDS = 15
STALE_SECONDS = 15 * 60
_SHAPES = {"GREEN": "●", "YELLOW": "▲", "ORANGE": "◆", "RED": "⯃"}
OFF_SHAPE = "○"
UNREGISTERED = ""


def load(folder: str) -> Json:
    """The last known state; empty where nothing is known."""
    return read_json(os.path.join(folder, "state.json"))


def save(folder: str, state: object) -> None:
    """Keep what the server said, if it said anything. Raises OSError."""
    if isinstance(state, dict) and state:
        write_json(os.path.join(folder, "state.json"), {**state, "saved": time()})


def age(state: Json, now: float) -> float | None:
    """Seconds since the state was saved; None without one. A clock set back makes it old."""
    saved = _number(state, "saved")
    return None if saved is None else abs(now - saved)


def known_verdict(state: Json, payload: Json, *, phase: str, now: float) -> Json | None:
    """What the server would probably answer; None where nothing holds any more.

    With the week ends what is known of it. While budgetctl is off the verdict is `off`.
    """
    saved, at, until = (_number(state, name) for name in ("saved", "at", "until"))
    if saved is None or at is None or until is None or now + (at - saved) >= until:
        return None
    if state.get("enabled") is not True:
        return {"outcome": "off"}
    answers = within(state, "answers")
    code = within(state, "names").get(normal_name(agent_asked(payload)))
    by_phase = answers.get(code if isinstance(code, str) else UNREGISTERED)
    if not isinstance(by_phase, dict):
        return None
    answer = by_phase.get(phase) or by_phase.get(state.get("phase"))
    if not isinstance(answer, list) or len(answer) != 3:
        return None
    outcome, tier, reason = answer
    return {"outcome": outcome, "tier": tier, "reason": reason, "zone": state.get("zone")}


def status_line(state: Json, *, plan: str, now: float) -> str:
    """▲ YELLOW 72% · 140k left · out Tue 00:07 · plan 83%"""
    old = age(state, now)
    if old is None:
        said = ["budgetctl: nothing heard yet"]
    elif state.get("enabled") is not True:
        said = [f"{OFF_SHAPE} budgetctl is off"]
    else:
        zone = str(state.get("zone"))
        said = [f"{_SHAPES.get(zone, OFF_SHAPE)} {zone} {state.get('percent')}"]
        said += [str(state[name]) for name in ("left", "out") if state.get(name)]
    if plan := plan or _plan(state, now):
        said.append(f"plan {plan}")
    if old is not None and old > STALE_SECONDS:
        said.append(f"{_span(old)} old")
    return safe(" · ".join(said))


def _plan(state: Json, now: float) -> str:
    """The share of the plan's week used, as last read, until its window ends."""
    plan = within(state, "plan")
    resets_at = _number(plan, "resets_at")
    if resets_at is None or resets_at <= now:
        return ""
    return str(plan.get("percent") or "")


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"


def _number(value: Json, name: str) -> float | None:
    found = value.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
