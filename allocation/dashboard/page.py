"""The week page: everything it prints, computed here in a constant number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from allocation.budgets.operations import limit_was_set
from allocation.dashboard.charts import burn_down, by_day_and_sub_agent, writer
from allocation.dashboard.facts import week_facts
from allocation.dashboard.first_steps import Step, first_steps
from allocation.decisions.deferrals import Waiting, waiting_counts
from allocation.decisions.models import Decision
from allocation.decisions.preflight import Preflight
from allocation.display import format as fmt
from allocation.display.bar import Bar, named_bounds
from allocation.display.chart import Chart
from allocation.display.fact import Fact
from allocation.floors.models import Override
from allocation.forecasts.outlook import Outlook
from allocation.optimizer.top import TopOpportunities
from allocation.policy.zones import Zone
from allocation.reminders.page import WeekReminders, week_reminders
from allocation.reports.this_week import this_week
from allocation.usage.standing import Standing
from allocation.usage.totals import Burned, captured_without_sd, total_of
from allocation.usage.words import burned_of_budget, is_unknown, unit_of

LAST_DECISIONS = 10
MOST_SUB_AGENTS = 12
STALE_AFTER = timedelta(hours=12)

# What stands in the place of a zone while budgetctl is off.
OFF = "OFF"

WORDS = {
    Zone.GREEN: "Normal operations.",
    Zone.YELLOW: "Approaching the limit: save where quality allows.",
    Zone.ORANGE: "Close to the limit: only what matters gets more than haiku.",
    Zone.RED: "At the limit: work that needs opus is deferred.",
}


@dataclass(frozen=True, slots=True)
class Spending:
    """What one sub-agent used this week."""

    sub_agent: str
    budget: str
    percent: str
    percent_of_largest: float
    raw: int
    usd: str


@dataclass(frozen=True, slots=True)
class WeekPage:
    """What the week page prints. Amounts are texts in the meter's unit."""

    zone: str
    headline: str
    words: str
    unit: str
    left: str
    over: str
    effective_limit: str
    limit_is_guess: bool
    reserve: str
    stale: str
    bar: Bar
    facts: list[Fact]
    reminders: WeekReminders
    first_steps: Sequence[Step]
    next_sd: Preflight | None
    projected: str
    remaining_after: str
    percent_after: str
    overrides: Sequence[Override]
    waiting: Waiting
    burn_down: Chart
    by_day: Chart
    spending: list[Spending]
    spending_total: Spending
    unpriced: int
    by_hand: int
    without_sd: int
    optimisation: TopOpportunities
    decisions: Sequence[Decision]


def week_page(now: datetime, zone: ZoneInfo) -> WeekPage:
    """The page at `now`, with times on the clock of `zone`."""
    week = this_week(now)
    plan, standing, flight = week.plan, week.plan.standing, week.plan.preflight
    text = writer(standing)
    return WeekPage(
        zone=standing.zone.value if standing.enabled else OFF,
        headline=_headline(standing),
        words=WORDS[standing.zone] if standing.enabled else "",
        unit="US dollars" if standing.meter.in_dollars else "tokens",
        left=text(standing.remaining),
        over=text(standing.over) if standing.over else "",
        effective_limit=text(standing.effective_limit),
        limit_is_guess=not limit_was_set(),
        reserve=text(standing.reserve) if standing.reserve else "",
        stale=_stale(week.hours, now, zone),
        bar=_bar(plan.outlook),
        facts=week_facts(plan.outlook, plan.newest, zone),
        reminders=week_reminders(),
        first_steps=first_steps() if not week.hours else [],
        next_sd=flight,
        projected=_after(standing, flight, flight.projected) if flight else "",
        remaining_after=_after(standing, flight, flight.remaining_after) if flight else "",
        percent_after=_percent_after(standing, flight),
        overrides=week.overrides,
        waiting=waiting_counts(),
        burn_down=burn_down(standing, week.hours, week.by_day, zone, plan.newest),
        by_day=by_day_and_sub_agent(standing, week.by_agent_day, week.days),
        spending=_spending(standing, week.spending),
        spending_total=_spent("Week so far", standing, standing.burned, standing.used),
        unpriced=standing.burned.unpriced,
        by_hand=standing.burned.counts.unsplit,
        without_sd=captured_without_sd(standing.window),
        optimisation=week.optimisation,
        decisions=list(
            Decision.objects.select_related("recommended", "sd", "override")[:LAST_DECISIONS]
        ),
    )


def _headline(standing: Standing) -> str:
    used = f"{fmt.reached(standing.share)} of the week’s {unit_of(standing)} used"
    if not standing.enabled:
        return f"Off: {used}"
    return f"{standing.zone.capitalize()}: {used}"


def _after(standing: Standing, flight: Preflight, value: Fraction) -> str:
    """An amount as it is estimated with the next SD."""
    return fmt.estimate(value, flight.high - flight.low, in_dollars=standing.meter.in_dollars)


def _percent_after(standing: Standing, flight: Preflight | None) -> str:
    if flight is None:
        return ""
    return fmt.reached((standing.used + flight.projected) / standing.effective_limit)


def _stale(hours: Mapping[datetime, Burned], now: datetime, zone: ZoneInfo) -> str:
    if not hours:
        return ""
    counted_until = max(hours) + timedelta(hours=1)
    if now - counted_until < STALE_AFTER:
        return ""
    return f"Nothing has been counted since {fmt.moment(counted_until, zone)}."


def _bar(outlook: Outlook) -> Bar:
    standing = outlook.standing
    used = float(min(Fraction(1), standing.share) * 100)
    elapsed = float(outlook.elapsed * 100)
    effective = float(standing.effective_limit / standing.limit * 100)
    bounds = standing.bounds
    named = named_bounds([bounds.yellow, bounds.orange, bounds.red])
    return Bar(
        used_percent=round(used, 2),
        elapsed_percent=fmt.whole(outlook.elapsed * 100),
        effective_percent=round(effective, 2),
        reserve_percent=round(100 - effective, 2),
        bounds=named,
        zone=standing.zone.value if standing.enabled else OFF,
        label=f"{fmt.reached(standing.share)} of the {unit_of(standing)} used, "
        f"{round(elapsed)}% of the week passed. {_begin(named)}.",
    )


def _begin(bounds: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} from {at}%" for name, at in bounds)


def _spending(standing: Standing, ranked: Sequence[tuple[str, Burned]]) -> list[Spending]:
    largest = ranked[0][1].budget if ranked else Fraction(0)
    shown, rest = ranked[:MOST_SUB_AGENTS], ranked[MOST_SUB_AGENTS:]
    if rest:
        shown = [*shown, (f"{len(rest)} others", total_of(part for _, part in rest))]
    return [_spent(name, standing, part, largest) for name, part in shown]


def _share(part: Burned, standing: Standing) -> str:
    if is_unknown(part):
        return "–"
    return fmt.percent(part.budget / standing.used) if standing.used else "0%"


def _spent(name: str, standing: Standing, part: Burned, largest: Fraction) -> Spending:
    return Spending(
        sub_agent=name,
        budget=burned_of_budget(part, in_dollars=standing.meter.in_dollars),
        percent=_share(part, standing),
        percent_of_largest=float(round(part.budget / largest * 100, 2)) if largest else 0.0,
        raw=part.counts.raw,
        usd=fmt.usd(part.usd),
    )
