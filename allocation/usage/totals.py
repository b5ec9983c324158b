"""Sums of what was burned in a span, metered and priced.

Sums come from the hourly roll-ups. Where a span or a day begins or ends inside an hour, the records
of that one hour are asked instead, so that a week that resets at half past is exact too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, reduce
from operator import add
from typing import Any, TypeVar

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from allocation.catalog.pricing import PriceBook
from allocation.policy.meter import FRESH_KINDS, KINDS, Counts, Meter, Tariff, tariff
from allocation.policy.weeks import Window, hour_of
from allocation.usage.models import Source, UsageHour, UsageRecord, UsageRevision

HOUR = timedelta(hours=1)
RESOLUTION = timedelta(microseconds=1)
# What a record or an hour has of Counts.fresh, for the database to sum.
FRESH = reduce(add, [F(kind) for kind in FRESH_KINDS])


@dataclass(frozen=True, slots=True)
class Burned:
    """What some requests burned.

    `budget` is in the meter's unit, exactly. `usd` is what of it could be priced, None if nothing
    could; `unpriced` counts the records without a price, and `unmetered` those that the meter in
    dollars could not count for that reason.
    """

    counts: Counts = field(default_factory=Counts)
    records: int = 0
    budget: Fraction = Fraction(0)
    usd: Decimal | None = None
    unpriced: int = 0
    unmetered: int = 0

    def __add__(self, other: "Burned") -> "Burned":
        return total_of((self, other))


NOTHING = Burned()

Key = tuple[Any, ...]
Group = TypeVar("Group")


def burned_by(
    dimensions: tuple[str, ...],
    *,
    within: Window | None = None,
    where: Q | None = None,
    days: Sequence[datetime] = (),
    mark: str = "",
    meter: Meter,
    book: PriceBook,
) -> Mapping[Key, Burned]:
    """What was burned within a window (None: ever), summed by the columns named.

    `dimensions` are columns of `UsageHour`; `session_id`, for which the records themselves are
    summed; and `day`, the index of the last of the ascending moments `days` that a request was not
    made before (0 also for all before the second). Without dimensions the one key is `()`.

    With the `mark` of the roll-ups (see `revision`), sums of a window that were asked for before
    are taken from memory while no usage has changed since.
    """
    if where is None and mark:
        return _remembered(mark, dimensions, within, tuple(days), meter, book)
    return _burned_by(dimensions, within, where or Q(), days, tariffs=_Tariffs(meter, book))


def grouped(parts: Iterable[tuple[Group, Burned]]) -> dict[Group, Burned]:
    """The sums of parts by what they are paired with."""
    by_group: dict[Group, list[Burned]] = {}
    for group, part in parts:
        by_group.setdefault(group, []).append(part)
    return {group: total_of(some) for group, some in by_group.items()}


def revision() -> str:
    """The mark of the roll-ups as they are now: one query. Empty while nothing was rolled up."""
    return UsageRevision.objects.values_list("mark", flat=True).first() or ""


def burned(
    *,
    within: Window | None = None,
    where: Q | None = None,
    meter: Meter,
    book: PriceBook,
) -> Burned:
    """All that was burned within a window (None: ever)."""
    return burned_by((), within=within, where=where, meter=meter, book=book).get((), NOTHING)


def captured_without_sd(within: Window) -> int:
    """Fresh tokens (no cache reads) of a window that were captured and belong to no SD.

    What is logged by hand is logged for an SD and set off against what was captured for it; these
    cannot be, and so what is logged by hand besides them may be counted twice. One query, of the
    hours that begin in the window.
    """
    hours = UsageHour.objects.filter(hour__gte=within.start, hour__lt=within.end, sd=None)
    found: int | None = hours.exclude(source=Source.MANUAL).aggregate(sum=Sum(FRESH))["sum"]
    return found or 0


def total_of(parts: Iterable[Burned]) -> Burned:
    """The sum of some parts."""
    some = list(parts)
    if len(some) == 1:
        return some[0]
    priced = [part.usd for part in some if part.usd is not None]
    # Fractions are added by denominator: pages add hundreds, and there are only a few of these.
    numerators: dict[int, int] = {}
    for part in some:
        denominator = part.budget.denominator
        numerators[denominator] = numerators.get(denominator, 0) + part.budget.numerator
    return Burned(
        counts=Counts(
            **{kind: sum([getattr(part.counts, kind) for part in some]) for kind in KINDS}
        ),
        records=sum([part.records for part in some]),
        budget=sum((Fraction(n, d) for d, n in numerators.items()), Fraction(0)),
        usd=sum(priced, Decimal(0)) if priced else None,
        unpriced=sum([part.unpriced for part in some]),
        unmetered=sum([part.unmetered for part in some]),
    )


Parts = list[tuple[QuerySet[Any], Sum | Count]]


def _from_records(only: Q, within: Window | None) -> Parts:
    return [(_records(only, within), Count("id"))]


def _rolled_up(only: Q, within: Window | None, days: Sequence[datetime]) -> Parts:
    """The full hours from the roll-ups; those at the edges and where a day begins from records."""
    begun = [day.astimezone(UTC) for day in days[1:]]
    if cut := [hour_of(day) for day in begun if day != hour_of(day)]:
        whole = _rolled_up(only & ~Q(hour__in=cut), within, ())
        return [*whole, *_from_records(only & Q(hour__in=cut), within)]
    hours = UsageHour.objects.filter(only)
    if within is None:
        return [(hours, Sum("records"))]
    first = hour_of(within.start + HOUR - RESOLUTION)
    last = hour_of(within.end)
    if first > last:  # both ends lie in one hour
        return _from_records(only, within)
    parts: Parts = [(hours.filter(hour__gte=first, hour__lt=last), Sum("records"))]
    for edge in (Window(within.start, first), Window(last, within.end)):
        if edge.start < edge.end:
            parts += _from_records(only, edge)
    return parts


def _records(only: Q, within: Window | None) -> QuerySet[Any]:
    records = UsageRecord.objects.filter(only)
    if within is None:
        return records
    # The hour is redundant, but it is what the index knows.
    return records.filter(
        at__gte=within.start,
        at__lt=within.end,
        hour__gte=hour_of(within.start),
        hour__lt=within.end,
    )


# The key by the dimensions; what decides weight and price: model, tier, long prompt, and the index
# of the span of one price list; the number of records; the sums by kind.
SumRow = tuple[Key, str, str, bool, int, int, list[int]]


@lru_cache(maxsize=32)
def _remembered(  # noqa: PLR0917 -- lru_cache goes by position
    mark: str,
    dimensions: tuple[str, ...],
    within: Window | None,
    days: tuple[datetime, ...],
    meter: Meter,
    book: PriceBook,
) -> Mapping[Key, Burned]:
    return _burned_by(dimensions, within, Q(), days, tariffs=_Tariffs(meter, book))


def _burned_by(
    dimensions: tuple[str, ...],
    within: Window | None,
    only: Q,
    days: Sequence[datetime],
    *,
    tariffs: "_Tariffs",
) -> Mapping[Key, Burned]:
    first_day, last_day = (
        (within.start.date(), within.end.date()) if within else (date.min, date.max)
    )
    # A price belongs to a day: sums are kept apart only by the spans that have one price list.
    spans = [first_day, *tariffs.book.changes(first_day, last_day)]
    rows = _rows(dimensions, within, only, days, spans=spans)
    return grouped((row[0], tariffs.burned(row, spans[row[4]])) for row in rows)


def _rows(
    dimensions: tuple[str, ...],
    within: Window | None,
    only: Q,
    days: Sequence[datetime],
    *,
    spans: Sequence[date],
) -> list[SumRow]:
    """Sums by the dimensions and by what decides weight and price; of unknown kinds `apart`."""
    of_sessions = "session_id" in dimensions
    parts = _from_records(only, within) if of_sessions else _rolled_up(only, within, days)
    columns = [*dimensions, "model", "tier", "long_prompt", "span", "apart"]
    changes = [datetime.combine(day, time(), UTC) for day in spans]
    # `of_` keeps the sums apart from the columns of the same name.
    sums = {f"of_{kind}": Sum(kind) for kind in KINDS}
    width = len(dimensions)
    found: list[SumRow] = []
    for part, count in parts:
        moment = "hour" if part.model is UsageHour else "at"
        rows = part.annotate(span=index_among(changes, "hour"), apart=Q(unsplit__gt=0))
        rows = rows.annotate(day=index_among(days, moment)) if days else rows
        # Each column once: a dimension may be one of those that decide the price.
        grouping = dict.fromkeys(columns)
        place = {name: index for index, name in enumerate(grouping)}
        for row in (
            rows.order_by()
            .values(*grouping)
            .annotate(of_records=count, **sums)
            .values_list(*grouping, "of_records", *sums)
        ):
            key = row[:width]
            found.append(
                (
                    key,
                    row[place["model"]],
                    row[place["tier"]],
                    row[place["long_prompt"]],
                    row[place["span"]],
                    row[-1 - len(KINDS)],
                    list(row[-len(KINDS) :]),
                )
            )
    return found


def index_among(bounds: Sequence[datetime], moment: str) -> Case:
    """The last of some ascending bounds that a row's moment is not before; 0 before the second."""
    # Bounds and not a date function: SQLite would run Python for each row, and the days are the
    # owner's, not the database's.
    before = f"{moment}__lt"
    whens = [When(**{before: bound}, then=Value(i)) for i, bound in enumerate(bounds[1:])]
    return Case(*whens, default=Value(len(bounds) - 1), output_field=IntegerField())


class _Tariffs:
    """The tariffs that some rows need, each made once."""

    def __init__(self, meter: Meter, book: PriceBook) -> None:
        self.meter = meter
        self.book = book
        self._made: dict[Key, Tariff] = {}

    def burned(self, row: SumRow, day: date) -> Burned:
        """A row of sums, metered and priced as on a day."""
        _, model, tier, long_prompt, _, records, sums = row
        counts = Counts(*sums)
        by = self._for(model, tier, long_prompt, day)
        usd, budget = by.dollars(counts), by.budget(counts)
        return Burned(
            counts=counts,
            records=records,
            budget=Fraction(0) if budget is None else budget,
            usd=usd,
            unpriced=records if usd is None else 0,
            unmetered=records if budget is None else 0,
        )

    def _for(self, model: str, tier: str, long_prompt: bool, day: date) -> Tariff:
        key = (model, tier, long_prompt, day)
        if key not in self._made:
            weighed_as = model or self.book.weighed_as.get(tier, "")
            self._made[key] = tariff(
                self.meter,
                list_price=self.book.list_price(weighed_as, day),
                charged=self.book.charged(model, day, long_prompt=long_prompt),
                tier=tier or self.book.tiers.get(model, ""),
            )
        return self._made[key]
