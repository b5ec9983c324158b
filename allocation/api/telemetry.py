"""Stores what telemetry says: requests as usage, metrics as a cross-check."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import F

from allocation.api.models import MetricBatch, MetricDay
from allocation.api.otlp import Batch, sights_of
from allocation.api.otlp_body import TokenCount, read_logs, read_token_counts
from allocation.directives.models import StrategicDirective
from allocation.usage.ingest import store
from allocation.usage.observation import MOST_TOKENS, SKEW, Observation
from allocation.usage.stored import Stored
from allocation.usage.tables import among
from allocation.usage.terms import current_terms

# A client retries for minutes, never for days.
RETRIES_END = timedelta(days=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch. `notes` are sentences for whoever set the sender up."""

    rejected: int = 0
    notes: tuple[str, ...] = ()


def take_logs(body: bytes, is_json: bool, now: datetime) -> Accepted:
    """Count the requests among the log records of a body. Raises MalformedBody."""
    return store_requests(sights_of(read_logs(body, is_json=is_json), now=now), now=now)


def take_metrics(body: bytes, is_json: bool, now: datetime) -> Accepted:
    """Keep the token counts among the metrics of a body. Raises MalformedBody."""
    return store_counts(read_token_counts(body, is_json=is_json), body=body, now=now)


def store_requests(batch: Batch, *, now: datetime) -> Accepted:
    """Count the requests of a batch, all of them or none: one transaction.

    A request of an SD that does not exist is counted without one, and the notes say so. Where an
    SD is named without a phase, the phase is the one that the SD is in now.
    """
    notes = [f"{count} rejected: {why}." for why, count in sorted(batch.rejected.items())]
    if batch.ahead:
        notes.append(
            f"{batch.ahead} were more than a day ahead and are counted now: check the clock."
        )
    if batch.requests:
        requests, unknown = lay_to_sds(batch.requests, batch.sds)
        store(
            requests,
            terms=lambda: current_terms(now),
            names=sorted(batch.names, key=msgspec.structs.astuple),
        )
        notes += [f"There is no SD {code[:60]}: counted without one." for code in unknown]
    return Accepted(sum(batch.rejected.values()), tuple(notes))


def count_requests(requests: Sequence[Observation], *, now: datetime) -> Stored:
    """Count requests that were reported over the API."""
    return store(requests, terms=lambda: current_terms(now))


def lay_to_sds(
    requests: Sequence[Observation], codes: Sequence[str]
) -> tuple[list[Observation], list[str]]:
    """The requests with the SD of each code, and the codes that are unknown: one query.

    Without a phase of its own a request gets the one that its SD is in.
    """
    named = {code for code in codes if code}
    if not named:
        return list(requests), []
    rows = StrategicDirective.objects.filter(code__in=among(named)).values_list(
        "code", "pk", "phase"
    )
    known = {code: (pk, phase) for code, pk, phase in rows}
    laid = [
        msgspec.structs.replace(seen, sd_id=known[code][0], phase=seen.phase or known[code][1])
        if code in known
        else seen
        for seen, code in zip(requests, codes, strict=True)
    ]
    return laid, sorted(named - known.keys())


def store_counts(counts: Iterable[TokenCount], *, body: bytes, now: datetime) -> Accepted:
    """Add what metrics count to the daily sums; the same body within two days adds nothing.

    Running totals are refused: added up they would count everything again and again.
    """
    sums: dict[tuple[str, str, str], int] = {}
    totals = unusable = 0
    for count in counts:
        if not count.is_delta:
            totals += 1
            continue
        if not 0 <= count.tokens <= MOST_TOKENS:
            unusable += 1
            continue
        key = _metric_key(count, now)
        sums[key] = sums.get(key, 0) + round(count.tokens)
    if sums:
        _add(sums, hashlib.sha256(body).hexdigest(), now)
    notes = []
    if totals:
        notes.append(
            f"{totals} running totals rejected: set "
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta."
        )
    if unusable:
        notes.append(f"{unusable} rejected: no number of tokens.")
    return Accepted(totals + unusable, tuple(notes))


def _metric_key(count: TokenCount, now: datetime) -> tuple[str, str, str]:
    try:
        at = _EPOCH + timedelta(microseconds=count.at_ns // 1000) if count.at_ns else now
    except OverflowError:
        at = now
    day = min(at, now + SKEW).date().isoformat()
    model, kind = (
        str(count.attributes.get(name, "")).replace("\0", "") for name in ("model", "type")
    )
    return day, model[:100], kind[:20]


def _add(sums: dict[tuple[str, str, str], int], digest: str, now: datetime) -> None:
    with transaction.atomic():
        _, is_new = MetricBatch.objects.get_or_create(digest=digest, defaults={"at": now})
        if not is_new:
            return
        MetricBatch.objects.filter(at__lt=now - RETRIES_END).delete()
        # In one order, so that two batches cannot wait for each other's rows.
        for (day, model, kind), tokens in sorted(sums.items()):
            row, _ = MetricDay.objects.get_or_create(day=day, model=model, kind=kind)
            MetricDay.objects.filter(pk=row.pk).update(tokens=F("tokens") + tokens)
