"""What the list of SDs and the form of one SD print."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import QueryDict
from django.urls import reverse

from allocation.catalog.models import ComplexityLevel
from allocation.directives.models import Status, StrategicDirective
from allocation.display.format import percent
from allocation.display.paging import Slice, page_of
from allocation.policy.complexity import Level

# The order in which the list shows them: what runs, what waits, what is done.
STATUS_ORDER = [
    Status.IN_PROGRESS,
    Status.PAUSED,
    Status.PROPOSED,
    Status.DEFERRED,
    Status.COMPLETED,
    Status.ARCHIVED,
]


@dataclass(frozen=True, slots=True)
class Tab:
    """One status to filter by, in words, with how many SDs have it."""

    label: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """What an SD burned: fresh and raw tokens, the budget in the meter's unit, and dollars, None
    where nothing of it has a price."""

    fresh: int
    raw: int
    budget: str
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Spending:
    """What some SDs burned, by their ids; an SD that burned nothing has no entry. `in_dollars` is
    whether the budget is what they cost."""

    in_dollars: bool
    by_sd: Mapping[int, Spent]


# What SDs burned. Usage is above SDs in the order of imports, so it is passed in.
Spend = Callable[[Sequence[int]], Spending]


@dataclass(frozen=True, slots=True)
class SdRow:
    """One SD of the list. `share` is what of the estimate its fresh tokens are."""

    code: str
    title: str
    url: str
    status: str
    reason: str
    phase: str
    complexity: int
    priority: str
    critical: bool
    spent: Spent | None
    estimate: int | None
    share: str
    over: bool


@dataclass(frozen=True, slots=True)
class SdListPage:
    """The list of SDs, or of those that a filter leaves."""

    tabs: Sequence[Tab]
    status: str
    search: str
    in_dollars: bool
    rows: Sequence[SdRow]
    slice: Slice
    empty: str


@dataclass(frozen=True, slots=True)
class RubricRow:
    """One level of the complexity rubric in words."""

    level: int
    name: str
    lines: str
    dependencies: str
    tier: str


def sd_list(query: QueryDict, spend: Spend) -> SdListPage:
    """The list for `?status=&q=&page=`. Seven queries, however many SDs there are."""
    status = query.get("status", "")
    status = status if status in Status.values else ""
    search = query.get("q", "").replace("\x00", "").strip()
    found = StrategicDirective.objects.all()
    if search:
        found = found.filter(Q(code__icontains=search) | Q(title__icontains=search))
    counts = dict(found.order_by().values_list("status").annotate(Count("pk")))
    page = page_of(_in_order(_with_status(found, status)), query)
    spending = spend([row.pk for row in page.rows])
    return SdListPage(
        tabs=_tabs(counts, status, search),
        status=status,
        search=search,
        in_dollars=spending.in_dollars,
        rows=[_row(row, spending.by_sd.get(row.pk)) for row in page.rows],
        slice=page,
        empty=_empty(status, search),
    )


def rubric() -> tuple[Sequence[Level], Sequence[RubricRow]]:
    """The complexity rubric, for the rules and in words: one query."""
    rows = list(ComplexityLevel.objects.select_related("preferred"))
    words = []
    lines = dependencies = "0"
    for row in rows:
        words.append(
            RubricRow(
                level=row.level,
                name=row.name,
                lines=_up_to(row.max_lines, lines),
                dependencies=_up_to(row.max_dependencies, dependencies),
                tier=row.preferred.name,
            )
        )
        lines, dependencies = f"{row.max_lines or 0:,}", f"{row.max_dependencies or 0:,}"
    return [row.to_policy() for row in rows], words


def _up_to(bound: int | None, before: str) -> str:
    if bound is None:
        return f"above {before}"
    return f"up to {bound:,}" if bound else "none"


def _with_status(found: QuerySet[StrategicDirective], status: str) -> QuerySet[StrategicDirective]:
    return found.filter(status=status) if status else found.exclude(status=Status.ARCHIVED)


def _in_order(found: QuerySet[StrategicDirective]) -> QuerySet[StrategicDirective]:
    ranks = [When(status=status, then=Value(rank)) for rank, status in enumerate(STATUS_ORDER)]
    rank = Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
    return found.order_by(rank, "-priority", "-completed_at", "-created_at", "-id")


def _row(sd: StrategicDirective, spent: Spent | None) -> SdRow:
    burned = spent.fresh if spent else 0
    return SdRow(
        code=sd.code,
        title=sd.title,
        url=reverse("checkpoints:view-sd", args=[sd.code]),
        status=sd.get_status_display(),
        reason=sd.deferral_reason,
        phase=sd.phase,
        complexity=sd.complexity,
        priority=sd.get_priority_display(),
        critical=sd.critical,
        spent=spent,
        estimate=sd.estimate,
        share=_share(burned, sd.estimate),
        over=bool(sd.estimate) and burned > (sd.estimate or 0),
    )


def _share(burned: int, estimate: int | None) -> str:
    return percent(Fraction(burned, estimate)) if estimate else ""


def _tabs(counts: dict[str, int], current: str, search: str) -> list[Tab]:
    everything = sum(count for status, count in counts.items() if status != Status.ARCHIVED)
    choices = [("", "All", everything)]
    choices += [(s.value, s.label.capitalize(), counts.get(s.value, 0)) for s in STATUS_ORDER]
    tabs = []
    for value, label, count in choices:
        query = QueryDict(mutable=True)
        if value:
            query["status"] = value
        if search:
            query["q"] = search
        url = f"{reverse('directives:list-sds')}?{query.urlencode()}".removesuffix("?")
        tabs.append(Tab(label, count, url, value == current))
    return tabs


def _empty(status: str, search: str) -> str:
    what = f"No SD is {Status(status).label}" if status else "There is no SD"
    if search:
        return f"{what} with “{search}” in its name or title."
    return f"{what}." if status else "There is no SD yet."
