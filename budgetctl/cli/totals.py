"""What was burned, summed and split. Needs `open_database` before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.budgets.models import BudgetRule
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.directives.models import StrategicDirective
from allocation.display import format as fmt
from allocation.display.json_values import dollars, number
from allocation.policy.meter import Meter
from allocation.policy.plain import safe
from allocation.policy.weeks import Window
from allocation.usage.models import Source
from allocation.usage.page import end_of
from allocation.usage.standing import running_week
from allocation.usage.totals import HOUR, NOTHING, Burned, burned, burned_by, grouped, total_of
from allocation.usage.words import BY_HAND, KEYS, burned_of_budget, sub_agent_in_words
from budgetctl.cli.printing import Line, heading, row

UNKNOWN = "unknown"
NONE = "none"

NAME = 18  # columns for the key in the table; a longer one gets a line of its own


@dataclass(frozen=True, slots=True)
class Totals:
    """What was burned within a window (None: ever). Rows are the largest first, days in order."""

    meter: Meter
    clock: ZoneInfo
    window: Window | None
    by: str | None
    total: Burned
    rows: Sequence[tuple[str, Burned]]


def totals(by: str | None, *, day: date | None, now: datetime) -> Totals:
    """The sums of all that was burned, or of the budget week that `day` ends in."""
    rule = BudgetRule.objects.select_related("meter").get()
    meter, clock, book = rule.meter.to_policy(), rule.zone_info, load_price_book()
    window = _week_of(day, clock, now) if day else None
    split = _split(by, window, meter, clock, book) if by else {}
    total = total_of(split.values()) if by else burned(within=window, meter=meter, book=book)
    ranked = (
        sorted(split.items())
        if by == "day"
        else sorted(split.items(), key=lambda item: (-item[1].budget, item[0]))
    )
    return Totals(meter, clock, window, by, total, ranked)


def _week_of(day: date, clock: ZoneInfo, now: datetime) -> Window:
    """The budget week that is running when the day ends, so on the day of a reset the new one.

    For today, whose end is still to come, it is the week that is running now.
    """
    return running_week(min(now, end_of(day, clock))).window


def _split(
    by: str, window: Window | None, meter: Meter, clock: ZoneInfo, book: PriceBook
) -> Mapping[str, Burned]:
    if by == "day":
        return _by_day(window, meter, clock, book)
    columns = {
        "model": ("model", "source"),
        "tier": ("model", "tier"),
        "sub-agent": ("sub_agent", "source"),
        "sd": ("sd",),
        "session": ("session_id",),
    }[by]
    sds = dict(StrategicDirective.objects.values_list("pk", "code")) if by == "sd" else {}
    parts = burned_by(columns, within=window, meter=meter, book=book)
    return grouped((_name(by, key, sds, book), part) for key, part in parts.items())


def _name(by: str, key: tuple[Any, ...], sds: Mapping[int, str], book: PriceBook) -> str:
    """What a row is called; what the records do not tell has a word of its own."""
    if by == "model":
        model, source = key
        return model or (KEYS[BY_HAND] if source == Source.MANUAL else UNKNOWN)
    if by == "sub-agent":
        who = sub_agent_in_words(*key)
        return KEYS.get(who, who)
    if by == "tier":
        model, tier = key
        return book.tiers.get(model) or tier or UNKNOWN
    if by == "sd":
        return sds.get(key[0], NONE)
    return key[0] or NONE


def _by_day(
    window: Window | None, meter: Meter, clock: ZoneInfo, book: PriceBook
) -> Mapping[str, Burned]:
    """By day on the owner's clock. An hour that midnight falls into is asked record by record."""
    found: dict[str, Burned] = {}

    def add(at: datetime, part: Burned) -> None:
        if part.records:
            key = at.astimezone(clock).date().isoformat()
            found[key] = found.get(key, NOTHING) + part

    for (hour,), part in burned_by(("hour",), within=window, meter=meter, book=book).items():
        midnight = _midnight_within(hour, clock)
        if midnight is None:
            add(hour, part)
            continue
        start = max(hour, window.start) if window else hour
        end = min(hour + HOUR, window.end) if window else hour + HOUR
        for piece in (Window(start, max(start, midnight)), Window(min(end, midnight), end)):
            if piece.start < piece.end:
                add(piece.start, burned(within=piece, meter=meter, book=book))
    return found


