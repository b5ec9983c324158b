"""What a checkpoint adds to usage and to its SD's token log.

Tokens are *captured* where transcripts, telemetry or the API reported them, and *counted by hand*
where only a checkpoint says them. Of a checkpoint's tokens only those are counted by hand that were
not captured for the same SD and phase since the checkpoint before.

All of this runs within the transactions of operations.py.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from allocation.catalog.models import Tier
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.directives.models import StrategicDirective
from allocation.policy.mix import split
from allocation.policy.phases import Phase
from allocation.usage.models import Source, UsageHour, UsageRecord
from allocation.usage.operations import HandCount, count_by_hand
from allocation.usage.tables import among
from allocation.usage.totals import FRESH


def count_tokens(*counted: tuple[Checkpoint, int]) -> None:
    """Count by hand what was not captured of the tokens of checkpoints: (checkpoint, captured)."""
    count_by_hand([_by_hand(checkpoint, captured) for checkpoint, captured in counted])


def _by_hand(checkpoint: Checkpoint, captured: int) -> HandCount:
    tokens = max(0, (checkpoint.tokens or 0) - captured)
    return HandCount(
        key=_key(checkpoint),
        tokens_by_tier=split(tokens, checkpoint.mix) if tokens else {},
        at=checkpoint.at,
        sd=checkpoint.sd,
        phase=checkpoint.phase,
    )


def hand_counted(checkpoint: Checkpoint) -> int:
    """How many of a checkpoint's tokens are counted by hand."""
    return hand_counted_of([checkpoint])[checkpoint.pk]


def hand_counted_of(checkpoints: Sequence[Checkpoint]) -> Counter[int]:
    """How many tokens of each checkpoint, by its id, are counted by hand. Two queries."""
    # By their whole names, which an index knows; by how they begin all records would be read.
    tiers = ["", *Tier.objects.values_list("name", flat=True)]
    names = {f"{_key(row)}:{tier}": row.pk for row in checkpoints for tier in tiers}
    found = UsageRecord.objects.filter(message_id__in=among(names)).order_by()
    counted: Counter[int] = Counter()
    for name, tokens in found.values_list("message_id", "unsplit"):
        counted[names[name or ""]] += tokens
    return counted


def captured_for(checkpoint: Checkpoint) -> int:
    """How many tokens were captured for the phase that a checkpoint reports.

    If some of its tokens are counted by hand, all others were captured. If none is, at least as
    many were captured as it reports, and the records are summed to know how many.
    """
    counted = hand_counted(checkpoint)
    if counted:
        return (checkpoint.tokens or 0) - counted
    phase = Phase(checkpoint.phase)
    return captured_since_last(sd=checkpoint.sd, phase=phase, until=checkpoint.at)


def captured_since_last(*, sd: StrategicDirective, phase: Phase, until: datetime) -> int:
    """Fresh tokens of an SD's phase that were captured after its last checkpoint of that phase."""
    records = uncounted_records(sd=sd, phase=phase, until=until)
    found: int | None = records.aggregate(sum=Sum(FRESH))["sum"]
    return found or 0


def uncounted_records(
    *, sd: StrategicDirective, phase: Phase, until: datetime
) -> QuerySet[UsageRecord]:
    """The captured records of an SD's phase that none of its checkpoints has reported yet."""
    last = (
        Checkpoint.objects.filter(sd=sd, phase=phase.value, at__lt=until)
        .order_by("-at")
        .values_list("at", flat=True)
        .first()
    )
    records = UsageRecord.objects.filter(sd=sd, phase=phase.value, at__lte=until)
    if last is not None:
        records = records.filter(at__gt=last)
    return records.exclude(source=Source.MANUAL)


def twice_counted(since: datetime) -> QuerySet[Checkpoint]:
    """The checkpoints since a moment of which some tokens may be counted by hand and captured too:
    those of phases that have both. Two queries of the roll-ups, and one for the checkpoints."""
    hours = UsageHour.objects.filter(hour__gte=since, sd__isnull=False).order_by()
    by_hand = set(hours.filter(source=Source.MANUAL).values_list("sd", "phase").distinct())
    if not by_hand:
        return Checkpoint.objects.none()
    captured = hours.filter(sd__in={sd for sd, _ in by_hand}).exclude(source=Source.MANUAL)
    both = by_hand.intersection(captured.values_list("sd", "phase").distinct())
    wanted = Q(pk__in=[])
    for sd, phase in sorted(both):
        wanted |= Q(sd=sd, phase=phase)
    return Checkpoint.objects.filter(wanted, at__gte=since, tokens__gt=0).select_related("sd")


def update_token_log(checkpoint: Checkpoint) -> None:
    """The row of the checkpoint's SD and phase, summed again from all its checkpoints; without any
    there is no row."""
    rows = list(Checkpoint.objects.filter(sd=checkpoint.sd, phase=checkpoint.phase))
    if not rows:
        SdTokenLog.objects.filter(sd=checkpoint.sd, phase=checkpoint.phase).delete()
        return
    by_tier: Counter[str] = Counter()
    for row in rows:
        by_tier.update(split(row.tokens or 0, row.mix))
    lines = [row.lines_modified for row in rows if row.lines_modified is not None]
    values: dict[str, Any] = {
        "complexity": checkpoint.sd.complexity,
        "tokens_burned": sum(row.tokens or 0 for row in rows),
        "rework_cycles": sum(row.rework_cycles for row in rows),
        # Tokens by tier and not shares: shares of several checkpoints do not add up.
        "model_distribution": {tier: count for tier, count in by_tier.items() if tier and count},
        "lines_modified": sum(lines) if lines else None,
        "updated_at": max(row.at for row in rows),
    }
    SdTokenLog.objects.update_or_create(sd=checkpoint.sd, phase=checkpoint.phase, defaults=values)


def _key(checkpoint: Checkpoint) -> str:
    return f"checkpoint:{checkpoint.pk}"
