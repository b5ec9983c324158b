"""Rows of a plan whose limit is known: usage records, and what the plan's meter read."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from allocation.claude_code.models import PlanReading
from allocation.usage.models import UsageRecord
from tests.factories import UsageRecordFactory, rebuild_hours

LIMIT = 2_000_000
CACHE = Decimal("0.02")
MODELS = {"claude-haiku-4-5": 0.2, "claude-sonnet-4-5": 1.0, "claude-opus-4-5": 2.5}
EVERY = timedelta(hours=3)


def read(at: datetime, percent: int, resets_at: datetime) -> None:
    """One reading of the plan's week."""
    PlanReading.objects.create(
        at=at,
        window="seven_day",
        used_percent=Decimal(percent),
        resets_at=resets_at,
        session_id="session-1",
        source="status_line",
    )


def plan_week(start: datetime, *, seed: int) -> None:
    """Five days of a plan week from `start` on: a request every three hours, each then read."""
    random, level, made = Random(seed), 0.0, []
    for step in range(40):
        at = start + EVERY * step + timedelta(minutes=10)
        model, weight = random.choice(list(MODELS.items()))
        fresh = random.randrange(10_000, 90_000)
        reads = fresh * random.randrange(1, 25)
        record: UsageRecord = UsageRecordFactory(
            at=at, model=model, input=fresh, output=0, cache_read=reads
        )
        made.append(record.hour)
        level += weight * (fresh + float(CACHE) * reads)
        read(at + timedelta(minutes=20), round(100 * level / LIMIT), start + timedelta(days=7))
    rebuild_hours(made)
