"""The state that clients keep: where the week stands, and what each sub-agent would be told."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from allocation.claude_code.models import PlanReading
from allocation.claude_code.situation import HookSituation, current_situation
from allocation.directives.models import Status, StrategicDirective
from allocation.display import format as fmt
from allocation.forecasts.outlook import outlook_at
from allocation.policy.phases import Phase
from allocation.policy.plan_windows import PlanWindowKind
from allocation.row_reads import rows_where
from allocation.usage.standing import Standing

_UNDER_WAY = (Status.IN_PROGRESS.value, Status.PAUSED.value)
# In progress first; two tell whether it is the only one.
_CURRENT = "status IN (%s, %s) ORDER BY status, id LIMIT 2"


def state_at(now: datetime) -> dict[str, Any]:
    """The state at `now`, as JSON can hold it. A constant number of queries."""
    current = current_situation(now)
    standing = current.situation.standing
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
        "phase": (sd.phase if sd else "") or current.defaults.phase,
        "names": dict(current.situation.names),
        "answers": _answers(current, sd) if standing.enabled else {},
    }


def only_sd_in_progress() -> StrategicDirective | None:
    """The one SD that is in progress; None if there is none, or more than one.

    Where none is, the one that is paused: its runs must be told so, and not go on without an SD.
    """
    current = rows_where(StrategicDirective, _CURRENT, _UNDER_WAY)
    first, second = [*current, None, None][:2]
    is_only = first is None or second is None or first.status != second.status
    return first if is_only else None


def _answers(
    current: HookSituation, sd: StrategicDirective | None
) -> dict[str, dict[str, list[str | None]]]:
    answers: dict[str, dict[str, list[str | None]]] = defaultdict(dict)
    for phase in Phase:
        for code, answer in current.answers(sd, phase):
            tier = answer.tier.name if answer.tier else None
            answers[code][phase.value] = [answer.outcome.value, tier, answer.reason]
    return answers


def _left(standing: Standing) -> str:
    amount, word = (standing.over, "over") if standing.over else (standing.remaining, "left")
    if standing.meter.in_dollars:
        return f"{fmt.amount(amount, in_dollars=True)} {word}"
    return f"{fmt.short(amount)} {word}"


def _out(now: datetime, standing: Standing) -> str:
    linear = outlook_at(now, standing=standing).linear
    if linear is None or standing.exhausted or not linear.before_reset:
        return ""
    return f"out {fmt.soon(linear.exhausts_at, standing.clock)}"


def _plan(now: datetime) -> dict[str, Any]:
    weekly = PlanReading.objects.filter(window=PlanWindowKind.SEVEN_DAY.value, at__lte=now)
    reading = weekly.order_by("-at", "-id").first()
    if reading is None:
        return {}
    return {
        "percent": f"{fmt.whole(reading.used_percent)}%",
        "resets_at": reading.resets_at.timestamp(),
    }
