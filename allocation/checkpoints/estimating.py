"""What a checkpoint that starts an SD keeps: the estimate that the SD is held against later."""

from datetime import datetime

from allocation.catalog.pricing import load_price_book
from allocation.decisions.preflight import preflight
from allocation.decisions.situation import situation_at
from allocation.directives.models import StrategicDirective
from allocation.forecasts.estimates import store_estimate
from allocation.usage.standing import standing_at


def keep_estimate(*, sd: StrategicDirective, now: datetime) -> None:
    """Keep what the SD is expected to use, as the pre-flight has it at its start."""
    book = load_price_book()
    plan = preflight(sd, situation_at(now, standing=standing_at(now, book=book)), book)
    store_estimate(
        sd=sd,
        tokens=plan.tokens,
        by_agent=[(run.sub_agent, run.phase.value, run.tokens) for run in plan.runs],
        now=now,
    )
