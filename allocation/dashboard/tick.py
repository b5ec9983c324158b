"""Scheduled work: what is due follows from the clock and the rows."""

from datetime import datetime

from allocation.budgets.operations import ensure_week
from allocation.forecasts.operations import make_forecasts, score_closed_weeks


def tick(*, now: datetime) -> None:
    """Do what is due. Each part is idempotent and catches up: ticks may be missed or doubled."""
    ensure_week(now=now)
    make_forecasts(now=now)
    score_closed_weeks(now=now)
