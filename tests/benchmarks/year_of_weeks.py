"""A year of generated budget weeks, to look at the pages of forecasts and of the calibration.

    BUDGETCTL_HOME=folder python -m tests.benchmarks.year_of_weeks [--weeks 52] [--seed 1]
    BUDGETCTL_HOME=folder budgetctl start

Fills an empty database with usage by office hours, weeks that drift, jump tenfold and stay idle,
forecasts made and scored as the clock would have, SDs with their estimates, and readings of a plan
whose limit is known. Prints how long each part took.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# Tokens of a busy hour, so that a usual week comes to about the limit that ships.
BUSY_HOUR = 14_000
MODELS = {"claude-haiku-4-5": 0.2, "claude-sonnet-4-5": 1.0, "claude-opus-4-5": 2.6}
AGENTS = ("TESTING", "DATABASE", "SECURITY", "DOCMON", "VALIDATION", "")
PHASES = ("LEAD", "PLAN", "EXEC")
# What the plan of this year stands for, in tokens of sonnet, and what a cache read weighs in it.
PLAN_LIMIT, CACHE_WEIGHT = 900_000, 0.02
PLAN_WEEKS = 8
READ_AFTER = timedelta(minutes=2)
SDS = 24


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a part took."""
    begin = time.perf_counter()
    yield
    print(f"{what:<24} {time.perf_counter() - begin:6.1f} s")


