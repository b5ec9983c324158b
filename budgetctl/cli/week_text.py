"""How the running week stands, in lines of 80 columns: what every screen about it begins with.

Made from what the JSON says (allocation.api.week_shapes), so that a server elsewhere reads as the
database here does.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.api import week_shapes as shapes
from allocation.display import format as fmt
from allocation.policy.zones import Zone
from budgetctl.cli.printing import (
    OFF_SHAPE,
    Line,
    Row,
    heading,
    long,
    percent,
    row,
    short,
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
NO_RECORD = "no record yet: no week with a forecast has closed"
_SECOND = timedelta(seconds=1)
NO_FORECAST = (
    "No forecast of this limit and week is in the ledger yet. "
    "They are made by budgetctl start, worker and tick."
)
TOO_EARLY = "Too early to say what this week will come to."


def clock_of(week: shapes.Standing) -> ZoneInfo:
    """The zone in which the owner reads times."""
    return ZoneInfo(week["time_zone"])


def unit_of(week: shapes.Standing) -> str:
    """What follows an amount of the budget: dollars name themselves."""
    return "" if week["unit"] == "usd" else " tokens"


def summary(week: shapes.Plan | shapes.Outlook) -> Iterator[Line]:
    """Tokens, burn rate, status, reset: the four lines everything begins with."""
    yield tokens(week)
    if Fraction(week["reserve"]):
        yield _reserve(week)
    yield row("BURN", burn(week))
    yield row("STATUS", status_line(week))
    start, end, at = map(_moment, (week["week"]["start"], week["week"]["end"], week["at"]))
    elapsed = fmt.percent(Fraction((min(at, end) - start) // _SECOND, (end - start) // _SECOND))
    passed = f"{elapsed} of the week passed"
    left = fmt.duration(end - at)
    yield row("RESET", f"{fmt.moment(end, clock_of(week))} (in {left}; {passed})")
    yield row("RAW", _raw(week))


def status_line(week: shapes.Standing) -> Text:
    """The zone in shape, word and advice, or that budgetctl is off."""
    if not week["enabled"]:
        return Text.assemble((OFF_SHAPE, "dim"), f" OFF  {OFF}")
    in_zone = Zone(week["zone"])
    if week["exhausted"]:
        over = Fraction(week["over"])
        by = f", {long(over, week['unit'])}{unit_of(week)} over" if over else ""
        return Text.assemble(zone(in_zone), f"  used up{by}")
    return Text.assemble(zone(in_zone), f"  {ADVICE[in_zone]}")


def rule(week: shapes.Standing) -> Iterator[Line]:
    """What a change of the budget rule made of the running week."""
    yield row("LIMIT", f"{long(week['limit'], week['unit'])}{unit_of(week)} a week")
    if Fraction(week["reserve"]):
        yield _reserve(week)
    yield tokens(week)
    yield row("STATUS", status_line(week))


def forecast(week: shapes.Outlook) -> Iterator[Line]:
    """The linear baseline in detail, the newest forecast beside it, and the record."""
    yield from summary(week)
    yield ""
    yield heading("BASELINE")
    yield from _baseline(week)
    if week["enabled"]:
        yield ""
        yield heading("FORECAST")
        yield from _newest(week)
    yield row("ACCURACY", accuracy(week["forecast_accuracy"]))


def _baseline(week: shapes.Outlook) -> Iterator[Line]:
    linear, unit = week["forecast"], week["unit"]
    if linear["too_early"]:
        yield Text(f"  {linear['too_early']}")
        return
    yield row("METHOD", "linear burn rate: used ÷ hours × the week")
    per_hour, per_day = (short(linear[key] or 0, unit) for key in ("per_hour", "per_day"))
    basis = {"overall": "the whole week so far", "recent": "the last 24 hours, the higher rate"}
    from_what = basis[str(linear["basis"])]
    yield row("BURN RATE", f"{per_hour} an hour, {per_day} a day (from {from_what})")
    if linear["buffered"]:
        yield row("", "with a buffer of 20%, because fewer than half of the forecasts held")
    at_reset = linear["at_reset"] or 0
    share = fmt.reached(Fraction(at_reset) / Fraction(week["effective_limit"]))
    text = f"{long(at_reset, unit)}{unit_of(week)} ({share}) "
    yield row("AT RESET", text, zone(Zone(str(linear["zone_at_reset"]))))
    yield row("EXHAUSTION", _exhaustion(week))


def _newest(week: shapes.Outlook) -> Iterator[Line]:
    """The newest forecast with its interval."""
    newest, unit, clock = week["newest"], week["unit"], clock_of(week)
    if newest is None:
        yield f"  {TOO_EARLY if week['forecast']['too_early'] else NO_FORECAST}"
        return
    point = Fraction(newest["at_reset"])
    at_reset = f"~{short(point, unit)} ({fmt.reached(point / Fraction(week['effective_limit']))})"
    yield row("AT RESET", at_reset)
    if newest["interval_80"] is not None:
        low, high = (short(end, unit) for end in newest["interval_80"])
        hits = newest["coverage"]["inside_80"], newest["coverage"]["weeks"]
        yield row("80% RANGE", f"{low} to {high}; {fmt.held(hits)}")
    # The likeliest zone need not be that of the middle, so each is shown with its chance.
    if newest["zone_chances"]:
        yield row("ZONES", *chances_of(newest["zone_chances"]))
    if week["exhausted"]:
        yield row("RUNS OUT", "the limit is used up")
    elif newest["exhaustion_chance_percent"] is not None:
        chance = percent(newest["exhaustion_chance_percent"])
        yield row("RUNS OUT", f"with a chance of {chance}{_runs_out(newest, clock)}")
    yield row("METHOD", f"{newest['method']}, {fmt.moment(_moment(newest['made_at']), clock)}")


def _runs_out(newest: shapes.Newest, clock: ZoneInfo) -> str:
    """When, with its 80 % range, as far as it comes before the reset."""
    median, (early, late) = newest["exhausts_at"], newest["exhausts_80"]
    if early is None:
        return ""
    first = fmt.soon(_moment(early), clock)
    if median is None:
        return f"; with 90% not before {first}"
    last = fmt.soon(_moment(late), clock) if late else "after the reset"
    return f", about {fmt.soon(_moment(median), clock)}; 80% range {first} to {last}"


def chances_of(by_zone: Mapping[str, float]) -> Iterator[Text | str]:
    """The zones that may come, with their chances in percent."""
    likely = [(each, chance) for each, chance in by_zone.items() if chance >= 0.5]
    for number, (each, chance) in enumerate(likely):
        yield "  " if number else ""
        yield zone(Zone(each))
        yield f" {percent(chance)}"


def accuracy(record: shapes.Accuracy | None) -> str:
    """Last week's forecast beside what came, and how often the intervals held; never a badge."""
    if record is None:
        return NO_RECORD
    last, held_in = record["last_week"], record["inside_80"]
    unit = last["unit"]
    weeks = fmt.counted(record["weeks"], "week")
    return (
        f"last scored week: predicted {short(last['predicted'], unit)}, "
        f"actual {short(last['actual'], unit)}; "
        f"80% intervals held {held_in['count']} of {held_in['of']} times ({weeks})"
    )


