"""What an SD would run on and use, in lines of 80 columns: the report's steps 8 and 9."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from rich.text import Text

from allocation.api import week_shapes as shapes
from allocation.display import format as fmt
from allocation.policy.plain import safe
from allocation.policy.preflight import Evidence, TokenRange
from allocation.policy.recommend import Outcome
from allocation.policy.zones import Zone
from budgetctl.cli.printing import Line, heading, row, short, zone
from budgetctl.cli.week_text import burn, chances_of, status_line, tokens, unit_of

# What is deferred or paused waits too, but not for a session to take it up.
NONE_WAITS = (
    "No SD is proposed or in progress. Those deferred or paused: budgetctl sd list. "
    "A new one: budgetctl sd new SD-… --complexity 3"
)


def next_sd(plan: shapes.Plan) -> Iterator[Line]:
    """The SD whose turn it is, its allocation, and what it would do to the week."""
    sd = plan["next_sd"]
    if sd is None:
        yield f"  {NONE_WAITS}"
        return
    yield sd_line(sd)
    lines = _allocation(sd["runs"])
    width = max((len(tiers) for _, tiers, _ in lines), default=0)
    for who, tiers, why in lines:
        yield Text.assemble("    ", f"{who:<16} ", (f"{tiers:<{width}} ", "bold"), (why, "dim"))
    yield from after(sd, plan)


def sd_line(sd: shapes.NextSd) -> Text:
    """Code, complexity, where it stands, and its title."""
    stands = f"in {sd['phase']}" if sd["phase"] else sd["status"].replace("_", " ")
    critical = ", critical" if sd["critical"] else ""
    title = f"  {safe(sd['title'])}" if sd["title"] else ""
    return Text.assemble(
        "  ", (sd["sd"], "bold"), f" (complexity {sd['complexity']}/5{critical}, {stands})", title
    )


def after(sd: shapes.NextSd, plan: shapes.Plan) -> Iterator[Line]:
    """What the SD would use and leave, marked as an estimate, and what to look out for."""
    unit = plan["unit"]
    ahead = _range(sd["tokens"])
    basis = f"from {ahead.basis}"
    if sd["estimate"] is not None:
        estimate = f"the estimate of {fmt.short(sd['estimate'])} tokens"
        is_left = ahead.evidence is Evidence.SD
        basis = f"from {estimate}" if is_left else f"{basis}, as {estimate} is used up"
    if sd["begun"]:
        after = (f"{fmt.tokens(each['burned'])} burned in {each['phase']}" for each in sd["begun"])
        basis = f"{basis}, after {' and '.join(after)}"
    low, high = (short(end, unit) for end in sd["projected_80"])
    ends = "" if low == high else f" ({low} to {high})"
    projected = f"~{short(sd['projected'], unit)}{ends}"
    yield row("PROJECTED", f"{projected}{' budget tokens' if unit_of(plan) else ''}, {basis}")
    for each in sd["begun"]:
        if each["burned"] > each["expected"]["high"]:
            most = fmt.short(each["expected"]["high"])
            yield row(
                "", f"{each['phase']} was to burn {most} at most: what it has left is a guess"
            )
    left = f"~{short(sd['remaining_after'], unit)}{unit_of(plan)}"
    used = f"{fmt.reached(Fraction(str(sd['percent_after'])) / 100)} used"
    yield row("LEFT AFTER", f"{left}; {used} ", zone(Zone(sd["zone_after"])))
    chances = sd["zone_chances"]
    if chances is not None:
        yield row("AT RESET", "without it: ", *chances_of(chances["without"]))
        yield row("", "with it:    ", *chances_of(chances["with"]))
        inside = chances["inside_80"]
        yield row("", f"by the newest forecast; {fmt.held((inside['count'], inside['of']))}")
    elif plan["enabled"]:
        yield row("AT RESET", "no forecast yet that says how likely each zone is")
    if sd["zone_after"] != sd["zone_now"]:
        yield row("WARNING", f"The week will enter the {sd['zone_after']} zone with this SD.")
    waiting = sorted({run["sub_agent"] for run in sd["runs"] if run["outcome"] == Outcome.DEFER})
    if waiting:
        yield row("DEFERRED", f"{', '.join(waiting)} would wait for the next budget week.")


def session_start(plan: shapes.Plan) -> Iterator[Line]:
    """The report's text for the start of a session (its step 8)."""
    sd = plan["next_sd"]
    if sd is None:
        yield from next_sd(plan)
        yield ""
    else:
        yield Text("NEXT SD", style="bold")
        yield sd_line(sd)
        yield ""
    yield Text("TOKEN STATUS", style="bold")
    yield tokens(plan)
    yield row("STATUS", status_line(plan))
    yield row("BURN", burn(plan))
    if sd is not None:
        yield ""
        yield Text("MODEL ALLOCATION", style="bold")
        yield from _primary(plan, sd)
        yield from after(sd, plan)


