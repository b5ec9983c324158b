"""Scheduled work: what is due follows from the clock and the rows."""

from datetime import datetime

from allocation.budgets.operations import ensure_week


def tick(*, now: datetime) -> None:
    """Do what is due. Each part is idempotent and catches up: ticks may be missed or doubled."""
    ensure_week(now=now)
