"""What SDs burned, on which tiers, and where the rules were overridden: for the weekly audit page
and for `budgetctl audit`."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from allocation.budgets.models import BudgetRule
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.decisions.counts import OVERRIDDEN
from allocation.decisions.models import Decision
from allocation.directives.models import Status, StrategicDirective
from allocation.display import format as fmt
from allocation.display.bands import judged
from allocation.forecasts.record import Record, forecast_record
from allocation.policy.kpis import KPI_BY_KEY, NO_DATA, Reading
from allocation.policy.meter import FRESH_TOKENS, Meter
from allocation.policy.weeks import Window
from allocation.reports.facts import SdWeekFacts
from allocation.usage.totals import burned_by

UNKNOWN = "unknown"
# Of overrides that differ in who, where or why; a snapshot has to stay readable.
MOST_SENTENCES = 500


@dataclass(frozen=True, slots=True)
class SdAudit:
    """What one SD burned, and how often the rules were overridden for it.

    `tokens` are fresh tokens, `by_tier` the same tokens by tier. `decisions` is the number of its
    decisions and `overridden` how many of them were overridden; `overrides` has a sentence for each
    different case. `reported` says whether any checkpoint was logged.
    """

    sd: StrategicDirective
    tokens: int
    by_tier: Mapping[str, int]
    rework_cycles: int
    reported: bool
    decisions: int
    overridden: int
    overrides: Sequence[str]

    @property
    def against_estimate(self) -> Fraction | None:
        """By which share of the estimate it is above (or below) it; None without an estimate."""
        return against(self.tokens, self.sd.estimate)

    def facts(self, *, completed: bool, total: int) -> SdWeekFacts:
        """What is written of it, as completed by then or not, among so many tokens of all."""
        sd = self.sd
        return SdWeekFacts(
            code=sd.code,
            title=sd.title,
            complexity=sd.complexity,
            status=Status.COMPLETED.label if completed else sd.get_status_display(),
            phase=sd.phase,
            completed=completed,
            tokens=self.tokens,
            by_tier=dict(self.by_tier),
            total=total,
            estimate=sd.estimate,
            rework_cycles=self.rework_cycles,
            decisions=self.decisions,
            overrides=list(self.overrides),
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, and how that is judged; `text` is the rate in percent, `target_of` says
    by whose target."""

    count: int
    of: int
    reading: Reading
    text: str
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


def against(tokens: int, estimate: int | None) -> Fraction | None:
    """By which share of an estimate some tokens are above it; None without an estimate."""
    return Fraction(tokens - estimate, estimate) if estimate else None


def last_sds(count: int, *, now: datetime) -> Audit:
    """The SDs that were started last. A constant number of queries."""
    rows = list(
        StrategicDirective.objects.filter(started_at__isnull=False).order_by(
            Coalesce("completed_at", "started_at").desc(), "-id"
        )[:count]
    )
    sds = audit_sds(rows, book=load_price_book())
    return Audit(
        sds=sds,
        meter=BudgetRule.objects.select_related("meter").get().meter.to_policy(),
        record=forecast_record(now),
        override_rate=override_rate(
            sum(each.overridden for each in sds), sum(each.decisions for each in sds)
        ),
        rework_rate=rework_rate(sds),
    )


def audit_sds(
    rows: Sequence[StrategicDirective], *, book: PriceBook, within: Window | None = None
) -> list[SdAudit]:
    """The SDs in the order given, within a window (None: ever). A constant number of queries."""
    ids = [row.pk for row in rows]
    tokens = fresh_by_tier(ids, book=book, within=within)
    span = _span(within)
    # The log of an SD is the sum of its checkpoints, which have to be asked for a part of them.
    logs: QuerySet[Any] = SdTokenLog.objects.all() if within is None else Checkpoint.objects.all()
    rework: dict[int, int] = dict(
        logs.filter(span, sd__in=ids)
        .order_by()
        .values_list("sd")
        .annotate(cycles=Sum("rework_cycles"))
    )
    decisions = Decision.objects.filter(span, sd__in=ids).order_by()
    asked: dict[int, int] = dict(decisions.values_list("sd").annotate(n=Count("id")))
    overridden, sentences = _overrides(ids, span)
    return [
        SdAudit(
            sd=row,
            tokens=tokens[row.pk].total(),
            by_tier=tokens[row.pk],
            rework_cycles=rework.get(row.pk, 0),
            reported=row.pk in rework,
            decisions=asked.get(row.pk, 0),
            overridden=overridden[row.pk],
            overrides=sentences[row.pk],
        )
        for row in rows
    ]


