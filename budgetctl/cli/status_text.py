"""The report's Mission Control screen (its step 9), in 80 columns."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from rich.text import Text

from allocation.api import week_shapes as shapes
from allocation.display import format as fmt
from allocation.policy.plain import safe
from budgetctl.cli.plan_text import next_sd
from budgetctl.cli.printing import Line, bar, console, heading, long, percent, row
from budgetctl.cli.week_text import accuracy, clock_of, summary

MOST_SUB_AGENTS = 7
GUESS = "a first guess; set your plan’s: budgetctl set-limit TOKENS"


def status(week: shapes.Week) -> Iterator[Line]:
    """The Mission Control screen."""
    yield from _title(week)
    yield ""
    yield from summary(week)
    if week["limit_is_guess"]:
        yield row("LIMIT", GUESS)
    yield row("ACCURACY", accuracy(week["forecast_accuracy"]))
    for each in week["overrides"]:
        what = f"{each['sub_agent']} {each['phase'] or ''}".strip()
        until = fmt.soon(datetime.fromisoformat(each["expires_at"]), clock_of(week))
        yield row("OVERRIDE", f"{what} on {each['tier']} until {until}: {safe(each['reason'])}")
    yield ""
    yield heading("NEXT SD")
    yield from next_sd(week)
    yield ""
    yield heading("SUB-AGENTS THIS WEEK")
    yield from _spending(week)
    yield ""
    yield heading("OPTIMISATION OPPORTUNITIES")
    for place, chance in enumerate(week["optimisation"]["top"], start=1):
        yield f"  {place}. {chance['title']}, saves {chance['saves_per_week']} a week"
    yield Text(f"  {week['optimisation']['summary']}")


def _title(week: shapes.Week) -> Iterator[Line]:
    """What it is, and of which week; whose time it is that the screen shows."""
    start, end = (
        f"{datetime.fromisoformat(at).astimezone(clock_of(week)):%Y-%m-%d}"
        for at in (week["week"]["start"], week["week"]["end"])
    )
    title = "TOKEN MISSION CONTROL"
    span = f"week of {start} to {end}, {fmt.place(clock_of(week))} time"
    left = console().width - len(title)
    if len(span) < left:
        yield Text.assemble((title, "bold"), (span.rjust(left), "dim"))
    else:
        yield Text(title, style="bold")
        yield Text(span, style="dim")


def _spending(week: shapes.Week) -> Iterator[Line]:
    if not week["sub_agents"]:
        yield "  Nothing is used yet this week."
        return
    # In dollars what nobody knows the price of is unknown, and not nothing.
    unknown = {safe(each["key"]) for each in week["sub_agents"] if each["usd"] is None}
    unknown = unknown if week["unit"] == "usd" else set()
    shown = [
        (safe(each["key"]), Fraction(each["budget_tokens"]), each["percent"])
        for each in week["sub_agents"]
    ]
    rest = shown[MOST_SUB_AGENTS:]
    if rest:
        budget = sum((budget for _, budget, _ in rest), Fraction(0))
        used = Fraction(week["used"])
        share = float(100 * budget / used) if used else 0.0
        shown = [*shown[:MOST_SUB_AGENTS], (f"{len(rest)} others", budget, share)]
    largest = max(budget for _, budget, _ in shown)
    cells = max(4, min(28, console().width - 43))  # beside the three columns
    for name, budget, share in shown:
        spent, part = long(budget, week["unit"]), percent(share)
        if name in unknown:
            spent, part = fmt.usd(None), "–"
        yield Text.assemble(
            f"  {name[:20]:<20} {spent:>12} {part:>5}  ",
            bar(budget / largest if largest else Fraction(0), cells),
        )
