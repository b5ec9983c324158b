"""The quality guard: which sub-agents do worse since they were moved down a tier (risks R2, R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min, Q, Value

from allocation.floors.operations import floor_table
from allocation.optimizer.results import Row, by_place, look_back, run_results, tiers_by_name
from allocation.policy.floors import floor_for
from allocation.policy.quality import ENOUGH, Alarm, quality_alarms
from allocation.reports.models import QualityEvent


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
    tier_of = tiers_by_name()
    results = by_place([*run_results(now), *review_results(now)], tier_of)
    floors = floor_table()
    alarms = []
    for (sub_agent, phase), found in sorted(results.items()):
        floor = floor_for(floors, sub_agent, phase)
        least = floor.relaxed or floor.tier
        alarms += [
            PlacedAlarm(sub_agent, phase, alarm)
            for alarm in quality_alarms(found, least=least, tiers=list(tier_of.values()))
        ]
    counts = [each.n for found in results.values() for each in found]
    judged = sum(n >= ENOUGH for n in counts)
    return Guard(alarms=alarms, judged=judged, too_few=len(counts) - judged)


def review_results(now: datetime) -> list[Row]:
    """Quality events that say whose work it was: each is one result, passed if nothing failed."""
    known = QualityEvent.objects.filter(
        at__gte=look_back(now), at__lte=now, sub_agent__isnull=False, tier__isnull=False
    )
    return list(
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
