"""What an SD would run on and use, in lines of 80 columns: the report's steps 8 and 9."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from rich.text import Text

from allocation.decisions.preflight import PlannedRun, Preflight
from allocation.display import format as fmt
from allocation.forecasts.record import coverage_of
from allocation.policy.preflight import TokenRange
from allocation.policy.recommend import Recommendation
from allocation.policy.tiers import HAIKU
from allocation.policy.zones import Zone
from budgetctl.cli.printing import Line, heading, row, safe, short, unit, zone
from budgetctl.cli.week import Plan
from budgetctl.cli.week_text import burn, status_line, tokens


def next_sd(plan: Plan) -> Iterator[Line]:
    """The SD whose turn it is, its allocation, and what it would do to the week."""
    flight = plan.preflight
    if flight is None:
        yield "  No SD is waiting. Propose one: budgetctl sd new SD-… --complexity 3"
        return
    yield sd_line(flight)
    for who, tiers, why in _allocation(flight):
        yield Text.assemble("    ", f"{who:<16} ", (f"{tiers:<26} ", "bold"), (why, "dim"))
    yield from after(flight, plan)


def sd_line(flight: Preflight) -> Text:
    """Code, complexity, where it stands, and its title."""
    sd = flight.sd
    stands = f"in {sd.phase}" if sd.phase else str(sd.get_status_display())
    critical = ", critical" if sd.critical else ""
    title = f"  {safe(sd.title)}" if sd.title else ""
    return Text.assemble(
        "  ", (sd.code, "bold"), f" (complexity {sd.complexity}/5{critical}, {stands})", title
    )


def after(flight: Preflight, plan: Plan) -> Iterator[Line]:
    """What the SD would use and leave, marked as an estimate, and what to look out for."""
    standing = plan.standing
    meter = standing.meter
    share = fmt.percent((standing.used + flight.projected) / standing.effective_limit)
    basis = f"from {flight.tokens.basis}"
    if flight.sd.estimate is not None:
        basis = f"from the estimate of {fmt.short(flight.sd.estimate)} tokens"
    low, high = short(flight.low, meter), short(flight.high, meter)
    ends = "" if low == high else f" ({low} to {high})"
    yield row("PROJECTED", f"~{short(flight.projected, meter)}{ends} budget {unit(meter)}, {basis}")
    left = f"~{short(flight.remaining_after, meter)} {unit(meter)}; {share} used "
    yield row("LEFT AFTER", left, zone(flight.zone_after))
    if plan.chances is not None:
        yield row("AT RESET", "without it: ", *_chances(plan.chances.without))
        yield row("", "with it:    ", *_chances(plan.chances.with_sd))
        yield row("", f"by the newest forecast; {coverage_of(plan.chances.forecast).words}")
    if flight.zone_changes:
        yield row("WARNING", f"The week will enter the {flight.zone_after} zone with this SD.")
    waiting = sorted({run.sub_agent for run in flight.deferred})
    if waiting:
        yield row("DEFERRED", f"{', '.join(waiting)} would wait for the next budget week.")


def _chances(by_zone: Mapping[Zone, float]) -> Iterator[Text | str]:
    """The zones that may come, with their chances."""
    likely = [(each, chance) for each, chance in by_zone.items() if chance >= 0.005]
    for number, (each, chance) in enumerate(likely):
        yield "  " if number else ""
        yield zone(each)
        yield f" {fmt.percent(Fraction(round(chance * 1000), 1000))}"


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
    yield tokens(standing)
    yield row("STATUS", status_line(standing))
    yield row("BURN", burn(plan.outlook, plan.clock))
    if flight is not None:
        yield ""
        yield Text("MODEL ALLOCATION", style="bold")
        yield from _primary(plan, flight)
        yield from after(flight, plan)


def _primary(plan: Plan, flight: Preflight) -> Iterator[Line]:
    """The tier that most of the work runs on, who gets another one, and what to leave alone."""
    amounts: Counter[str] = Counter()
    others: dict[str, list[str]] = {}
    for run in flight.runs:
        name = str(run.recommendation.tier or run.recommendation.outcome)
        amounts[name] += run.tokens_max
        if run.sub_agent not in others.setdefault(name, []):
            others[name].append(run.sub_agent)
    if not amounts:
        return
    primary = max(amounts, key=lambda name: amounts[name])
    complexity = f"complexity {flight.sd.complexity}"
    yield row("PRIMARY", primary, f" ({complexity} in the {flight.zone_now} zone)")
    for name, _ in amounts.most_common():
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
    yield tokens(standing)
    yield ""
    yield heading("RECOMMENDED")
    yield sd_line(flight)
    yield Text(f"\n    {'sub-agent':<16} {'tier':<7} {'tokens':>11}  why", style="dim")
    for phase, runs in groupby(flight.runs, key=lambda run: run.phase):
        yield ""
        yield Text(f"  {phase}", style="bold")
        for run in runs:
            yield _run(run)
    if flight.besides is not None:
        yield ""
        middle = _range(flight.besides)
        yield Text(f"    {'main and others':<16} {'':<7} {middle:>11}  {flight.besides.basis}")
    yield ""
    yield from after(flight, plan)


def _run(run: PlannedRun) -> Text:
    tier = run.recommendation.tier
    name = tier.name if tier else run.recommendation.outcome.value
    return Text.assemble(
        f"    {safe(run.sub_agent):<16} ",
        (f"{name:<7}", "bold"),
        f" {_range(run.tokens):>11}  ",
        (_why(run.recommendation), "dim"),
    )


def _range(tokens: TokenRange) -> str:
    """The range in few characters; one number where its ends read the same."""
    return "–".join(dict.fromkeys(fmt.short(end) for end in (tokens.low, tokens.high)))


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


_WHY = {
    "override": "the Chairman’s override",
    "off": "registered default",
    "pause": "paused until the Chairman approves",
}


def _why(answer: Recommendation) -> str:
    """The deciding step in a few words; the full sentence is in the JSON and on the web."""
    rule = answer.path[-1].rule
    if rule in _WHY:
        return _WHY[rule]
    if answer.tier is None:
        return "deferred: opus floor in the RED zone"
    if rule == "floor":
        before = answer.path[-2].tier
        return "its floor" if before is None or before < answer.tier else "its floor gives way"
    if answer.tier < answer.preferred:
        return f"saves tokens; prefers {answer.preferred.name}"
    return "preferred" if answer.tier == answer.preferred else "critical or complex"
