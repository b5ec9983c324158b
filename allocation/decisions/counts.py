"""Counts of decisions by sub-agent, phase, outcome, model, result and mismatch, fast at a million
rows.

Decisions of days that are over hardly change any more. So the scheduled work counts them once, week
by week (`count_weeks`), and `alike` adds these stored counts to a count of the rows since. If such
a decision changes after all, the stored counts of its week are not used until it has been counted
again: a stored count is never older than the rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Max, Min, Q, QuerySet, Sum, Value, When

from allocation.budgets.models import BudgetWeek
from allocation.decisions.models import CountedWeek, Decision, DecisionCount
from allocation.usage.totals import index_among

# A run that departed from its recommendation with a reason was overridden as well.
OVERRIDDEN = Q(override__isnull=False) | ~Q(override_reason="")
ALIKE = ("sub_agent", "phase", "outcome", "observed", "result", "mismatch")
# Nobody looks back further than eight weeks and the running one.
WEEKS_KEPT = 12

Row = Mapping[str, Any]
Span = tuple[datetime, datetime]


def alike(
    by: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    only: Q | None = None,
    by_week: bool = False,
) -> list[Row]:
    """The decisions from `since` to before `until`, counted by columns of `ALIKE`: four queries.

    A row has these columns, `overridden` (a bool), `n`, and the moments of the `first` and the
    `last` of them. `by_week`, no row holds decisions of two budget weeks. Several rows may have the
    same columns.
    """
    where = only or Q()
    ready = CountedWeek.objects.filter(ready=True, start__gte=since, end__lte=until)
    kept = list(ready.order_by("start").values_list("pk", "start", "end"))
    counts = DecisionCount.objects.filter(where, counted__in=[pk for pk, _, _ in kept])
    rows = counts.order_by().values(*by, "overridden", *(["counted"] if by_week else []))
    remembered = rows.annotate(total=Sum("n"), begin=Min("first"), end=Max("last"))
    rest = _outside([(start, end) for _, start, end in kept], since, until)
    return [
        *({**row, "n": row["total"], "first": row["begin"], "last": row["end"]}
          for row in remembered),
        *_count(Decision.objects.filter(where, rest), by, _starts(since, until) if by_week else ()),
    ]  # fmt: skip


def week_start(at: datetime) -> datetime:
    """When the stored week that holds a moment began, so that it is looked at as a whole; the
    moment itself where no week holds it."""
    weeks = BudgetWeek.objects.filter(start__lte=at, end__gt=at)
    return weeks.values_list("start", flat=True).first() or at


def count_weeks(*, now: datetime) -> int:
    """Count the decisions of the last weeks up to the midnight before `now`; returns how many weeks
    were counted.

    What is to be counted is marked first and counted by the next call: whoever was changing a
    decision unseen when it was marked has done so by then.
    """
    marked = CountedWeek.objects.filter(ready=False)
    counted = sum(_count_week(pk) for pk in marked.values_list("pk", flat=True))
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    weeks = BudgetWeek.objects.filter(start__lt=midnight).order_by("-start")[:WEEKS_KEPT]
    wanted = {week.pk: (week.start, min(week.end, midnight)) for week in weeks}
    known = dict(CountedWeek.objects.filter(week__in=wanted).values_list("week", "end"))
    new = [
        CountedWeek(week_id=pk, start=start, end=end)
        for pk, (start, end) in wanted.items()
        if pk not in known
    ]
    CountedWeek.objects.bulk_create(new, ignore_conflicts=True)
    for pk, end in known.items():
        if end != wanted[pk][1]:
            CountedWeek.objects.filter(week=pk).update(end=wanted[pk][1], ready=False)
    return counted


def _count_week(pk: int) -> bool:
    with transaction.atomic():
        # This write comes first and holds the row: whoever changes a decision of it from here on
        # waits in `recount`, and takes `ready` back.
        if not CountedWeek.objects.filter(pk=pk, ready=False).update(ready=True):
            return False
        counted = CountedWeek.objects.get(pk=pk)
        counted.counts.all().delete()
        within = Decision.objects.filter(at__gte=counted.start, at__lt=counted.end)
        DecisionCount.objects.bulk_create(
            [DecisionCount(counted=counted, **row) for row in _count(within, ALIKE)]
        )
    return True


def recount(at: datetime) -> None:
    """Have a week counted anew, because its decision made at `at` changed, or was told of late.

    In the transaction that changes it. One statement, which finds nothing for one of today.
    """
    CountedWeek.objects.filter(start__lte=at, end__gt=at).update(ready=False)


def _count(
    decisions: QuerySet[Decision], by: Sequence[str], starts: Sequence[datetime] = ()
) -> Iterable[Row]:
    """The rows of some decisions, those of different weeks apart where `starts` tells when a week
    began."""
    forced = Case(When(OVERRIDDEN, then=Value(True)), default=Value(False))
    rows = decisions.order_by().annotate(week=index_among(starts, "at"), overridden=forced)
    found = rows.values(*by, "overridden", *(["week"] if starts else []))
    for row in found.annotate(n=Count("id"), first=Min("at"), last=Max("at")):
        row.pop("week", None)
        yield row


def _starts(since: datetime, until: datetime) -> list[datetime]:
    weeks = BudgetWeek.objects.filter(start__gt=since, start__lt=until).order_by("start")
    return [since, *weeks.values_list("start", flat=True)]


def _outside(windows: Iterable[Span], since: datetime, until: datetime) -> Q:
    """The moments of a span that lie in none of some windows, which ascend."""
    gaps, at = Q(pk__in=[]), since
    for start, end in windows:
        if at < start:
            gaps |= Q(at__gte=at, at__lt=start)
        at = end
    return gaps | Q(at__gte=at, at__lt=until)
