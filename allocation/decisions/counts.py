"""How many decisions were alike in a span: remembered for weeks that are over, else counted.

A year of decisions is a million rows, and those of weeks that are over hardly change any more: they
are counted once (`count_weeks`, by each tick). Where one of them changes after all, its week is
counted from the rows again until the next tick: what is remembered is never older than what is
stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, IntegerField, Max, Min, Q, QuerySet, Sum, Value, When

from allocation.budgets.models import BudgetWeek
from allocation.decisions.models import CountedWeek, Decision, DecisionCount

# A run that departed from its recommendation with a reason was overridden as well.
OVERRIDDEN = Q(override__isnull=False) | ~Q(override_reason="")
ALIKE = ("sub_agent", "phase", "outcome", "observed", "result")
# Nobody looks back further than eight weeks and the running one.
WEEKS_KEPT = 12

Row = Mapping[str, Any]
Span = tuple[datetime, datetime]


def alike(
    by: Sequence[str], *, since: datetime, until: datetime, only: Q | None = None
) -> list[Row]:
    """The decisions from `since` to before `until`, counted by columns of `ALIKE`: four queries.

    A row has these columns, `overridden` (a bool), `n`, and the moments of the `first` and the
    `last` of them. Each is of one budget week, so several may have the same columns.
    """
    where = only or Q()
    ready = CountedWeek.objects.filter(ready=True, start__gte=since, end__lte=until)
    kept = list(ready.order_by("start").values_list("pk", "start", "end"))
    counts = DecisionCount.objects.filter(where, counted__in=[pk for pk, _, _ in kept])
    rows = counts.order_by().values(*by, "overridden", "counted")
    remembered = rows.annotate(total=Sum("n"), begin=Min("first"), end=Max("last"))
    rest = _outside([(start, end) for _, start, end in kept], since, until)
    return [
        *({**row, "n": row["total"], "first": row["begin"], "last": row["end"]}
          for row in remembered),
        *_count(Decision.objects.filter(where, rest), by, _starts(since, until)),
    ]  # fmt: skip


def week_start(at: datetime) -> datetime:
    """When the stored week that holds a moment began, so that it is looked at as a whole; the
    moment itself where no week holds it."""
    weeks = BudgetWeek.objects.filter(start__lte=at, end__gt=at)
    return weeks.values_list("start", flat=True).first() or at


def count_weeks() -> int:
    """Count the decisions of the weeks that are closed and not counted; how many there were."""
    closed = BudgetWeek.objects.filter(closed_at__isnull=False).order_by("-start")[:WEEKS_KEPT]
    ready = CountedWeek.objects.filter(week__in=[week.pk for week in closed], ready=True)
    known = set(ready.values_list("week", flat=True))
    missing = [week for week in closed if week.pk not in known]
    CountedWeek.objects.bulk_create(
        [CountedWeek(week=week, start=week.start, end=week.end) for week in missing],
        ignore_conflicts=True,
    )
    return sum(_count_week(week) for week in missing)


def _count_week(week: BudgetWeek) -> bool:
    with transaction.atomic():
        # This write comes first and holds the row, as `recount` does: whoever changes a decision
        # meanwhile waits here, and takes `ready` back.
        if not CountedWeek.objects.filter(week=week, ready=False).update(ready=True):
            return False
        counted = CountedWeek.objects.get(week=week)
        DecisionCount.objects.filter(counted=counted).delete()
        of_week = Decision.objects.filter(at__gte=week.start, at__lt=week.end)
        DecisionCount.objects.bulk_create(
            [DecisionCount(counted=counted, **row) for row in _count(of_week, ALIKE)]
        )
    return True


def recount(at: datetime) -> None:
    """Have the week of a decision counted anew, because that decision changed or came late.

    In the transaction that changes it. One statement, which finds nothing for the running week.
    """
    CountedWeek.objects.filter(start__lte=at, end__gt=at).update(ready=False)


def _count(
    decisions: QuerySet[Decision], by: Sequence[str], starts: Sequence[datetime] = ()
) -> Iterable[Row]:
    """The rows of some decisions, those of different weeks apart where `starts` tells when a week
    began."""
    week = Case(
        *[When(at__lt=start, then=Value(place)) for place, start in enumerate(starts)],
        default=Value(len(starts)),
        output_field=IntegerField(),
    )
    forced = Case(When(OVERRIDDEN, then=Value(True)), default=Value(False))
    rows = decisions.order_by().annotate(week=week, overridden=forced)
    found = rows.values(*by, "overridden", *(["week"] if starts else []))
    for row in found.annotate(n=Count("id"), first=Min("at"), last=Max("at")):
        row.pop("week", None)
        yield row


def _starts(since: datetime, until: datetime) -> list[datetime]:
    weeks = BudgetWeek.objects.filter(start__gt=since, start__lt=until).order_by("start")
    return list(weeks.values_list("start", flat=True))


def _outside(windows: Iterable[Span], since: datetime, until: datetime) -> Q:
    """The moments of a span that lie in none of some windows, which ascend."""
    gaps, at = Q(pk__in=[]), since
    for start, end in windows:
        if at < start:
            gaps |= Q(at__gte=at, at__lt=start)
        at = end
    return gaps | Q(at__gte=at, at__lt=until)
