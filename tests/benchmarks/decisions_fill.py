"""A year of decisions to measure on: 52 weeks, 16 sub-agents, 200 SDs, overrides, mismatches."""

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

WEEKS = 52
SDS = 200
OVERRIDES = 400
BATCH = 20_000
TIERS = ("haiku", "sonnet", "opus")
MODELS = {
    "haiku": "claude-haiku-4-5-20251001",
    "sonnet": "claude-sonnet-4-5-20250929",
    "opus": "claude-opus-4-5-20251101",
}
REASON = "Complexity {0} prefers {1}; the week is {2}, and the floor of {3} is {4}."


def fill(count: int, *, start: datetime, now: datetime) -> None:
    """Store `count` decisions made from `start` to `now`, with the SDs, overrides and usage that
    they belong to."""
    from allocation.budgets.operations import ensure_weeks
    from allocation.catalog.models import SubAgent, Tier
    from allocation.decisions.models import Decision

    ensure_weeks(since=start, now=now)
    sds, overrides = _sds(start), _overrides(start)
    # Read before the rows are made: while a COPY runs its connection does nothing else.
    codes = list(SubAgent.objects.order_by("code").values_list("code", flat=True))
    tiers = dict(Tier.objects.values_list("name", "pk"))
    made = _decisions(count, sds, overrides, codes, tiers, start=start, now=now)
    _store(Decision, made)
    _burn(sds, start=start, now=now)
    if connection.vendor == "postgresql":
        # As its autovacuum does by itself after so many rows, but not at once.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE model_allocation_decisions")
            cursor.execute("ANALYZE")


def _sds(start: datetime) -> list[int]:
    from allocation.directives.models import Status, StrategicDirective

    rows = []
    for number in range(SDS):
        began = start + timedelta(weeks=WEEKS) * number / SDS
        done = number < SDS - 8
        rows.append(
            StrategicDirective(
                code=f"SD-BENCH-{number:03}",
                title="Something worth doing",
                complexity=number % 5 + 1,
                estimate=300_000,
                phase="" if done else "EXEC",
                status=Status.COMPLETED if done else Status.IN_PROGRESS,
                created_at=began,
                started_at=began,
                completed_at=began + timedelta(days=12) if done else None,
            )
        )
    return [row.pk for row in StrategicDirective.objects.bulk_create(rows)]


def _overrides(start: datetime) -> list[int]:
    from allocation.catalog.models import SubAgent, Tier
    from allocation.floors.models import Override

    chance, sub_agents = random.Random(1), list(SubAgent.objects.all())
    opus = Tier.objects.get(name="opus")
    rows = [
        Override(
            sub_agent=chance.choice(sub_agents),
            tier=opus,
            reason="A release depends on it.",
            actor="chairman",
            created_at=(at := start + timedelta(weeks=WEEKS) * number / OVERRIDES),
            expires_at=at + timedelta(days=4),
        )
        for number in range(OVERRIDES)
    ]
    return [row.pk for row in Override.objects.bulk_create(rows)]


