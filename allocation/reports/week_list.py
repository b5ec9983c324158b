"""What the list of audit pages prints: every budget week, the running one first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery
from django.http import QueryDict

from allocation.budgets.models import BudgetWeek
from allocation.directives.models import StrategicDirective
from allocation.display import format as fmt
from allocation.display.paging import Slice, page_of
from allocation.policy.zones import effective_limit
from allocation.reports.facts import from_json
from allocation.reports.labels import open_labels
from allocation.reports.last_sds import LastSds, last_sds_page
from allocation.reports.models import WeekLesson
from allocation.usage.standing import Standing, standing_at


@dataclass(frozen=True, slots=True)
class WeekRow:
    """One budget week of the list; texts are a dash where nothing is known yet, `raw` and `usd`
    empty."""

    label: str
    start: datetime
    end: datetime
    state: str
    zone: str
    used: str
    raw: str
    usd: str
    limit: str
    share: str
    percent: float
    exhausted: bool
    sds: str
    lesson: str


@dataclass(frozen=True, slots=True)
class WeekListPage:
    """The list, or a page of it, and the last SDs."""

    rows: Sequence[WeekRow]
    slice: Slice
    last: LastSds


def week_list(query: QueryDict, *, now: datetime, zone: ZoneInfo) -> WeekListPage:
    """The weeks that `?page=` asks for. A constant number of queries."""
    lesson = WeekLesson.objects.filter(week=OuterRef("pk")).order_by("-at", "-id").values("text")
    weeks = (
        BudgetWeek.objects.select_related("snapshot")
        .annotate(lesson=Subquery(lesson[:1]))
        .order_by("-start")
    )
    page = page_of(weeks, query, size=13)
    names, standing = open_labels(zone), standing_at(now)
    done = StrategicDirective.objects.filter(
        completed_at__gte=standing.window.start, completed_at__lte=now
    ).count()
    rows = [_row(week, names, standing, now, done) for week in page.rows]
    return WeekListPage(rows, page, last_sds_page(now))


def _row(
    week: BudgetWeek, names: Mapping[int, str], standing: Standing, now: datetime, done_so_far: int
) -> WeekRow:
    lesson = getattr(week, "lesson", None) or ""
    if week.pk not in names:
        facts = from_json(week.snapshot.facts)
        done = sum(sd.completed for sd in facts.sds)
        return WeekRow(
            label=week.snapshot.label,
            start=facts.start,
            end=facts.end,
            state="closed",
            zone=facts.zone,
            used=fmt.amount(facts.used, in_dollars=facts.in_dollars),
            raw=fmt.tokens(facts.raw),
            usd=_dollars(facts.usd, facts.records),
            limit=fmt.amount(facts.effective_limit, in_dollars=facts.in_dollars),
            share=fmt.reached(Fraction(facts.share) / 100),
            percent=float(min(facts.share, Decimal(100))),
            exhausted=facts.exhausted,
            sds=f"{done} of {len(facts.sds)}",
            lesson=lesson,
        )
    running = week.end > now
    in_dollars = standing.meter.in_dollars
    limit = effective_limit(week.limit, week.reserve_percent)
    burned = standing.burned
    return WeekRow(
        label=names[week.pk],
        start=week.start,
        end=week.end,
        state="running" if running else "over, not closed yet",
        zone=standing.zone.value if running else "",
        used=fmt.amount(standing.used, in_dollars=in_dollars) if running else "–",
        raw=fmt.tokens(burned.counts.raw) if running else "",
        usd=_dollars(burned.usd, burned.records) if running else "",
        limit=fmt.amount(limit, in_dollars=in_dollars),
        share=fmt.reached(standing.share) if running else "–",
        percent=float(min(standing.share * 100, Fraction(100))) if running else 0,
        exhausted=running and standing.exhausted,
        sds=f"{done_so_far:,} so far" if running else "–",
        lesson=lesson,
    )


def _dollars(usd: Decimal | None, records: int) -> str:
    if not records:
        return "$0.00"
    return "dollars unknown" if usd is None else fmt.usd(usd)
