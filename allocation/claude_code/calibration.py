"""The plan's readings beside the usage between them, and what they say of the plan's limit."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from django.db.models import Sum

from allocation.catalog.pricing import PriceBook
from allocation.claude_code.models import PlanReading
from allocation.policy.calibration import Calibration, SpanUse, calibrate
from allocation.policy.meter import KINDS, SONNET_EQUIVALENT, Meter, model_weight
from allocation.policy.plan_spans import Span, plan_spans
from allocation.policy.plan_windows import PlanWindowKind, Reading
from allocation.policy.weeks import hour_of
from allocation.usage.models import UsageHour, UsageRecord
from allocation.usage.totals import revision

# Plans change; what was true longer ago than this is no longer looked at.
LOOK_BACK = timedelta(weeks=8)
MOST_READINGS = 5_000
# Intervals come from random draws; the same readings must give the same ones.
SEED = 20_261_116

# The moment, the model, the tier, and the sums by kind.
Part = tuple[datetime, str, str, Sequence[int]]


def calibration_at(now: datetime, *, meter: Meter, book: PriceBook) -> Calibration:
    """What the readings of the last weeks say at `now`. At most four queries.

    It takes a second of work, so it is remembered while neither readings nor usage have changed.
    """
    newest = PlanReading.objects.filter(at__lte=now).order_by("-id").values_list("id", flat=True)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - LOOK_BACK
    return _remembered(revision(), newest.first(), since, now.date().isoformat(), meter, book)


@lru_cache(maxsize=4)
def _remembered(
    _mark: str, newest: int | None, since: datetime, _day: str, meter: Meter, book: PriceBook
) -> Calibration:
    rows = PlanReading.objects.filter(
        window=PlanWindowKind.SEVEN_DAY.value, at__gte=since, id__lte=newest or 0
    ).order_by("-at", "-id")[:MOST_READINGS]
    spans = plan_spans(Reading(row.at, row.used_percent, row.resets_at) for row in rows)
    return calibrate(
        spans_with_use(spans, book),
        ratios=_ratios(book, since + LOOK_BACK),
        # A meter in dollars has no weights; the default one's hold then.
        cache_weight=Decimal(0) if meter.in_dollars else meter.cache_read,
        seed=SEED,
    )


def spans_with_use(spans: Sequence[Span], book: PriceBook) -> list[SpanUse]:
    """The spans, oldest first and apart from one another, with the tokens used in each.

    Two queries, none without spans. Whole hours come from the roll-ups; of the hours in which a
    span begins or ends the records are asked.
    """
    if not spans:
        return []
    starts = [span.start.at for span in spans]
    fresh: list[dict[str, int]] = [{} for _ in spans]
    reads: list[dict[str, int]] = [{} for _ in spans]
    unknown = [0] * len(spans)
    for at, model, tier, (input_, output, write_5m, write_1h, read, unsplit) in _parts(spans):
        index = bisect_right(starts, at) - 1
        if index < 0 or at >= spans[index].end.at:
            continue
        split = input_ + output + write_5m + write_1h
        name = tier or book.tiers.get(model, "")
        unknown[index] += unsplit
        if not name:
            unknown[index] += split
            continue
        fresh[index][name] = fresh[index].get(name, 0) + split
        reads[index][name] = reads[index].get(name, 0) + read
    return [SpanUse(*row) for row in zip(spans, fresh, reads, unknown, strict=True)]


def _parts(spans: Sequence[Span]) -> Iterator[Part]:
    ends = {hour_of(at) for span in spans for at in (span.start.at, span.end.at)}
    whole = UsageHour.objects.filter(hour__gte=min(ends), hour__lt=max(ends)).exclude(hour__in=ends)
    sums = {f"of_{kind}": Sum(kind) for kind in KINDS}
    for row in (
        whole.order_by()
        .values("hour", "model", "tier")
        .annotate(**sums)
        .values_list("hour", "model", "tier", *sums)
    ):
        yield row[0], row[1], row[2], row[3:]
    records = UsageRecord.objects.filter(hour__in=ends).order_by()
    for row in records.values_list("at", "model", "tier", *KINDS).iterator():
        yield row[0], row[1], row[2], row[3:]


def _ratios(book: PriceBook, at: datetime) -> dict[str, Fraction]:
    """What the tiers' list prices are relative to the reference price."""
    found = {}
    for tier, model in book.weighed_as.items():
        price = book.list_price(model, at.date())
        if price is not None:
            found[tier] = model_weight(SONNET_EQUIVALENT, price)
    return found
