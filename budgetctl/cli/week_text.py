"""The running week as text of 80 columns: the report's Mission Control screen and its parts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.decisions.preflight import PlannedRun, Preflight
from allocation.display import format as fmt
from allocation.forecasts.outlook import Outlook
from allocation.policy.recommend import Recommendation
from allocation.policy.tiers import HAIKU
from allocation.policy.zones import Zone
from allocation.usage.standing import Standing
from budgetctl.cli.printing import (
    OFF_SHAPE,
    WIDTH,
    Line,
    Row,
    bar,
    heading,
    long,
    row,
    safe,
    short,
    unit,
    zone,
    zone_bar,
)
from budgetctl.cli.week import Plan, Week

# The report's advice for each zone (its steps 7 and 9).
ADVICE = {
    Zone.GREEN: "normal operations",
    Zone.YELLOW: "approaching the limit, save where quality allows",
    Zone.ORANGE: "close to the limit, only what matters gets more than haiku",
    Zone.RED: "at the limit, work that needs opus is deferred",
}
MOST_SUB_AGENTS = 7
OFF = "budgetctl is off: each sub-agent runs on its registered default."


def status(week: Week) -> Iterator[Line]:
    """The Mission Control screen."""
    plan, standing = week.plan, week.plan.standing
    yield _title(standing, plan.clock)
    yield ""
    yield from summary(plan.outlook, plan.clock)
    yield row("ACCURACY", "no record yet: no week with a forecast has closed")
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


def summary(outlook: Outlook, clock: ZoneInfo) -> Iterator[Line]:
    """Tokens, burn rate, status, reset: the four lines everything begins with."""
    standing = outlook.standing
    yield _tokens(standing)
    if standing.reserve:
        yield _reserve(standing)
    yield row("BURN", _burn(outlook, clock))
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
    yield _tokens(standing)
    yield row("STATUS", status_line(standing))


def forecast(outlook: Outlook, clock: ZoneInfo) -> Iterator[Line]:
    """The linear baseline in detail."""
    standing, linear = outlook.standing, outlook.linear
    yield from summary(outlook, clock)
    yield ""
    yield heading("FORECAST")
    if linear is None:
        yield Text(f"  {outlook.too_early}")
        return
    meter = standing.meter
    yield row("METHOD", "linear burn rate, the baseline: used ÷ hours × the week")
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
    yield row("ACCURACY", "no record yet: no week with a forecast has closed")


def next_sd(plan: Plan) -> Iterator[Line]:
    """The SD whose turn it is, its allocation, and what it would do to the week."""
    flight = plan.preflight
    if flight is None:
        yield "  No SD is waiting. Propose one: budgetctl sd new SD-… --complexity 3"
        return
    yield sd_line(flight)
    for who, tiers, why in _allocation(flight):
        yield Text.assemble("    ", f"{who:<16} ", (f"{tiers:<26} ", "bold"), (why, "dim"))
    yield from after(flight, plan.standing)


def sd_line(flight: Preflight) -> Text:
    """Code, complexity, where it stands, and its title."""
    sd = flight.sd
    stands = f"in {sd.phase}" if sd.phase else str(sd.get_status_display())
    critical = ", critical" if sd.critical else ""
    title = f"  {safe(sd.title)}" if sd.title else ""
    return Text.assemble(
        "  ", (sd.code, "bold"), f" (complexity {sd.complexity}/5{critical}, {stands})", title
    )


def after(flight: Preflight, standing: Standing) -> Iterator[Line]:
    """What the SD would use and leave, marked as an estimate, and what to look out for."""
    meter = standing.meter
    share = fmt.percent((standing.used + flight.projected) / standing.effective_limit)
    basis = "from its sub-agents"
    if flight.sd.estimate is not None:
        basis = f"from the estimate of {fmt.short(flight.sd.estimate)} tokens"
    yield row("PROJECTED", f"~{short(flight.projected, meter)} budget {unit(meter)}, {basis}")
    left = f"~{short(flight.remaining_after, meter)} {unit(meter)}; {share} used "
    yield row("LEFT AFTER", left, zone(flight.zone_after))
    if flight.zone_changes:
        yield row("WARNING", f"The week will enter the {flight.zone_after} zone with this SD.")
    waiting = sorted({run.sub_agent for run in flight.deferred})
    if waiting:
        yield row("DEFERRED", f"{', '.join(waiting)} would wait for the next budget week.")


def session_start(plan: Plan) -> Iterator[Line]:
    """The report's text for the start of a session (its step 8)."""
    flight, standing = plan.preflight, plan.standing
    if flight is None:
        yield from next_sd(plan)
        yield ""
    else:
        yield Text("NEXT SD", style="bold")
        yield sd_line(flight)
        yield ""
    yield Text("TOKEN STATUS", style="bold")
    yield _tokens(standing)
    yield row("STATUS", status_line(standing))
    yield row("BURN", _burn(plan.outlook, plan.clock))
    if flight is not None:
        yield ""
        yield Text("MODEL ALLOCATION", style="bold")
        yield from _primary(plan, flight)
        yield from after(flight, standing)