def fresh_by_tier(
    ids: Sequence[int], *, book: PriceBook, within: Window | None = None
) -> dict[int, Counter[str]]:
    """Fresh tokens (no cache reads, as in estimates) by SD and tier."""
    found: dict[int, Counter[str]] = {pk: Counter() for pk in ids}
    parts = burned_by(
        ("sd", "model", "tier"),
        within=within,
        where=Q(sd__in=ids),
        meter=FRESH_TOKENS,
        # Prices have no say here; without any, hours need not be kept apart where one changes.
        book=PriceBook({}),
    )
    for (pk, model, tier), part in parts.items():
        found[pk][book.tiers.get(model) or tier or UNKNOWN] += part.counts.fresh
    return found


def override_rate(overridden: int, decisions: int) -> Rate:
    """Decisions that were overridden, of all decisions."""
    return _rate(overridden, decisions, "override-rate")


def rework_rate(sds: Sequence[SdAudit]) -> Rate:
    """SDs with rework, of those that reported any checkpoint.

    The report has a target for each tier and none for all together: the one of the tier that
    burned most of these tokens judges.
    """
    counted = [each for each in sds if each.reported]
    by_tier: Counter[str] = Counter()
    for each in counted:
        by_tier.update(each.by_tier)
    again = sum(each.rework_cycles > 0 for each in counted)
    judged = [tier for tier, _ in by_tier.most_common() if f"rework-{tier}" in KPI_BY_KEY]
    return rework_rate_of(again, len(counted), judged[0] if judged else "")


def rework_rate_of(again: int, of: int, tier: str) -> Rate:
    """The rate as the target of a tier judges it; not judged where no tier has one."""
    if not tier:
        return Rate(again, of, NO_DATA, fmt.percent(Fraction(again, of)) if of else "–")
    return _rate(again, of, f"rework-{tier}", target_of=tier)


def _rate(count: int, of: int, key: str, target_of: str = "") -> Rate:
    percent = Decimal(100 * count) / of if of else None
    kpi = KPI_BY_KEY[key]
    return Rate(count, of, kpi.read(percent), judged(kpi, percent), target_of)


def _overrides(ids: Sequence[int], span: Q) -> tuple[Counter[int], dict[int, list[str]]]:
    """How many decisions of each SD were not as the rules advised, and each different case."""
    count: Counter[int] = Counter()
    sentences: dict[int, list[str]] = defaultdict(list)
    columns = ("sd", "sub_agent", "phase", "observed", "recommended__name", "outcome",
               "override_reason", "override__reason")  # fmt: skip
    found = Decision.objects.filter(span, OVERRIDDEN, sd__in=ids).order_by().values(*columns)
    for row in found.annotate(n=Count("id"), first=Min("at")).order_by("first", *columns):
        count[row["sd"]] += row["n"]
        if len(sentences[row["sd"]]) < MOST_SENTENCES:
            sentences[row["sd"]].append(_sentence(row))
    return count, {pk: list(dict.fromkeys(sentences[pk])) for pk in ids}


def _sentence(row: Mapping[str, str | None]) -> str:
    ran = row["observed"] or row["recommended__name"] or row["outcome"]
    why = row["override_reason"] or row["override__reason"] or ""
    return f"{row['sub_agent']} used {ran} in {row['phase']} ({why})"


def _span(within: Window | None) -> Q:
    return Q(at__gte=within.start, at__lt=within.end) if within else Q()
