"""What the page of a week's usage prints: where the tokens went."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.directives.models import StrategicDirective
from allocation.display.chart import Chart
from allocation.display.format import amount, percent, tokens, usd
from allocation.policy.errors import RuleError
from allocation.policy.meter import Meter
from allocation.policy.weeks import Window
from allocation.usage.by_day import by_day_chart
from allocation.usage.models import Source
from allocation.usage.standing import running_week
from allocation.usage.totals import Burned, burned_by, captured_without_sd, grouped, total_of
from allocation.usage.words import BY_HAND, burned_of_budget, is_unknown, sub_agent_in_words

NO_SD = "no SD named"
UNKNOWN = "unknown tier"

Parts = Mapping[tuple[Any, ...], Burned]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: raw, budget and dollars side by side, and its share of the week."""

    name: str
    budget: str
    share: str
    percent_of_largest: int
    raw: str
    usd: str
    url_code: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Where the tokens went by one measure, the largest first."""

    id: str
    title: str
    heading: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class UsagePage:
    """Everything on the page of a week's usage."""

    start: datetime
    end: datetime
    running: bool
    previous: str
    next: str
    unit: str
    total: Row
    records: str
    tables: Sequence[Table]
    chart: Chart | None
    by_hand: int
    without_sd: int
    unpriced: int
    unmetered: int
    unknown_models: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Scale:
    """What every row needs: the meter's unit and the whole week."""

    meter: Meter
    total: Burned
    largest: Fraction = field(default=Fraction(0))

    def amount(self, value: Fraction) -> str:
        return amount(value, in_dollars=self.meter.in_dollars)


def usage_page(*, day: date | None, now: datetime, zone: ZoneInfo) -> UsagePage:
    """The usage of the running week, or of the week that is running when `day` ends.

    About twenty queries, whatever was burned. Raises RuleError for a day that no week can hold.
    """
    at = now if day is None else end_of(day, zone)
    week = running_week(at)
    book = load_price_book()
    parts = burned_by(
        ("sub_agent", "model", "tier", "sd_id", "source"),
        within=week.window,
        meter=week.meter,
        book=book,
    )
    total = total_of(parts.values())
    scale = _Scale(week.meter, total)
    unknown = sorted({key[1] for key in parts if key[1] and not book.knows(key[1])})
    return UsagePage(
        start=week.window.start,
        end=week.window.end,
        running=now in week.window,
        previous=f"{week.window.start.astimezone(zone).date() - timedelta(days=1)}",
        next="" if week.window.end > now else f"{week.window.end.astimezone(zone).date()}",
        unit="Budget, US dollars" if week.meter.in_dollars else "Budget tokens",
        total=_row("All usage", total, scale),
        records=tokens(total.records),
        tables=_tables(parts, scale, book, unknown) if parts else [],
        chart=_chart(_by_day(week.window, zone, scale, book, now), scale) if parts else None,
        by_hand=sum(part.counts.raw for key, part in parts.items() if key[4] == Source.MANUAL),
        without_sd=captured_without_sd(week.window),
        unpriced=total.unpriced,
        unmetered=total.unmetered,
        unknown_models=unknown,
    )


def read_day(text: str) -> date | None:
    """The day that `?week=` names, None for none. Raises RuleError with one sentence."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleError(f"“{text[:40]}” is not a day; write one such as 2026-11-23.") from None


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a day. Raises RuleError for a day that no week can hold."""
    # Far away a week cannot be worked out without leaving the calendar.
    if not 2000 <= day.year <= 2200:
        raise RuleError(f"No budget week holds {day}; write a day such as 2026-11-23.")
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return midnight - timedelta(seconds=1)


