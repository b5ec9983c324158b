"""The quality guard: which sub-agents do worse since they were moved down a tier (risks R2, R8)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Value

from allocation.catalog.models import ClaudeModel, Tier
from allocation.decisions.counts import alike, week_start
from allocation.decisions.models import Result
from allocation.floors.operations import floor_table
from allocation.policy import tiers
from allocation.policy.floors import floor_for
from allocation.policy.quality import ENOUGH, Alarm, TierResults, quality_alarms
from allocation.reports.models import QualityEvent
from allocation.usage.totals import RESOLUTION

# Results older than this speak of other models, prompts and code.
LOOK_BACK = timedelta(weeks=8)

Place = tuple[str, str]  # sub-agent, phase
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlacedAlarm:
    """An alarm, and whose it is."""

    sub_agent: str
    phase: str
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Guard:
    """What the guard found: the alarms, how many tiers of sub-agents it could judge, and how many
    have too few results."""

    alarms: Sequence[PlacedAlarm]
    judged: int
    too_few: int


def quality_guard(now: datetime) -> Guard:
    """Judge the results of the last weeks. Ten queries, however many there are."""
    by_name = {row.name: row.to_policy() for row in Tier.objects.all()}
    results = _results(now, by_name)
    floors = floor_table()
    alarms = []
    for (sub_agent, phase), found in sorted(results.items()):
        floor = floor_for(floors, sub_agent, phase)
        alarms += [
            PlacedAlarm(sub_agent, phase, alarm)
            for alarm in quality_alarms(
                found, least=floor.relaxed or floor.tier, tiers=list(by_name.values())
            )
        ]
    counts = [each.n for found in results.values() for each in found]
    judged = sum(n >= ENOUGH for n in counts)
    return Guard(alarms=alarms, judged=judged, too_few=len(counts) - judged)


def _results(now: datetime, by_name: Mapping[str, tiers.Tier]) -> dict[Place, list[TierResults]]:
    """By sub-agent and phase, the results on each tier."""
    models = dict(ClaudeModel.objects.values_list("model_id", "tier__name"))
    found: dict[tuple[str, str, str], TierResults] = {}
    since = week_start(now - LOOK_BACK)
    for row in [*_runs(since, now), *_reviews(since, now)]:
        tier = models.get(row["ran"], row["ran"])
        if tier not in by_name or not row["phase"]:
            continue
        key = (row["of"], row["phase"], tier)
        new = TierResults(
            by_name[tier], row["passed"], row["failed"], row["rework"], row["first"], row["last"]
        )
        found[key] = _sum(found[key], new) if key in found else new
    placed: dict[Place, list[TierResults]] = defaultdict(list)
    for (sub_agent, phase, _), results in found.items():
        placed[sub_agent, phase].append(results)
    return placed


def _runs(since: datetime, now: datetime) -> Iterable[Row]:
    """Runs that ended and of which somebody saw the model."""
    known = ~Q(observed="") & ~Q(result="")
    by = ("sub_agent", "phase", "observed", "result")
    for row in alike(by, since=since, until=now + RESOLUTION, only=known):
        ended = {result.value: row["n"] * (row["result"] == result) for result in Result}
        yield {**row, **ended, "of": row["sub_agent"], "ran": row["observed"]}


def _reviews(since: datetime, now: datetime) -> Iterable[Row]:
    """Quality events that say whose work it was: each is one result, passed if nothing failed."""
    known = QualityEvent.objects.filter(
        at__gte=since, at__lte=now, sub_agent__isnull=False, tier__isnull=False
    )
    return (
        known.order_by()
        .values("phase", of=F("sub_agent__code"), ran=F("tier__name"))
        .annotate(
            passed=Count("id", filter=Q(failed=0)),
            failed=Count("id", filter=Q(failed__gt=0)),
            rework=Value(0),
            first=Min("at"),
            last=Max("at"),
        )
    )


def _sum(one: TierResults, other: TierResults) -> TierResults:
    return replace(
        one,
        passed=one.passed + other.passed,
        failed=one.failed + other.failed,
        rework=one.rework + other.rework,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
    )