def requests(chance: Random, week: Any, now: datetime, level: float) -> Iterator[Any]:
    """The usage of one week: office hours on five days, a little at the weekend."""
    from allocation.usage.models import Source, UsageRecord

    for step in range((week.end - week.start) // HOUR):
        at = week.start + HOUR * step
        if at >= now:
            return
        busy = 15 <= at.hour <= 23
        often = 0.75 * busy + 0.05
        if at.weekday() >= 5:
            often /= 6
        if chance.random() > often:
            continue
        fresh = int(BUSY_HOUR * level * chance.gammavariate(2, 0.5))
        moment = at + timedelta(minutes=chance.randrange(5, 40))
        if moment >= now:
            return
        key = f"year-{moment:%Y%m%d%H}"
        yield UsageRecord(
            message_id=key,
            request_id=key,
            source=Source.TRANSCRIPT,
            at=moment,
            hour=at,
            session_id="year",
            sub_agent=chance.choice(AGENTS),
            model=chance.choices(list(MODELS), weights=(3, 4, 1 + chance.random()))[0],
            input=fresh,
            cache_read=fresh * chance.randrange(3, 30),
        )


def use(weeks: list[Any], now: datetime, chance: Random) -> None:
    """Usage of all weeks: they drift, one in twelve is idle, one jumps tenfold."""
    from allocation.usage.models import UsageRecord
    from tests.factories import rebuild_hours

    level, rows = 1.0, []
    for number, week in enumerate(weeks):
        level *= chance.lognormvariate(0, 0.18)
        level = min(1.6, max(0.5, level))
        this = level * (0.03 if number % 12 == 7 else 10 if number == len(weeks) // 3 else 1)
        rows += list(requests(chance, week, now, this))
    UsageRecord.objects.bulk_create(rows, batch_size=2_000)
    rebuild_hours([row.hour for row in rows])


def forecasts(weeks: list[Any], now: datetime) -> None:
    """Forecasts at the hours that are compared, each hour of the last two weeks, and scores."""
    from allocation.forecasts.operations import make_forecasts, score_closed_weeks
    from allocation.policy.forecasting import ORIGINS

    for week in weeks[2:]:
        hours = range(1, 168, 2) if week in weeks[-2:] else ORIGINS
        for at in sorted({week.start + HOUR * hour for hour in (*hours, *ORIGINS)}):
            if at <= min(now, week.end):
                make_forecasts(now=at)
        score_closed_weeks(now=min(now, week.end))


def directives(weeks: list[Any], now: datetime, chance: Random) -> None:
    """SDs of the last months, with the estimate that each had at its start and what it used."""
    from uuid import UUID

    from allocation.checkpoints.operations import Entry, log_checkpoint
    from allocation.directives.operations import SdFacts, create_sd
    from allocation.forecasts.estimates import score_estimates
    from allocation.policy.phases import CheckpointKind
    from allocation.usage.models import Source, UsageRecord
    from tests.factories import rebuild_hours

    for number in range(SDS):
        at = now - timedelta(days=3 * (SDS - number))
        size = chance.lognormvariate(0, 0.35)
        facts = SdFacts(code=f"SD-YEAR-{number:03}", complexity=2 + number % 3)
        sd = create_sd(sd=facts, actor="chairman", now=at)
        kinds = list(CheckpointKind)
        start, done = kinds[0], kinds[-1]
        log = {"actor": "chairman", "sd": sd}
        log_checkpoint(entry=Entry(kind=start), submission=UUID(int=2 * number), now=at, **log)
        rows = [
            UsageRecord(
                message_id=f"sd-{number}-{agent}-{phase}",
                request_id=f"sd-{number}-{agent}-{phase}",
                source=Source.TRANSCRIPT,
                at=at + HOUR,
                hour=(at + HOUR).replace(minute=0, second=0, microsecond=0),
                sub_agent=agent,
                sd_id=sd.pk,
                phase=phase,
                model="claude-sonnet-4-5",
                input=int(900 * size * chance.uniform(0.6, 1.6)),
            )
            for agent in AGENTS
            for phase in PHASES
        ]
        UsageRecord.objects.bulk_create(rows)
        rebuild_hours([row.hour for row in rows])
        if number < SDS - 2:
            end = at + 2 * HOUR
            entry = Entry(kind=done, tokens=0)
            log_checkpoint(entry=entry, submission=UUID(int=2 * number + 1), now=end, **log)
            score_estimates(now=end + HOUR)


def readings(now: datetime) -> None:
    """What the plan's meter read after each request of the last weeks."""
    from allocation.claude_code.models import PlanReading, ReadingSource
    from allocation.usage.models import UsageRecord

    start = now - PLAN_WEEKS * WEEK
    level, resets_at, rows = 0.0, start + WEEK, []
    used = list(UsageRecord.objects.filter(at__gte=start, at__lt=now).order_by("at"))
    for row, after in zip(used, [*used[1:], None], strict=True):
        while row.at >= resets_at:
            level, resets_at = 0.0, resets_at + WEEK
        level += MODELS.get(row.model, 1.0) * (row.input + CACHE_WEIGHT * row.cache_read)
        if after is not None and after.at < row.at + READ_AFTER:
            continue
        percent = Decimal(round(100 * level / PLAN_LIMIT))
        rows.append(
            PlanReading(
                at=row.at + READ_AFTER,
                window="seven_day",
                used_percent=percent,
                resets_at=resets_at,
                session_id="year",
                source=ReadingSource.STATUS_LINE,
            )
        )
    PlanReading.objects.bulk_create(rows)


def main() -> None:
    """Fill, and say how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "budgetctl.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from allocation.budgets.models import BudgetWeek
    from allocation.budgets.operations import ensure_weeks
    from allocation.usage.models import UsageRecord

    if UsageRecord.objects.exists():
        raise SystemExit("There is usage already: give an empty BUDGETCTL_HOME.")
    now, chance = datetime.now(UTC), Random(options.seed)
    ensure_weeks(since=now - options.weeks * WEEK, now=now)
    weeks = list(BudgetWeek.objects.order_by("start"))
    with timed(f"{len(weeks)} weeks of usage"):
        use(weeks, now, chance)
    with timed("forecasts and scores"):
        forecasts(weeks, now)
    with timed("SDs and their estimates"):
        directives(weeks, now, chance)
    with timed("the plan's readings"):
        readings(now)


if __name__ == "__main__":
    main()
