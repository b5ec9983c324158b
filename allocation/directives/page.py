"""What the list of SDs and the form of one SD print."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.http import QueryDict
from django.urls import reverse

from allocation.catalog.models import ComplexityLevel
from allocation.directives.models import Status, StrategicDirective
from allocation.display.format import percent
from allocation.display.paging import Slice, page_of
from allocation.policy.complexity import Level
from allocation.policy.meter import FRESH_KINDS

# The order in which the list shows them: what runs, what waits, what is done.
STATUS_ORDER = [
    Status.IN_PROGRESS,
    Status.PAUSED,
    Status.PROPOSED,
    Status.DEFERRED,
    Status.COMPLETED,
    Status.ARCHIVED,
]
_FRESH = reduce(add, [F(f"usage_hours__{kind}") for kind in FRESH_KINDS])


@dataclass(frozen=True, slots=True)
class Tab:
    """One status to filter by, in words, with how many SDs have it."""

    label: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class SdRow:
    """One SD of the list. `burned` are fresh tokens, `share` what of the estimate they are."""

    code: str
    title: str
    url: str
    status: str
    reason: str
    phase: str
    complexity: int
    priority: str
    critical: bool
    burned: int
    estimate: int | None
    share: str
    over: bool


@dataclass(frozen=True, slots=True)
class SdListPage:
    """The list of SDs, or of those that a filter leaves."""

    tabs: Sequence[Tab]
    status: str
    search: str
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


def sd_list(query: QueryDict) -> SdListPage:
    """The list for `?status=&q=&page=`. Four queries, however many SDs there are."""
    status = query.get("status", "")
    status = status if status in Status.values else ""
    search = query.get("q", "").replace("\x00", "").strip()
    found = StrategicDirective.objects.all()
    if search:
        found = found.filter(Q(code__icontains=search) | Q(title__icontains=search))
    counts = dict(found.order_by().values_list("status").annotate(Count("pk")))
    page = page_of(_in_order(_with_status(found, status)), query)
    burned = burned_by_sd([row.pk for row in page.rows])
    return SdListPage(
        tabs=_tabs(counts, status, search),
        status=status,
        search=search,
        rows=[_row(row, burned.get(row.pk) or 0) for row in page.rows],
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


def burned_by_sd(ids: Sequence[int]) -> dict[int, int | None]:
    """Fresh tokens by SD: those that were captured and those that were logged by hand."""
    return dict(
        StrategicDirective.objects.filter(pk__in=ids)
        .order_by()
        .annotate(burned=Sum(_FRESH))
        .values_list("pk", "burned")
    )


def _row(sd: StrategicDirective, burned: int) -> SdRow:
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
        burned=burned,
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
