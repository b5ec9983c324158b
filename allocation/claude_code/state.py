"""The state that clients keep: where the week stands, and what each sub-agent would be told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allocation.budgets.models import BudgetRule
from allocation.claude_code.client.state import UNREGISTERED
from allocation.claude_code.models import HookDefaults, PlanReading
from allocation.claude_code.situation import current_situation
from allocation.decisions.situation import Situation
from allocation.directives.models import Status, StrategicDirective
from allocation.display import format as fmt
from allocation.forecasts.outlook import outlook_at
from allocation.policy.phases import Phase
from allocation.policy.plan_windows import PlanWindowKind
from allocation.policy.recommend import Task
from allocation.usage.standing import Standing

# What stands for every sub-agent that is not registered. No code can be this.
OTHER = "a sub-agent that is not registered"
_UNDER_WAY = (Status.IN_PROGRESS.value, Status.PAUSED.value)
# In progress first; two tell whether it is the only one. Every hook asks this, hence no ORM.
_CURRENT = (
    f"SELECT * FROM {StrategicDirective._meta.db_table} WHERE status IN (%s, %s) "  # noqa: S608 -- a table of ours
    "ORDER BY status, id LIMIT 2"
)


def state_at(now: datetime) -> dict[str, Any]:
    """The state at `now`, as JSON can hold it. A constant number of queries."""
    current = current_situation(now)
    situation, defaults = current.situation, current.defaults
    standing = situation.standing
    sd = only_sd_in_progress()
    return {
        "at": now.timestamp(),
        "until": standing.window.end.timestamp(),
        "enabled": standing.enabled,
        "zone": standing.zone.value,
        "percent": fmt.reached(standing.share),
        "left": _left(standing),
        "out": _out(now, standing) if standing.enabled else "",
        "plan": _plan(now),
        "phase": (sd.phase if sd else "") or defaults.phase,
        "names": dict(situation.names),
        "answers": _answers(situation, sd, defaults) if standing.enabled else {},
    }


def only_sd_in_progress() -> StrategicDirective | None:
    """The one SD that is in progress; None if there is none, or more than one.

    Where none is, the one that is paused: its runs must be told so, and not go on without an SD.
    """
    current = StrategicDirective.objects.raw(_CURRENT, [*_UNDER_WAY])
    first, second = [*current, None, None][:2]
    is_only = first is None or second is None or first.status != second.status
    return first if is_only else None


def _answers(
    situation: Situation, sd: StrategicDirective | None, defaults: HookDefaults
) -> Mapping[str, Mapping[str, list[str | None]]]:
    complexity = sd.complexity if sd else defaults.complexity
    critical = sd.critical if sd else False
    answers: dict[str, dict[str, list[str | None]]] = {}
    for code in (*situation.sub_agents, UNREGISTERED):
        answers[code] = {}
        for phase in Phase:
            answer = situation.answer(Task(code or OTHER, phase, complexity, critical))
            tier = answer.tier.name if answer.tier else None
            answers[code][phase.value] = [answer.outcome.value, tier, answer.reason]
    return answers


def _left(standing: Standing) -> str:
    if standing.meter.in_dollars:
        over, left = (fmt.amount(value, in_dollars=True) for value in _ends(standing))
    else:
        over, left = (fmt.short(value) for value in _ends(standing))
    return f"{over} over" if standing.over else f"{left} left"


def _ends(standing: Standing) -> tuple[Any, Any]:
    return standing.over, standing.remaining


def _out(now: datetime, standing: Standing) -> str:
    linear = outlook_at(now, standing=standing).linear
    if linear is None or standing.exhausted or not linear.before_reset:
        return ""
    return f"out {fmt.soon(linear.exhausts_at, BudgetRule.objects.get().zone_info)}"


def _plan(now: datetime) -> dict[str, Any]:
    weekly = PlanReading.objects.filter(window=PlanWindowKind.SEVEN_DAY.value, at__lte=now)
    reading = weekly.order_by("-at", "-id").first()
    if reading is None:
        return {}
    return {
        "percent": f"{fmt.whole(reading.used_percent)}%",
        "resets_at": reading.resets_at.timestamp(),
    }
