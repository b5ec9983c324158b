"""What the JSON API answers. The keys are a promise to scripts: add to them, never rename.

They are those of `budgetctl … --json`. What is said of the running week is in week.py.
"""

from typing import Any

from allocation.checkpoints.models import Checkpoint
from allocation.decisions.models import Decision
from allocation.decisions.operations import steps_of
from allocation.directives.models import Priority, StrategicDirective
from allocation.display.json_values import iso
from allocation.policy.recommend import Recommendation, Task
from allocation.policy.zones import Zone
from allocation.reports.models import QualityEvent
from allocation.usage.stored import Stored

Json = dict[str, Any]


def answer(
    task: Task,
    recommendation: Recommendation,
    *,
    zone: Zone | str,
    decision: Decision | None,
    sd: StrategicDirective | None = None,
) -> Json:
    """The answer for one run. `decision` is null for a what-if, `model` for a run put off; `path`
    is how the rules came to it, step by step."""
    return {
        "decision": decision.pk if decision else None,
        "sub_agent": task.sub_agent,
        "phase": task.phase.value,
        "complexity": task.complexity,
        "critical": task.critical,
        "read_only": task.read_only,
        "sd": sd.code if sd else None,
        "zone": str(zone),
        **recommended(recommendation),
        "path": steps_of(recommendation),
    }


def recommended(found: Recommendation) -> Json:
    """What a run may use: `model` is its tier, null if the run is put off."""
    return {
        "outcome": found.outcome.value,
        "model": found.tier.name if found.tier else None,
        "floor": found.floor.name,
        "preferred": found.preferred.name,
        "reason": found.reason,
    }


def decision(row: Decision) -> Json:
    """One decision with what became of it."""
    return {
        "decision": row.pk,
        "at": iso(row.at),
        "actor": row.actor,
        "sub_agent": row.sub_agent,
        "phase": row.phase,
        "complexity": row.complexity,
        "critical": row.critical,
        "read_only": row.read_only,
        "sd": row.sd.code if row.sd else None,
        "zone": row.zone,
        "outcome": row.outcome,
        "model": row.recommended.name if row.recommended else None,
        "floor": row.floor,
        "preferred": row.preferred,
        "reason": row.reason,
        "override": row.override_id,
        "requested": row.requested or None,
        "observed": row.observed or None,
        "mismatch": row.mismatch,
        "override_reason": row.override_reason or None,
        "result": row.result or None,
        "session": row.session_id or None,
        "agent": row.agent_id or None,
    }


def counted(stored: Stored, unknown_sds: list[str]) -> Json:
    """What became of reported requests. `unknown_models` are counted; what they cost is unknown."""
    return {
        "new": stored.new,
        "improved": stored.improved,
        "unchanged": stored.unchanged,
        "unknown_models": sorted(stored.unknown_models),
        "unknown_sds": unknown_sds,
    }


def checkpoint(row: Checkpoint) -> Json:
    """A checkpoint, where its SD is now, and the budget at that moment (the report's keys)."""
    return {
        "checkpoint": row.pk,
        "sd": row.sd.code,
        "kind": row.kind,
        "phase": row.phase,
        "at": iso(row.at),
        "tokens": row.tokens,
        "mix": row.mix,
        "rework_cycles": row.rework_cycles,
        "lines_modified": row.lines_modified,
        "note": row.note,
        "submission": str(row.submission),
        "sd_status": row.sd.status,
        "sd_phase": row.sd.phase or None,
        "state": row.state,
    }


def sd(row: StrategicDirective) -> Json:
    """One SD."""
    return {
        "sd": row.code,
        "title": row.title,
        "complexity": row.complexity,
        "priority": Priority(row.priority).label,
        "critical": row.critical,
        "estimate": row.estimate,
        "status": row.status,
        "phase": row.phase or None,
        "deferral_reason": row.deferral_reason or None,
        "created_at": iso(row.created_at),
        "started_at": iso(row.started_at),
        "completed_at": iso(row.completed_at),
    }


def quality_event(row: QualityEvent) -> Json:
    """A review, a test run or a security check as it was logged."""
    return {
        "event": row.pk,
        "kind": row.kind,
        "at": iso(row.at),
        "passed": row.passed,
        "failed": row.failed,
        "sd": row.sd.code if row.sd else None,
        "sub_agent": row.sub_agent.code if row.sub_agent else None,
        "phase": row.phase or None,
        "tier": row.tier.name if row.tier else None,
        "note": row.note,
        "actor": row.actor,
    }
