"""The JSON API's answers as text, whether they come from here or from a server elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from allocation.checkpoints.mix_text import in_words
from allocation.display import format as fmt
from allocation.policy.phases import CheckpointKind
from allocation.policy.plain import safe
from allocation.policy.zones import Zone
from budgetctl.cli.printing import Line, row, zone

Json = Mapping[str, Any]


def recommendation(said: Json) -> Iterator[Line]:
    """The tier first, then how the rules came to it."""
    who = Text(f"{safe(said['sub_agent'])} in {said['phase']}")
    if said["outcome"] != "off":
        who = Text.assemble(who, " (", zone(Zone(said["zone"])), ")")
    if said["model"]:
        yield Text.assemble(who, ": run on ", (said["model"], "bold"))
    elif said["outcome"] == "defer":
        yield Text.assemble(who, ": ", ("defer", "bold"), " to the next budget week")
    else:
        yield Text.assemble(who, ": ", (said["outcome"], "bold"))
    for step in said["path"]:
        yield row(step["rule"], safe(step["sentence"]))
    logged = f"logged as decision {said['decision']}"
    yield row("decision", logged if said["decision"] else "a what-if: nothing was logged")


def checkpoint(said: Json) -> Iterator[Line]:
    """What was logged, and what the next phase may run on."""
    tokens, state, phase = said["tokens"], said["state"], said["sd_phase"]
    burned = f"{fmt.tokens(tokens)} tokens" if tokens is not None else "no tokens"
    mix = f" ({in_words(said['mix'])})" if said["mix"] else ""
    label = CheckpointKind(said["kind"]).label
    yield f"{said['sd']}: {label} logged, {burned} in {said['phase']}{mix}"
    status = _status(said["sd_status"])
    goes_on = phase and said["sd_status"] == "in_progress"
    still = "" if goes_on else f", still {status}"
    yield row("SD", f"now in {phase}{still}" if phase else f"now {status}")
    left = f", {fmt.tokens(state['tokens_remaining'])} left"
    yield row("BUDGET", zone(Zone(state["budget_zone"])), left)
    if not goes_on:  # deferred or paused, it may run on nothing
        return
    by_tier: dict[str, list[str]] = {}
    for sub_agent, tier in state["recommended_models"].items():
        by_tier.setdefault(tier, []).append(safe(sub_agent))
    for tier, sub_agents in by_tier.items():
        yield row(tier.upper(), ", ".join(sub_agents))


def sds(said: Sequence[Json]) -> Iterator[Line]:
    """One line for each SD, and one below it for its title or why it is deferred."""
    if not said:
        yield "No SD is open. Propose one: budgetctl sd new SD-… --complexity 3"
        return
    width = max(len(sd["sd"]) for sd in said)
    for sd in said:
        stands = f"in {sd['phase']}" if sd["phase"] else _status(sd["status"])
        if sd["phase"] and sd["status"] != "in_progress":
            stands = f"{_status(sd['status'])} {stands}"
        marks = [f"complexity {sd['complexity']}/5"]
        if sd["priority"] != "normal":
            marks.append(f"{sd['priority']} priority")
        if sd["critical"]:
            marks.append("critical")
        if sd["estimate"] is not None:
            marks.append(f"~{fmt.short(sd['estimate'])} tokens")
        yield Text.assemble((f"{sd['sd']:<{width}}", "bold"), f"  {stands}; {', '.join(marks)}")
        for line in filter(None, (sd["title"], sd["deferral_reason"])):
            yield Text(f"  {safe(line)}", style="dim")


def _status(value: str) -> str:
    return value.replace("_", " ")
