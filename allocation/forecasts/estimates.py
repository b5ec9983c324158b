"""Estimates of SDs: kept when an SD starts, scored once it is completed, and their record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db import transaction

from allocation.directives.locks import locked_sds
from allocation.directives.models import Status, StrategicDirective
from allocation.forecasts.models import SdEstimate, SdEstimateScore
from allocation.policy.forecasting import absolute_percentage_error
from allocation.policy.preflight import TokenRange
from allocation.rights.roles import Role, acting_as
from allocation.usage.by_sd import fresh_by_sd

# Transcripts are read and telemetry comes in within minutes of the last request.
COUNTED_AFTER = timedelta(minutes=30)
LARGEST_ERROR = 99_999
MOST_SDS = 20


@dataclass(frozen=True, slots=True)
class EstimateRecord:
    """The last SDs that were scored, the newest first, and how often the range held of them all."""

    scores: Sequence[SdEstimateScore]
    inside: tuple[int, int]
    error: float | None


def store_estimate(
    *,
    sd: StrategicDirective,
    tokens: TokenRange,
    by_agent: Sequence[tuple[str, str, TokenRange]],
    now: datetime,
) -> bool:
    """Keep what an SD is expected to use, by sub-agent and phase too; whether it was the first."""
    row = SdEstimate(
        sd=sd,
        made_at=now,
        low=tokens.low,
        point=tokens.middle,
        high=tokens.high,
        evidence=tokens.evidence.value,
        cases=tokens.n,
        by_agent=[_as_json(name, phase, part) for name, phase, part in by_agent],
    )
    before = SdEstimate.objects.filter(sd=sd).exists()
    SdEstimate.objects.bulk_create([row], ignore_conflicts=True)
    return not before


def score_estimates(*, now: datetime) -> int:
    """Score the estimates whose SD is completed and counted; how many were. Mostly one query."""
    waiting = SdEstimate.objects.filter(
        sd__status=Status.COMPLETED,
        sd__completed_at__lte=now - COUNTED_AFTER,
        score__isnull=True,
    )
    sds = set(waiting.values_list("sd", flat=True))
    if not sds:
        return 0
    with transaction.atomic():
        # So that none is scored whose completion is withdrawn meanwhile.
        locked_sds(pk__in=sds)
        rows = list(waiting.filter(sd__in=sds))
        used = fresh_by_sd([row.sd_id for row in rows])
        scores = [_score(row, used.get(row.sd_id) or 0, now) for row in rows]
        return len(SdEstimateScore.objects.bulk_create(scores, ignore_conflicts=True))


@acting_as(Role.SYSTEM)  # who withdraws a completion may not write scores
def take_score_back(*, sd: StrategicDirective) -> None:
    """Let the score of an SD's estimate go, since the SD is completed no more."""
    SdEstimateScore.objects.filter(estimate__sd=sd).delete()


def estimate_record(before: datetime) -> EstimateRecord:
    """The record of SDs that were scored before a moment. Two queries."""
    rows = SdEstimateScore.objects.filter(scored_at__lte=before)
    hits = list(rows.order_by("-scored_at", "-id").values_list("inside", "error")[:200])
    errors = [float(error) for _, error in hits if error is not None]
    return EstimateRecord(
        scores=list(rows.select_related("estimate__sd").order_by("-scored_at", "-id")[:MOST_SDS]),
        inside=(sum(inside for inside, _ in hits), len(hits)),
        error=median(errors) if errors else None,
    )


def estimate_of(sd: StrategicDirective) -> SdEstimate | None:
    """What was expected of an SD when it started, with its score if it has one. One query."""
    return SdEstimate.objects.filter(sd=sd).select_related("score").first()


def _score(row: SdEstimate, actual: int, now: datetime) -> SdEstimateScore:
    error = absolute_percentage_error(row.point, actual)
    return SdEstimateScore(
        estimate=row,
        actual=actual,
        error=None
        if error is None
        else Decimal(min(error, LARGEST_ERROR)).quantize(Decimal("0.000001")),
        inside=row.low <= actual <= row.high,
        scored_at=now,
    )


def _as_json(name: str, phase: str, part: TokenRange) -> dict[str, Any]:
    return {
        "sub_agent": name,
        "phase": phase,
        "low": part.low,
        "point": part.middle,
        "high": part.high,
        "evidence": part.evidence.value,
        "n": part.n,
    }