def _primary(plan: shapes.Plan, sd: shapes.NextSd) -> Iterator[Line]:
    """The tier that most of the work runs on, who gets another one, and what to leave alone."""
    amounts: Counter[str] = Counter()
    others: dict[str, list[str]] = {}
    for run in sd["runs"]:
        name = _runs_on(run)
        amounts[name] += run["tokens_max"]
        if run["sub_agent"] not in others.setdefault(name, []):
            others[name].append(run["sub_agent"])
    if not amounts:
        return
    primary = max(amounts, key=lambda name: amounts[name])
    why = f"complexity {sd['complexity']} in the {sd['zone_now']} zone"
    yield row("PRIMARY", primary, f" ({why if plan['enabled'] else 'registered default'})")
    for name, _ in amounts.most_common():
        if name != primary:
            yield row(name.upper(), ", ".join(others[name]))
    left, on_opus = Fraction(plan["remaining"]), Fraction(sd["all_on_opus"] or 0)
    if on_opus and left and primary != "opus" and plan["enabled"]:
        whole = fmt.percent(on_opus / left)
        yield row("AVOID", f"opus for the rest: all on opus would take {whole} of what is left")


def check(plan: shapes.Plan) -> Iterator[Line]:
    """The recommendation for each sub-agent of an SD, phase by phase."""
    sd = plan["next_sd"]
    assert sd is not None
    yield row("BUDGET", status_line(plan))
    yield tokens(plan)
    yield ""
    yield heading("RECOMMENDED")
    yield sd_line(sd)
    yield Text(f"\n    {'sub-agent':<16} {'tier':<7} {'tokens':>11}  why", style="dim")
    for phase, runs in groupby(sd["runs"], key=lambda run: run["phase"]):
        yield ""
        yield Text(f"  {phase}", style="bold")
        for run in runs:
            yield _run(run)
    if sd["besides"] is not None:
        yield ""
        besides = _range(sd["besides"])
        middle = _ends(besides.low, besides.high)
        yield Text(f"    {'main and others':<16} {'':<7} {middle:>11}  {besides.basis}")
    yield ""
    yield from after(sd, plan)


def _run(run: shapes.Run) -> Text:
    return Text.assemble(
        f"    {safe(run['sub_agent']):<16} ",
        (f"{_runs_on(run):<7}", "bold"),
        f" {_ends(run['tokens_min'], run['tokens_max']):>11}  ",
        (run["why"], "dim"),
    )


def _runs_on(run: shapes.Run) -> str:
    """The tier, or what becomes of the run without one."""
    return run["model"] or run["outcome"]


def _range(said: shapes.Tokens) -> TokenRange:
    evidence = Evidence[said["evidence"].upper()]
    return TokenRange(said["low"], said["middle"], said["high"], evidence, said["n"])


def _ends(low: int, high: int) -> str:
    """The range in few characters; one number where its ends read the same."""
    return "–".join(dict.fromkeys(fmt.short(end) for end in (low, high)))


def _allocation(runs: Sequence[shapes.Run]) -> list[tuple[str, str, str]]:
    """Who runs on what and why: those apart whose tier differs from what most get."""
    by_agent: dict[str, list[shapes.Run]] = {}
    for run in runs:
        by_agent.setdefault(run["sub_agent"], []).append(run)
    described = [(who, _tiers(own), _decisive(own)["why"]) for who, own in by_agent.items()]
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


def _tiers(runs: Sequence[shapes.Run]) -> str:
    names = {_runs_on(run) for run in runs}
    if len(names) == 1:
        return names.pop()
    return ", ".join(f"{_runs_on(run)} {run['phase']}" for run in runs)


def _decisive(runs: Sequence[shapes.Run]) -> shapes.Run:
    """The run to explain: the one on the highest tier, or the one that is put off."""
    return max(runs, key=lambda run: (run["rank"] is None, run["rank"] or 0))