def _midnight_within(hour: datetime, clock: ZoneInfo) -> datetime | None:
    """The midnight strictly within an hour; only zones off by half hours have one."""
    last = (hour + HOUR - timedelta(seconds=1)).astimezone(clock)
    if hour.astimezone(clock).date() == last.date():
        return None
    midnight = datetime.combine(last.date(), time(), tzinfo=clock).astimezone(UTC)
    return midnight if midnight > hour else None


def as_json(found: Totals) -> dict[str, Any]:
    """{"total": {...}, "rows": [{"key": ..., ...}]}, rows only where they were asked for."""
    return {
        "total": _numbers(found.total, found.meter),
        "rows": [{"key": key, **_numbers(part, found.meter)} for key, part in found.rows],
    }


def _numbers(part: Burned, meter: Meter) -> dict[str, Any]:
    return {
        "records": part.records,
        **asdict(part.counts),
        "raw": part.counts.raw,
        "budget_tokens": number(part.budget, meter),
        "usd": None if part.usd is None else dollars(part.usd),
        "unpriced_records": part.unpriced,
    }


def as_text(found: Totals) -> Iterator[Line]:
    """The total in full, and the rows in a table of 80 columns."""
    total, counts = found.total, found.total.counts
    if found.window:
        start, end = (fmt.moment(at, found.clock) for at in (found.window.start, found.window.end))
        yield Text(f"Used from {start} to {end}", style="bold")
    else:
        yield Text("Used, all there is", style="bold")
    kinds = [
        ("records", total.records),
        ("input", counts.input),
        ("output", counts.output),
        ("cache write, 5 min", counts.cache_write_5m),
        ("cache write, 1 h", counts.cache_write_1h),
        ("cache read", counts.cache_read),
        ("by hand or estimated", counts.unsplit),
        ("raw tokens", counts.raw),
    ]
    for label, value in kinds:
        yield f"  {label:<22}{value:>20,}"
    unit = "budget, US dollars" if found.meter.in_dollars else "budget tokens"
    budget = burned_of_budget(total, in_dollars=found.meter.in_dollars)
    yield Text.assemble(f"  {unit:<22}", (f"{budget:>20}", "bold"), f"  {found.meter.name}")
    unpriced = fmt.counted(total.unpriced, "record")
    priced = f"  {unpriced} could not be priced" if total.unpriced else ""
    dollars_used = fmt.usd(total.usd) if total.records else "–"
    yield f"  {'US dollars':<22}{dollars_used:>20}{priced}"
    if found.by:
        yield ""
        yield from _table(found)


def _table(found: Totals) -> Iterator[Line]:
    """One line for each row, in short numbers; --json has them in full."""
    if not found.rows:
        yield "  Nothing is counted yet."
        return
    titles = ("records", "input", "output", "writes", "reads", "raw", "budget", "dollars")
    yield heading(f"BY {found.by}".upper())
    yield Text(_columns("", titles), style="dim")
    for key, part in found.rows:
        counts = part.counts
        cells = [
            fmt.short(part.records),
            fmt.short(counts.input),
            fmt.short(counts.output),
            fmt.short(counts.cache_write_5m + counts.cache_write_1h),
            fmt.short(counts.cache_read),
            fmt.short(counts.raw),
            _short_usd(part.usd) if found.meter.in_dollars else fmt.short(part.budget),
            _short_usd(part.usd),
        ]
        name = safe(key)
        if len(name) > NAME:
            yield f"  {name}"
            name = ""
        yield _columns(name, cells)
    if any(part.unpriced and part.usd is not None for _, part in found.rows):
        yield row("", "Dollars are of what could be priced.")


def _columns(name: str, cells: Sequence[str]) -> str:
    widths = (8, 7, 7, 7, 7, 7, 8, 9)
    numbers = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"  {name:<{NAME}}" + "".join(numbers)


def _short_usd(value: Decimal | None) -> str:
    """Dollars in eight characters; a question mark where nothing could be priced."""
    if value is None:
        return "?"
    if value >= 1000:
        return f"${fmt.short(value)}" if value >= 100_000 else f"${value:,.0f}"
    return fmt.usd(value).replace("under ", "<")
