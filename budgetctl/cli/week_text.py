"""How the running week stands, in lines of 80 columns: what every screen about it begins with."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.display import format as fmt
from allocation.forecasts.models import Forecast
from allocation.forecasts.outlook import Outlook
from allocation.forecasts.record import Record
from allocation.policy.zones import Zone
from allocation.usage.standing import Standing
from budgetctl.cli.forecasts import accuracy_text, newest_text
from budgetctl.cli.printing import (
    OFF_SHAPE,
    Line,
    Row,
    heading,
    long,
    row,
    short,
    unit,
    zone,
    zone_bar,
)

# The report's advice for each zone (its steps 7 and 9).
ADVICE = {
    Zone.GREEN: "normal operations",
    Zone.YELLOW: "approaching the limit, save where quality allows",
    Zone.ORANGE: "close to the limit, only what matters gets more than haiku",
    Zone.RED: "at the limit, work that needs opus is deferred",
}
OFF = "budgetctl is off: each sub-agent runs on its registered default."


def summary(outlook: Outlook, clock: ZoneInfo) -> Iterator[Line]:
    """Tokens, burn rate, status, reset: the four lines everything begins with."""
    standing = outlook.standing
    yield tokens(standing)
    if standing.reserve:
        yield _reserve(standing)
    yield row("BURN", burn(outlook, clock))
    yield row("STATUS", status_line(standing))
    left = fmt.duration(standing.window.end - standing.at)
    passed = f"{fmt.percent(outlook.elapsed)} of the week passed"
    yield row("RESET", f"{fmt.moment(standing.window.end, clock)} (in {left}; {passed})")
    yield row("RAW", _raw(standing))


def status_line(standing: Standing) -> Text:
    """The zone in shape, word and advice, or that budgetctl is off."""
    if not standing.enabled:
        return Text.assemble((OFF_SHAPE, "dim"), f" OFF  {OFF}")
    if standing.exhausted:
        over = long(standing.over, standing.meter)
        return Text.assemble(zone(standing.zone), f"  used up, {over} {unit(standing.meter)} over")
    return Text.assemble(zone(standing.zone), f"  {ADVICE[standing.zone]}")


def rule(standing: Standing) -> Iterator[Line]:
    """What a change of the budget rule made of the running week."""
    meter = standing.meter
    yield row("LIMIT", f"{long(standing.limit, meter)} {unit(meter)} a week")
    if standing.reserve:
        yield _reserve(standing)
    yield tokens(standing)
    yield row("STATUS", status_line(standing))


def forecast(
    outlook: Outlook, newest: Forecast | None, record: Record, clock: ZoneInfo
) -> Iterator[Line]:
    """The linear baseline in detail, the newest forecast beside it, and the record."""
    standing = outlook.standing
    yield from summary(outlook, clock)
    yield ""
    yield heading("BASELINE")
    yield from _baseline(outlook, clock)
    if standing.enabled:
        yield ""
        yield heading("FORECAST")
        yield from newest_text(newest, standing.meter, standing.effective_limit, clock)
    yield row("ACCURACY", accuracy_text(record, standing.meter))


def _baseline(outlook: Outlook, clock: ZoneInfo) -> Iterator[Line]:
    standing, linear = outlook.standing, outlook.linear
    if linear is None:
        yield Text(f"  {outlook.too_early}")
        return
    meter = standing.meter
    yield row("METHOD", "linear burn rate: used ÷ hours × the week")
    rates = f"{short(linear.per_hour, meter)} an hour, {short(linear.per_hour * 24, meter)} a day"
    basis = {"overall": "the whole week so far", "recent": "the last 24 hours, the higher rate"}
    yield row("BURN RATE", f"{rates} (from {basis[linear.basis]})")
    if linear.buffered:
        yield row("", "with a buffer of 20%, because fewer than half of the forecasts held")
    in_zone = outlook.zone_at_reset
    assert in_zone is not None
    at_reset = fmt.percent(linear.at_reset / standing.effective_limit)
    text = f"{long(linear.at_reset, meter)} {unit(meter)} ({at_reset}) "
    yield row("AT RESET", text, zone(in_zone))
    yield row("EXHAUSTION", _exhaustion(outlook, clock))


def tokens(standing: Standing) -> Row:
    """The bar, and the two numbers to act on: what is used, what is left."""
    meter = standing.meter
    drawn = zone_bar(standing.share, standing.zone if standing.enabled else None)
    of = f"{short(standing.used, meter)} / {short(standing.effective_limit, meter)}"
    if standing.over:
        rest = f"{long(standing.over, meter)} over"
    else:
        rest = f"{long(standing.remaining, meter)} left"
    label = "DOLLARS" if meter.in_dollars else "TOKENS"
    return row(label, drawn, f" {of} ({fmt.percent(standing.share)}), {rest}")


def _reserve(standing: Standing) -> Row:
    meter = standing.meter
    held, limit = long(standing.reserve, meter), long(standing.limit, meter)
    return row("RESERVE", f"{held} of the {limit} held back")


def burn(outlook: Outlook, clock: ZoneInfo) -> str:
    """The rate and how far it reaches, or why nothing can be said."""
    linear, meter = outlook.linear, outlook.standing.meter
    if linear is None:
        return outlook.too_early[:1].lower() + outlook.too_early[1:].rstrip(".")
    rate = f"{short(linear.per_hour * 24, meter)} a day"
    return f"{rate}; {_exhaustion(outlook, clock)}"


def _exhaustion(outlook: Outlook, clock: ZoneInfo) -> str:
    linear, standing = outlook.linear, outlook.standing
    assert linear is not None
    at_reset = f"{short(linear.at_reset, standing.meter)} at the reset"
    if standing.exhausted:
        return f"used up; {at_reset}"
    if linear.before_reset:
        early = fmt.duration(standing.window.end - linear.exhausts_at)
        return f"used up {fmt.soon(linear.exhausts_at, clock)}, {early} before the reset"
    return f"lasts to the reset, {at_reset}"


def _raw(standing: Standing) -> str:
    burned = standing.burned
    text = f"{fmt.tokens(burned.counts.raw)} raw tokens"
    if not burned.records:
        return text
    if burned.usd is None:
        return f"{text}; dollars unknown"
    unpriced = f" without {burned.unpriced:,} records of unknown price" if burned.unpriced else ""
    return f"{text}; {fmt.usd(burned.usd)}{unpriced}"
