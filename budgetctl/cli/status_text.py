"""The report's Mission Control screen (its step 9), in 80 columns."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.display import format as fmt
from allocation.usage.standing import Standing
from budgetctl.cli.forecasts import accuracy_text
from budgetctl.cli.plan_text import next_sd
from budgetctl.cli.printing import WIDTH, Line, bar, heading, long, row, safe
from budgetctl.cli.week import Week
from budgetctl.cli.week_text import summary

MOST_SUB_AGENTS = 7


def status(week: Week) -> Iterator[Line]:
    """The Mission Control screen."""
    plan, standing = week.plan, week.plan.standing
    yield _title(standing, plan.clock)
    yield ""
    yield from summary(plan.outlook, plan.clock)
    yield row("ACCURACY", accuracy_text(week.record, standing.meter))
    for override in week.overrides:
        what = f"{override.sub_agent.code} {override.phase}".strip()
        until = fmt.soon(override.expires_at, plan.clock)
        yield row("OVERRIDE", f"{what} on {override.tier} until {until}: {safe(override.reason)}")
    yield ""
    yield heading("NEXT SD")
    yield from next_sd(plan)
    yield ""
    yield heading("SUB-AGENTS THIS WEEK")
    yield from _spending(week)
    yield ""
    yield heading("OPTIMISATION OPPORTUNITIES")
    for place, each in enumerate(week.optimisation.rows, start=1):
        yield f"  {place}. {each.title}, saves {each.per_week} a week"
    yield Text(f"  {week.optimisation.summary}")


def _title(standing: Standing, clock: ZoneInfo) -> Text:
    def date(at: datetime) -> str:
        return f"{at.astimezone(clock):%Y-%m-%d}"

    week = f"week of {date(standing.window.start)} to {date(standing.window.end)}"
    title = "TOKEN MISSION CONTROL"
    return Text.assemble((title, "bold"), (week.rjust(WIDTH - len(title)), "dim"))


def _spending(week: Week) -> Iterator[Line]:
    standing = week.plan.standing
    if not week.spending:
        yield "  Nothing is used yet this week."
        return
    shown = [(safe(name), part.budget) for name, part in week.spending[:MOST_SUB_AGENTS]]
    rest = sum((part.budget for _, part in week.spending[MOST_SUB_AGENTS:]), Fraction(0))
    if len(week.spending) > MOST_SUB_AGENTS:
        shown.append((f"{len(week.spending) - MOST_SUB_AGENTS} others", rest))
    largest = max(budget for _, budget in shown)
    for name, budget in shown:
        share = fmt.percent(budget / standing.used) if standing.used else "0%"
        yield Text.assemble(
            f"  {name[:20]:<20} {long(budget, standing.meter):>12} {share:>5}  ",
            bar(budget / largest if largest else Fraction(0), 28),
        )