def _tables(parts: Parts, scale: _Scale, book: PriceBook, unknown: Sequence[str]) -> list[Table]:
    codes = dict(
        StrategicDirective.objects.filter(
            pk__in={key[3] for key in parts if key[3] is not None}
        ).values_list("pk", "code")
    )

    def sub_agent(key: tuple[Any, ...]) -> str:
        return sub_agent_in_words(key[0], key[4])

    def model(key: tuple[Any, ...]) -> str:
        return key[1] or (f"{BY_HAND}, {key[2]}" if key[2] else BY_HAND)

    def tier(key: tuple[Any, ...]) -> str:
        return key[2] or book.tiers.get(key[1]) or UNKNOWN

    def sd(key: tuple[Any, ...]) -> str:
        return codes.get(key[3], NO_SD)

    return [
        _table("sub-agents", "By sub-agent", "Sub-agent", _grouped(parts, sub_agent), scale),
        _table("models", "By model", "Model", _grouped(parts, model), scale, unknown=unknown),
        _table("tiers", "By tier", "Tier", _grouped(parts, tier), scale),
        _table("sds", "By SD", "SD", _grouped(parts, sd), scale, codes=codes.values()),
    ]


def _grouped(parts: Parts, name_of: Callable[[tuple[Any, ...]], str]) -> dict[str, Burned]:
    return grouped((name_of(key), part) for key, part in parts.items())


def _table(
    id: str,
    title: str,
    heading: str,
    grouped: Mapping[str, Burned],
    scale: _Scale,
    *,
    unknown: Iterable[str] = (),
    codes: Iterable[str] = (),
) -> Table:
    # What the meter cannot count (no price) still has raw tokens to be ranked by.
    ranked = sorted(
        grouped.items(), key=lambda item: (-item[1].budget, -item[1].counts.raw, item[0])
    )
    largest = max((part.budget for part in grouped.values()), default=Fraction(0))
    scale = _Scale(scale.meter, scale.total, largest)
    linked, flagged = set(codes), set(unknown)
    rows = [
        _row(name, part, scale, url_code=name if name in linked else "", unknown=name in flagged)
        for name, part in ranked
    ]
    return Table(id, title, heading, rows)


def _row(
    name: str, part: Burned, scale: _Scale, *, url_code: str = "", unknown: bool = False
) -> Row:
    whole_week = scale.total.budget
    return Row(
        name=name,
        budget=burned_of_budget(part, in_dollars=scale.meter.in_dollars),
        share=percent(part.budget / whole_week) if whole_week and not is_unknown(part) else "–",
        percent_of_largest=round(100 * part.budget / scale.largest) if scale.largest else 0,
        raw=tokens(part.counts.raw),
        usd=usd(part.usd) if part.records else "–",
        url_code=url_code,
        unknown=unknown,
    )


def _by_day(
    window: Window, zone: ZoneInfo, scale: _Scale, book: PriceBook, now: datetime
) -> list[tuple[date, dict[str, Burned]]]:
    """The days of the owner's clock up to now, each with its sub-agents.

    At most three queries a day.
    """
    last = min(window.end, max(now, window.start + timedelta(seconds=1)))
    days = []
    day = window.start.astimezone(zone).date()
    while (start := datetime.combine(day, time(), tzinfo=zone)) < last:
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
        within = Window(
            max(window.start, start.astimezone(window.start.tzinfo)),
            min(window.end, end.astimezone(window.start.tzinfo)),
        )
        parts = burned_by(("sub_agent", "source"), within=within, meter=scale.meter, book=book)
        days.append((day, _grouped(parts, lambda key: sub_agent_in_words(*key))))
        day += timedelta(days=1)
    return days


def _chart(days: Sequence[tuple[date, Mapping[str, Burned]]], scale: _Scale) -> Chart:
    chart = by_day_chart(days, title="By day and sub-agent", in_dollars=scale.meter.in_dollars)
    totals = [scale.amount(total_of(parts.values()).budget) for _, parts in days]
    return replace(
        chart,
        note="Days are those of the owner’s clock; the first and the last are cut by the reset.",
        headings=(*chart.headings, "All"),
        rows=[(*row, total) for row, total in zip(chart.rows, totals, strict=True)],
    )
