"""What the KPIs are computed from: a constant number of queries, parted by budget week."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, Sum

from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.catalog.models import ClaudeModel
from allocation.decisions.counts import alike
from allocation.decisions.models import Result
from allocation.directives.models import StrategicDirective
from allocation.forecasts.record import Record, forecast_record, spoken
from allocation.policy.meter import Meter
from allocation.policy.model_truth import Truth
from allocation.policy.quality import EventKind
from allocation.reports.models import QualityEvent
from allocation.usage.totals import RESOLUTION, index_among

# Eight weeks that are over, to compare four with four, and the running one.
MOST_WEEKS = 9
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The decisions of a week. Runs are counted by tier, where somebody saw the model: `ran` all,
    `ended` those with a result, `rework` those that had to be done again. `told` are those of which
    it is known whether they ran as decided, `silent` the mismatches among them."""

    asked: int = 0
    overridden: int = 0
    told: int = 0
    silent: int = 0
    ran: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    rework: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Outcomes") -> "Outcomes":
        return Outcomes(
            self.asked + other.asked,
            self.overridden + other.overridden,
            self.told + other.told,
            self.silent + other.silent,
            self.ran + other.ran,
            self.ended + other.ended,
            self.rework + other.rework,
        )


@dataclass(frozen=True, slots=True)
class Events:
    """The quality events of one kind in a week, and what they counted."""

    n: int = 0
    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Events") -> "Events":
        return Events(self.n + other.n, self.passed + other.passed, self.failed + other.failed)


@dataclass(frozen=True, slots=True)
class Done:
    """A completed SD: hours from start to completion (None if its start is unknown), rework."""

    hours: Decimal | None
    rework_cycles: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything by week, the oldest week first. `scores` are errors and hits by measure."""

    now: datetime
    meter: Meter
    weeks: Sequence[BudgetWeek]
    outcomes: Sequence[Outcomes]
    done: Sequence[Sequence[Done]]
    events: Mapping[EventKind, Sequence[Events]]
    scores: Sequence[Mapping[str, Sequence[float]]]
    record: Record

    def recent_outcomes(self, weeks: int) -> Outcomes:
        """The decisions of the last weeks together."""
        return sum(self.outcomes[-weeks:], Outcomes())

    def recent_events(self, kind: EventKind, weeks: int) -> Events:
        """The events of a kind in the last weeks together."""
        return sum(self.events[kind][-weeks:], Events())


def kpi_rows(now: datetime) -> Rows:
    """Read what the KPIs need at `now`. Twelve queries."""
    found = BudgetWeek.objects.filter(start__lte=now).order_by("-start")[:MOST_WEEKS]
    weeks = sorted(found, key=lambda week: week.start)
    rule = BudgetRule.objects.select_related("meter").get()
    return Rows(
        now=now,
        meter=rule.meter.to_policy(),
        weeks=weeks,
        outcomes=_outcomes(weeks, now),
        done=_done(weeks, now),
        events=_events(weeks, now),
        scores=_scores(weeks),
        record=forecast_record(now),
    )


def _outcomes(weeks: Sequence[BudgetWeek], now: datetime) -> list[Outcomes]:
    tiers = dict(ClaudeModel.objects.values_list("model_id", "tier__name"))
    by_week = [Outcomes() for _ in weeks]
    if not weeks:
        return by_week
    since, until = weeks[0].start, now + RESOLUTION
    for row in alike(("observed", "result", "mismatch"), since=since, until=until, by_week=True):
        tier = tiers.get(row["observed"], row["observed"])
        runs = Counter({tier: row["n"]} if tier else {})
        by_week[_index_of(row["first"], weeks)] += Outcomes(
            asked=row["n"],
            overridden=row["n"] if row["overridden"] else 0,
            told=row["n"] if row["mismatch"] != Truth.UNKNOWN else 0,
            silent=row["n"] if row["mismatch"] == Truth.SILENT_MISMATCH else 0,
            ran=runs,
            ended=runs if row["result"] else Counter(),
            rework=runs if row["result"] == Result.REWORK else Counter(),
        )
    return by_week


def _done(weeks: Sequence[BudgetWeek], now: datetime) -> list[list[Done]]:
    by_week: list[list[Done]] = [[] for _ in weeks]
    if not weeks:
        return by_week
    rows = StrategicDirective.objects.filter(
        completed_at__gte=weeks[0].start, completed_at__lte=now
    ).annotate(cycles=Sum("token_logs__rework_cycles"))
    for sd in rows:
        if sd.completed_at is None:
            continue
        hours = None
        if sd.started_at is not None:
            taken = Fraction((sd.completed_at - sd.started_at) / HOUR)
            hours = Decimal(round(taken * 100)) / 100
        by_week[_index_of(sd.completed_at, weeks)].append(Done(hours, sd.cycles or 0))
    return by_week


def _events(weeks: Sequence[BudgetWeek], now: datetime) -> dict[EventKind, list[Events]]:
    by_kind = {kind: [Events() for _ in weeks] for kind in EventKind}
    if not weeks:
        return by_kind
    events = QualityEvent.objects.filter(at__gte=weeks[0].start, at__lte=now).order_by()
    starts = [week.start for week in weeks]
    rows = events.annotate(week=index_among(starts, "at")).values("week", "kind")
    for row in rows.annotate(n=Count("id"), passes=Sum("passed"), fails=Sum("failed")):
        counts = Events(row["n"], row["passes"], row["fails"])
        by_kind[EventKind(row["kind"])][row["week"]] += counts
    return by_kind


def _scores(weeks: Sequence[BudgetWeek]) -> list[dict[str, list[float]]]:
    """Errors and hits of the forecasts that spoke, as shares and hours."""
    index = {week.pk: place for place, week in enumerate(weeks)}
    by_week: list[dict[str, list[float]]] = [
        {"error": [], "exhaustion": [], "zone": []} for _ in weeks
    ]
    for score in spoken().filter(forecast__week__in=weeks).select_related("forecast"):
        found = by_week[index[score.forecast.week_id]]
        if score.error is not None:
            found["error"].append(float(score.error))
        if score.ran_on:
            found["exhaustion"].append(float(score.exhaustion_hours))
        found["zone"].append(float(score.zone_hit))
    return by_week


def _index_of(at: datetime, weeks: Sequence[BudgetWeek]) -> int:
    return max(place for place, week in enumerate(weeks) if week.start <= at)
