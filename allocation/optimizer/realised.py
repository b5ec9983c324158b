"""What applied changes really saved: what a task burned after them, against before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Count, Q

from allocation.decisions.models import Decision, Result
from allocation.optimizer.measure import RAN, SPAN, WEEK, Facts
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.results import Place
from allocation.policy.opportunities import Spent
from allocation.policy.quality import ENOUGH
from allocation.policy.weeks import Window, hour_of
from allocation.usage.totals import HOUR, Burned, burned_by, index_among, total_of

MOST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Side:
    """One place before or after a change: the runs that were asked for, those of them that had to
    be done again, and what it burned."""

    runs: int
    rework: int
    burned: Burned

    @property
    def tasks(self) -> int:
        """Runs that were not done again: a try that failed is part of what its task cost."""
        return self.runs - self.rework

    def per_task(self) -> Spent:
        """What a task burned."""
        part = self.burned
        all_of_it = Spent(
            None if part.unmetered else part.budget, None if part.unpriced else part.usd
        )
        return all_of_it.times(Fraction(1, self.tasks))


@dataclass(frozen=True, slots=True)
class Realised:
    """An applied change, and what came of it. `per_week` is None while there are too few runs."""

    change: AppliedChange
    before: Side
    after: Side
    until: datetime | None
    per_week: Spent | None

    @property
    def enough(self) -> bool:
        """Whether there are runs enough on both sides to tell."""
        return min(self.before.runs, self.after.runs) >= ENOUGH

    @property
    def of_estimate(self) -> Fraction | None:
        """What was realised as a share of what was estimated; None where nothing can be said."""
        estimate = self.change.per_week
        if self.per_week is None or self.per_week.budget is None or not estimate or estimate < 0:
            return None
        return self.per_week.budget / Fraction(estimate)


def realised(facts: Facts) -> list[Realised]:
    """The changes that were applied last, the latest first. Three queries.

    Spans are cut at full hours, as usage is rolled up; the hour of the change belongs to before.
    """
    changes = list(
        AppliedChange.objects.select_related("sub_agent", "from_tier", "to_tier")[:MOST_CHANGES]
    )
    if not changes:
        return []
    spans = {change.pk: _spans(change, changes, facts.now) for change in changes}
    bounds = sorted({moment for pair in spans.values() for span in pair for moment in _ends(span)})
    places = {(change.sub_agent.code, change.phase) for change in changes}
    burned = _burned(facts, places, bounds)
    runs = _runs(places, bounds)
    found = []
    for change in changes:
        place = (change.sub_agent.code, change.phase)
        before, after = (_side(place, span, bounds, burned, runs) for span in spans[change.pk])
        until = spans[change.pk][1].end
        running = change.undone_at is None and until > hour_of(facts.now)
        row = Realised(change, before, after, None if running else until, None)
        found.append(_judged(row, spans[change.pk][1]))
    return found


def _judged(row: Realised, after: Window) -> Realised:
    if not row.enough or not row.before.tasks or not row.after.tasks:
        return row
    saved = row.before.per_task().minus(row.after.per_task()).times(Fraction(row.after.tasks))
    weeks = Fraction(max(after.end - after.start, HOUR) // HOUR, WEEK // HOUR)
    return Realised(row.change, row.before, row.after, row.until, saved.times(1 / weeks))


def _spans(
    change: AppliedChange, changes: Sequence[AppliedChange], now: datetime
) -> tuple[Window, Window]:
    """Before the change, and after it until it was undone or the next one of its place came."""
    applied = hour_of(change.at) + HOUR
    ends = [
        other.at
        for other in changes
        if (other.sub_agent_id, other.phase) == (change.sub_agent_id, change.phase)
        and (other.at, other.pk) > (change.at, change.pk)
    ]
    end = hour_of(min([*ends, change.undone_at or now, now])) + HOUR
    return Window(applied - SPAN, applied), Window(applied, max(end, applied + HOUR))


def _ends(span: Window) -> tuple[datetime, datetime]:
    return span.start, span.end


Parts = dict[tuple[str, str, int], list[Burned]]
Counts = dict[tuple[str, str, int], tuple[int, int]]


def _burned(facts: Facts, places: set[Place], bounds: Sequence[datetime]) -> Parts:
    parts = burned_by(
        ("sub_agent", "phase", "day"),
        within=Window(bounds[0], bounds[-1]),
        where=_in(places),
        days=bounds,
        meter=facts.meter,
        book=facts.book,
    )
    found: Parts = {}
    for (sub_agent, phase, index), part in parts.items():
        found.setdefault((sub_agent, phase, index), []).append(part)
    return found


def _runs(places: set[Place], bounds: Sequence[datetime]) -> Counts:
    """How many runs were asked for between two bounds, and how many were done again."""
    rows = (
        Decision.objects.filter(RAN, _in(places), at__gte=bounds[0], at__lt=bounds[-1])
        .order_by()
        .annotate(between=index_among(bounds, "at"))
        .values("sub_agent", "phase", "between")
        .annotate(runs=Count("id"), rework=Count("id", filter=Q(result=Result.REWORK)))
    )
    return {
        (row["sub_agent"], row["phase"], row["between"]): (row["runs"], row["rework"])
        for row in rows
    }


def _in(places: set[Place]) -> Q:
    wanted = Q(pk__in=[])
    for sub_agent, phase in sorted(places):
        wanted |= Q(sub_agent=sub_agent, phase=phase)
    return wanted


def _side(
    place: Place, span: Window, bounds: Sequence[datetime], burned: Parts, runs: Counts
) -> Side:
    indexes = [i for i, bound in enumerate(bounds) if span.start <= bound < span.end]
    counted = [runs.get((*place, index), (0, 0)) for index in indexes]
    return Side(
        runs=sum(n for n, _ in counted),
        rework=sum(again for _, again in counted),
        burned=total_of(part for index in indexes for part in burned.get((*place, index), [])),
    )