def _decisions(
    count: int,
    sds: list[int],
    overrides: list[int],
    codes: list[str],
    tiers: dict[str, int],
    *,
    start: datetime,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """Runs in working hours; an SD gets its own for about two weeks. RETRO was never overridden
    and never ran on another model, so that a filter can find nothing."""
    chance = random.Random(7)
    span = now - start
    for number in range(count):
        at = start + span * number / count
        code = chance.choice(codes)
        zone = chance.choices(("GREEN", "YELLOW", "ORANGE", "RED"), (55, 25, 14, 6))[0]
        complexity, phase = chance.randint(1, 5), chance.choice(("LEAD", "PLAN", "EXEC"))
        tier = chance.choices(TIERS, (45, 38, 17))[0]
        outcome = chance.choices(("use", "defer", "pause", "off"), (955, 30, 10, 5))[0]
        calm = code == "RETRO"
        forced = outcome == "use" and not calm and chance.random() < 0.03
        seen = outcome == "use" and chance.random() < 0.85
        silent = seen and not forced and not calm and chance.random() < 0.05
        ran = chance.choice(TIERS) if silent else tier
        place = min(SDS - 1, int(SDS * number / count) + chance.randrange(8))
        yield {
            "at": at,
            "actor": chance.choice(("chairman", "builder", "claude-code")),
            "sub_agent": code,
            "phase": phase,
            "complexity": complexity,
            "critical": chance.random() < 0.2,
            "read_only": False,
            "sd_id": None if chance.random() < 0.1 else sds[place],
            "zone": zone,
            "share_percent": "61.5000",
            "outcome": outcome,
            "recommended_id": tiers[tier] if outcome in {"use", "off"} else None,
            "preferred": tier,
            "floor": "haiku",
            "override_id": overrides[OVERRIDES * number // count] if forced else None,
            "reason": REASON.format(complexity, tier, zone, code, "haiku"),
            "path": _path(complexity, tier, zone, code),
            "inputs": _inputs(code, phase, complexity, zone),
            "key": f"toolu_{number:022}",
            "requested": chance.choice(TIERS),
            "observed": MODELS[ran] if seen else "",
            "mismatch": "silent_mismatch"
            if silent
            else "override"
            if forced
            else "followed"
            if seen
            else "unknown",
            "override_reason": "Opus was at its limit." if forced and number % 2 else "",
            "result": chance.choices(("passed", "failed", "rework"), (85, 5, 10))[0]
            if seen
            else "",
            "session_id": f"session-{number // 40}",
            "agent_id": f"a{number}",
        }


def _path(complexity: int, tier: str, zone: str, code: str) -> str:
    steps = (
        ("complexity", f"Complexity {complexity} of 5 prefers {tier}."),
        ("zone", f"The week is {zone}: the preference stays as it is."),
        ("floor", f"{code} may run on haiku or better in this phase."),
        ("result", f"It runs on {tier}."),
    )
    return json.dumps([{"rule": rule, "tier": tier, "sentence": said} for rule, said in steps])


def _inputs(code: str, phase: str, complexity: int, zone: str) -> str:
    task = {"sub_agent": code, "phase": phase, "complexity": complexity, "critical": False,
            "read_only": False}  # fmt: skip
    floor = {"tier": "haiku", "gives_way": "never", "relaxed": None}
    return json.dumps(
        {"task": task, "zone": zone, "used": "307500", "effective_limit": "500000",
         "meter": "sonnet-equivalent", "enabled": True, "floor": floor, "override": None}
    )  # fmt: skip


def _burn(sds: list[int], *, start: datetime, now: datetime) -> None:
    """What the SDs burned, by the hour; ten of every twenty-four hours are worked in."""
    from allocation.usage.models import UsageHour

    chance = random.Random(3)
    hours, rows = int((now - start) / timedelta(hours=1)), []
    first = start.replace(minute=0, second=0, microsecond=0)
    for number in range(hours):
        hour = first + timedelta(hours=number)
        if hour.hour < 14:
            continue
        sd = sds[min(SDS - 1, SDS * number // hours)]
        for tier in TIERS:
            rows.append(
                UsageHour(
                    hour=hour,
                    sd_id=sd,
                    phase="EXEC",
                    sub_agent=chance.choice(("DATABASE", "TESTING", "DOCMON")),
                    model=MODELS[tier],
                    source="transcript",
                    records=4,
                    input=chance.randrange(4_000),
                    output=chance.randrange(2_000),
                )
            )
    UsageHour.objects.bulk_create(rows, batch_size=5_000)


def _store(model: type[models.Model], rows: Iterator[dict[str, Any]]) -> None:
    """Store rows as the database takes them fastest: COPY, or one statement run many times."""
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = [field.column for field in fields]
    table, columns = model._meta.db_table, ", ".join(names)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Straight into a table with row-level security PostgreSQL copies nothing.
            cursor.execute(f"CREATE TEMP TABLE filled AS SELECT {columns} FROM {table} LIMIT 0")
            with cursor.copy(f"COPY filled ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([row[name] for name in names])
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM filled")
            cursor.execute("DROP TABLE filled")
            return
        marks = ", ".join(["%s"] * len(names))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        batch: list[list[Any]] = []
        for row in rows:
            row["at"] = connection.ops.adapt_datetimefield_value(row["at"])
            batch.append([row[name] for name in names])
            if len(batch) == BATCH:
                cursor.executemany(statement, batch)
                batch = []
        cursor.executemany(statement, batch)
