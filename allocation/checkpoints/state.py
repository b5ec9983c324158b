"""The budget as it stands at a checkpoint, frozen into the log (report, step 8)."""

from datetime import datetime
from typing import Any

from allocation.catalog.pricing import load_price_book
from allocation.decisions.situation import situation_at
from allocation.directives.models import StrategicDirective
from allocation.display.format import whole
from allocation.forecasts.outlook import outlook_at
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.policy.weeks import Window, hours_between
from allocation.usage.standing import running_week
from allocation.usage.totals import RESOLUTION, burned_by, total_of


def budget_state(sd: StrategicDirective, at: datetime) -> dict[str, Any]:
    """The report's checkpoint data: budget tokens used and left, zone, burn rate, and what each
    sub-agent of the SD's phase may run on. Rates are in budget tokens an hour."""
    book = load_price_book()
    week = running_week(at)
    # What came after the moment that the entry is about is no part of how the budget stood then.
    until_then = Window(week.window.start, at + RESOLUTION)
    by_hour = burned_by(("hour",), within=until_then, meter=week.meter, book=book)
    standing = week.standing(at, total_of(by_hour.values()))
    hours = {hour: part for (hour,), part in by_hour.items()}
    linear = outlook_at(at, standing=standing, hours=hours, book=book).linear
    situation = situation_at(at, standing=standing)
    phase = Phase(sd.phase) if sd.phase else Phase.EXEC
    recommended = {}
    for code, sub_agent in situation.sub_agents.items():
        if sub_agent.active and phase in sub_agent.phases:
            answer = situation.answer(Task(code, phase, sd.complexity, sd.critical), sd=sd)
            recommended[code] = answer.tier.name if answer.tier else answer.outcome.value
    return {
        "complexity_estimate": sd.complexity,
        "tokens_consumed_at_checkpoint": whole(standing.used),
        "tokens_remaining": whole(standing.remaining),
        "budget_zone": standing.zone.value,
        "burn_rate_tokens_per_hour": whole(linear.per_hour) if linear else None,
        "forecast_exhaustion_hours": (
            whole(hours_between(at, linear.exhausts_at)) if linear else None
        ),
        "recommended_models": recommended,
    }