def _primary(plan: Plan, flight: Preflight) -> Iterator[Line]:
    """The tier that most of the work runs on, who gets another one, and what to leave alone."""
    tokens: Counter[str] = Counter()
    others: dict[str, list[str]] = {}
    for run in flight.runs:
        name = str(run.recommendation.tier or run.recommendation.outcome)
        tokens[name] += run.tokens_max
        if run.sub_agent not in others.setdefault(name, []):
            others[name].append(run.sub_agent)
    if not tokens:
        return
    primary = max(tokens, key=lambda name: tokens[name])
    complexity = f"complexity {flight.sd.complexity}"
    yield row("PRIMARY", primary, f" ({complexity} in the {flight.zone_now} zone)")
    for name, _ in tokens.most_common():
        if name != primary:
            yield row(name.upper(), ", ".join(others[name]))
    left = plan.standing.remaining
    if plan.all_on_opus and left and primary != "opus" and plan.standing.enabled:
        whole = fmt.percent(plan.all_on_opus / left)
        yield row("AVOID", f"opus for the rest: all on opus would take {whole} of what is left")


def check(plan: Plan) -> Iterator[Line]:
    """The recommendation for each sub-agent of an SD, phase by phase."""
    flight, standing = plan.preflight, plan.standing
    assert flight is not None
    yield row("BUDGET", status_line(standing))
    yield _tokens(standing)
    yield ""
    yield heading("RECOMMENDED")
    yield sd_line(flight)
    yield Text(f"\n    {'sub-agent':<16} {'tier':<7} {'tokens':>6}  why", style="dim")
    for phase, runs in groupby(flight.runs, key=lambda run: run.phase):
        yield ""
        yield Text(f"  {phase}", style="bold")
        for run in runs:
            yield _run(run)
    yield ""
    yield from after(flight, standing)


def _run(run: PlannedRun) -> Text:
    tier = run.recommendation.tier
    name = tier.name if tier else run.recommendation.outcome.value
    middle = fmt.short((run.tokens_min + run.tokens_max) // 2)
    return Text.assemble(
        f"    {safe(run.sub_agent):<16} ",
        (f"{name:<7}", "bold"),
        f" {middle:>6}  ",
        (_why(run.recommendation), "dim"),
    )


def _title(standing: Standing, clock: ZoneInfo) -> Text:
    def date(at: datetime) -> str:
        return f"{at.astimezone(clock):%Y-%m-%d}"

    week = f"week of {date(standing.window.start)} to {date(standing.window.end)}"
    title = "TOKEN MISSION CONTROL"
    return Text.assemble((title, "bold"), (week.rjust(WIDTH - len(title)), "dim"))


def _tokens(standing: Standing) -> Row:
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


def _burn(outlook: Outlook, clock: ZoneInfo) -> str:
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


def _allocation(flight: Preflight) -> list[tuple[str, str, str]]:
    """Who runs on what and why: those apart whose tier differs from what most get."""
    by_agent: dict[str, list[PlannedRun]] = {}
    for run in flight.runs:
        by_agent.setdefault(run.sub_agent, []).append(run)
    described = [(who, _tiers(runs), _why(_decisive(runs))) for who, runs in by_agent.items()]
    counted: dict[tuple[str, str], list[str]] = {}
    for who, tiers, why in described:
        counted.setdefault((tiers, why), []).append(who)
    (tiers, why), usual = max(
        counted.items(), key=lambda item: len(item[1]), default=(("", ""), [])
    )
    if len(usual) < 4:
        return described
    lines = [line for line in described if line[0] not in usual]
    return [*lines, (f"the {len(usual)} others" if lines else "all", tiers, why)]


def _tiers(runs: Sequence[PlannedRun]) -> str:
    named = [(run.recommendation.tier, run) for run in runs]
    names = {str(tier or run.recommendation.outcome) for tier, run in named}
    if len(names) == 1:
        return names.pop()
    return ", ".join(f"{tier or run.recommendation.outcome} {run.phase}" for tier, run in named)


def _decisive(runs: Sequence[PlannedRun]) -> Recommendation:
    """The run to explain: the one on the highest tier, or the one that is put off."""
    return max(
        (run.recommendation for run in runs),
        key=lambda answer: (answer.tier is None, answer.tier or HAIKU),
    )


def _why(answer: Recommendation) -> str:
    """The deciding step in a few words; the full sentence is in the JSON and on the web."""
    rule = answer.path[-1].rule
    if rule == "override":
        return "the Chairman’s override"
    if rule == "off":
        return "registered default"
    if answer.tier is None:
        return "deferred: opus floor in the RED zone"
    if rule == "floor":
        before = answer.path[-2].tier
        return "its floor" if before is None or before < answer.tier else "its floor gives way"
    if answer.tier < answer.preferred:
        return f"saves tokens; prefers {answer.preferred.name}"
    return "preferred" if answer.tier == answer.preferred else "critical or complex"


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