def tokens(week: shapes.Standing) -> Row:
    """The bar, and the two numbers to act on: what is used, what is left."""
    unit = week["unit"]
    used = Fraction(str(week["percent"])) / 100
    drawn = zone_bar(used, Zone(week["zone"]) if week["enabled"] else None)
    of = f"{short(week['used'], unit)} / {short(week['effective_limit'], unit)}"
    over = Fraction(week["over"])
    rest = f"{long(over, unit)} over" if over else f"{long(week['remaining'], unit)} left"
    label = "DOLLARS" if unit == "usd" else "TOKENS"
    return row(label, drawn, f" {of} ({fmt.reached(used)}), {rest}")


def _reserve(week: shapes.Standing) -> Row:
    held_back, limit = (long(week[key], week["unit"]) for key in ("reserve", "limit"))
    return row("RESERVE", f"{held_back} of the {limit} held back")


def burn(week: shapes.Plan | shapes.Outlook) -> str:
    """The rate and how far it reaches, or why nothing can be said."""
    linear = week["forecast"]
    if linear["too_early"]:
        return linear["too_early"][:1].lower() + linear["too_early"][1:].rstrip(".")
    return f"{short(linear['per_day'] or 0, week['unit'])} a day; {_exhaustion(week)}"


def _exhaustion(week: shapes.Plan | shapes.Outlook) -> str:
    linear = week["forecast"]
    at_reset = f"{short(linear['at_reset'] or 0, week['unit'])} at the reset"
    if week["exhausted"]:
        return f"used up; {at_reset}"
    if linear["exhausts_before_reset"]:
        out = _moment(str(linear["exhausts_at"]))
        early = fmt.duration(_moment(week["week"]["end"]) - out)
        return f"used up {fmt.soon(out, clock_of(week))}, {early} before the reset"
    return f"lasts to the reset, {at_reset}"


def _raw(week: shapes.Standing) -> str:
    text = f"{fmt.tokens(week['raw'])} raw tokens"
    if not week["records"]:
        return text
    if week["usd"] is None:
        return f"{text}; dollars unknown"
    unpriced = week["unpriced_records"]
    without = f" without {fmt.counted(unpriced, 'record')} of unknown price" if unpriced else ""
    return f"{text}; {fmt.usd(Decimal(week['usd']))}{without}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
