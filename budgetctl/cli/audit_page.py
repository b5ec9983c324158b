"""What `audit` says, read here and printed by audit_text. Needs `open_database` before it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from allocation.budgets.models import BudgetRule
from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.models import SdTokenLog
from allocation.decisions.models import Decision
from allocation.directives.models import StrategicDirective
from allocation.forecasts.record import Record, forecast_record
from allocation.policy.kpis import KPI_BY_KEY, NO_DATA, Reading
from allocation.policy.meter import Meter
from allocation.usage.totals import burned_by

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SdAudit:
    """One SD. `tokens` are fresh ones, `by_tier` the same by tier; `overrides` are sentences."""

    sd: StrategicDirective
    tokens: int
    by_tier: Mapping[str, int]
    rework_cycles: int
    decisions: int
    overrides: Sequence[str]

    @property
    def against_estimate(self) -> Fraction | None:
        """By which share of the estimate it is above (or below) it; None without an estimate."""
        estimate = self.sd.estimate
        return Fraction(self.tokens - estimate, estimate) if estimate else None


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, and how that is judged; `target_of` says by whose target."""

    count: int
    of: int
    reading: Reading
    target_of: str = ""

    @property
    def share(self) -> Fraction | None:
        """The rate; None while there is nothing to count."""
        return Fraction(self.count, self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Audit:
    """The last SDs, the latest first, and the rates over them."""

    sds: Sequence[SdAudit]
    meter: Meter
    record: Record
    override_rate: Rate
    rework_rate: Rate


def audit(count: int, *, now: datetime) -> Audit:
    """The SDs that were started last. A constant number of queries."""
    meter = BudgetRule.objects.select_related("meter").get().meter.to_policy()
    rows = list(
        StrategicDirective.objects.filter(started_at__isnull=False).order_by(
            Coalesce("completed_at", "started_at").desc(), "-id"
        )[:count]
    )
    ids = [row.pk for row in rows]
    tokens = _tokens_by_tier(ids, meter)
    rework = dict(
        SdTokenLog.objects.filter(sd__in=ids)
        .order_by()
        .values_list("sd")
        .annotate(cycles=Sum("rework_cycles"))
    )
    asked, overridden = _decisions(ids)
    sds = [
        SdAudit(
            sd=row,
            tokens=tokens[row.pk].total(),
            by_tier=tokens[row.pk],
            rework_cycles=rework.get(row.pk, 0),
            decisions=asked[row.pk],
            overrides=overridden[row.pk],
        )
        for row in rows
    ]
    return Audit(
        sds=sds,
        meter=meter,
        record=forecast_record(now),
        override_rate=_override_rate(sds),
        rework_rate=_rework_rate(sds, reported=set(rework)),
    )


def _tokens_by_tier(ids: Sequence[int], meter: Meter) -> dict[int, Counter[str]]:
    """Fresh tokens (no cache reads, as in estimates) by SD and tier."""
    book = load_price_book()
    found: dict[int, Counter[str]] = {pk: Counter() for pk in ids}
    parts = burned_by(("sd", "model", "tier"), where=Q(sd__in=ids), meter=meter, book=book)
    for (pk, model, tier), part in parts.items():
        fresh = part.counts.raw - part.counts.cache_read
        found[pk][book.tiers.get(model) or tier or UNKNOWN] += fresh
    return found


def _decisions(ids: Sequence[int]) -> tuple[Counter[int], dict[int, list[str]]]:
    """How many decisions each SD has, and each of them that was not as the rules advised."""
    asked = Counter(Decision.objects.filter(sd__in=ids).values_list("sd", flat=True))
    overridden: dict[int, list[str]] = {pk: [] for pk in ids}
    rows = Decision.objects.filter(sd__in=ids).filter(
        Q(override__isnull=False) | ~Q(override_reason="")
    )
    for row in rows.select_related("override", "recommended").order_by("at", "id"):
        tier = row.observed or (row.recommended.name if row.recommended else row.outcome)
        why = row.override_reason or (row.override.reason if row.override else "")
        overridden[row.sd_id or 0].append(f"{row.sub_agent} used {tier} in {row.phase} ({why})")
    return asked, overridden


def _override_rate(sds: Sequence[SdAudit]) -> Rate:
    """Decisions that were overridden, of all decisions for these SDs."""
    overridden = sum(len(each.overrides) for each in sds)
    return _rate(overridden, sum(each.decisions for each in sds), "override-rate")


def _rework_rate(sds: Sequence[SdAudit], *, reported: set[int]) -> Rate:
    """SDs with rework, of those that reported any checkpoint.

    The report has a target for each tier and none for all together: the one of the tier that
    burned most of these tokens judges.
    """
    counted = [each for each in sds if each.sd.pk in reported]
    by_tier: Counter[str] = Counter()
    for each in counted:
        by_tier.update(each.by_tier)
    judged = [tier for tier, _ in by_tier.most_common() if f"rework-{tier}" in KPI_BY_KEY]
    if not judged:
        return Rate(sum(each.rework_cycles > 0 for each in counted), len(counted), NO_DATA)
    again = sum(each.rework_cycles > 0 for each in counted)
    return _rate(again, len(counted), f"rework-{judged[0]}", target_of=judged[0])


def _rate(count: int, of: int, key: str, target_of: str = "") -> Rate:
    percent = Decimal(100 * count) / of if of else None
    return Rate(count, of, KPI_BY_KEY[key].read(percent), target_of)
