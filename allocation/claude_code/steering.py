"""From a call of a sub-agent to a verdict on it: the decision is stored first."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from allocation.claude_code.events import Event, Origin
from allocation.claude_code.situation import HookSituation, current_situation
from allocation.claude_code.state import only_sd_in_progress
from allocation.decisions.models import Decision
from allocation.decisions.operations import Decided, Run, decide
from allocation.decisions.outcomes import RunOutcome, record_outcome
from allocation.directives.models import StrategicDirective
from allocation.policy.names import normal_name
from allocation.policy.recommend import Outcome, Recommendation, Task

UNSTEERED = "The server was away and nothing was known: the run went on unsteered."
OFFLINE = "The server was away: the last known state {}."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run is told. `tier` is None where it is not to run."""

    outcome: Outcome
    tier: str | None
    zone: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """As the client takes it (client.answers)."""
        return {
            "outcome": self.outcome.value,
            "tier": self.tier,
            "zone": self.zone,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call is about, once its SD is known."""

    task: Task
    sd: StrategicDirective | None


def steer(*, event: Event, origin: Origin, now: datetime) -> Verdict | None:
    """The verdict on a call, from its stored decision. None while budgetctl is off: then nothing
    is decided, and nothing stored."""
    current = current_situation(now)
    if not current.situation.standing.enabled:
        return None
    decision, recommendation = _decide(current, event, origin, now)
    return _verdict(recommendation, decision.zone)


def decided_offline(
    *, event: Event, origin: Origin, answered: str | None, at: datetime, now: datetime
) -> None:
    """Store the decision of a call that was answered, or not, while the server was away.

    Where the answer is not the one that would be given now, the decision says what it was and why
    it departed.
    """
    current = current_situation(now)
    if not current.situation.standing.enabled:
        return
    decision, recommendation = _decide(current, event, origin, at)
    told = recommendation.tier.name if recommendation.tier else None
    if answered == told or decision.override_reason or decision.at != at:
        return
    outcome = RunOutcome(override_reason=_why_departed(answered, current))
    record_outcome(decision=decision, outcome=outcome, actor=origin.actor, now=now)


def _why_departed(answered: str | None, current: HookSituation) -> str:
    if answered == "":
        return UNSTEERED
    if answered is None:
        return OFFLINE.format("refused the run")
    # What a client says is a tier's name or nothing to repeat.
    return OFFLINE.format(f"gave {answered if answered in current.situation.tiers else 'another'}")


def _decide(current: HookSituation, event: Event, origin: Origin, now: datetime) -> Decided:
    asked = asked_about(event, origin, current)
    tiers = current.situation.tiers
    run = Run(
        task=asked.task,
        sd=asked.sd,
        key=event.tool_use_id or None,
        requested=event.requested if event.requested in tiers else "",
        session_id=event.session_id,
    )
    decided = decide(situation=current.situation, run=run, actor=origin.actor, now=now)
    if run.key and _is_of_another_call(decided[0], run):
        run = replace(run, key=event.own_key)
        decided = decide(situation=current.situation, run=run, actor=origin.actor, now=now)
    return decided


def _is_of_another_call(decision: Decision, run: Run) -> bool:
    """Whether a stored decision answers a call that only had the same id: its tier may lie below
    the floor of this one."""
    if decision.sub_agent != run.task.sub_agent:
        return True
    return bool(run.session_id and decision.session_id) and decision.session_id != run.session_id


def asked_about(event: Event, origin: Origin, current: HookSituation) -> Asked:
    """The SD and the task of a call: the SD it names, else the only one in progress, else none.

    An SD that is named and does not exist is none: another one's budget must not pay for it.
    """
    if origin.sd:
        sd = StrategicDirective.objects.filter(code=origin.sd.upper()).first()
    else:
        sd = only_sd_in_progress()
    name = event.agent_asked
    code = current.situation.names.get(normal_name(name), name)
    return Asked(current.task(code, sd, origin.phase.upper()), sd)


def _verdict(recommendation: Recommendation, zone: str) -> Verdict:
    return Verdict(
        outcome=recommendation.outcome,
        tier=recommendation.tier.name if recommendation.tier else None,
        zone=zone,
        reason=recommendation.reason,
    )
