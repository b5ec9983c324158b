"""Why a decision came out as it did, from the inputs that were frozen with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Q

from allocation.catalog.models import Tier
from allocation.catalog.pricing import load_price_book
from allocation.decisions.models import Decision, DeferredRun
from allocation.decisions.operations import waits_with_its_sd
from allocation.display import format as fmt
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.meter import Meter
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Recommendation, Task, recommend
from allocation.policy.zones import Zone
from allocation.usage.totals import burned_by, total_of


@dataclass(frozen=True, slots=True)
class InZone:
    """What the same run would have got in a zone."""

    zone: Zone
    recommendation: Recommendation
    was_so: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with what would have been otherwise, what it cost and how it ended.

    `steps` are those of the frozen path, to the result. `zones` is empty where the zone had no say,
    and `every_zone` says why. `share`, `used` and `limit` are frozen. `cost` is "" while no usage
    can be told to belong to the run. `wait` is the deferred run's place in the queue, None where it
    has none of its own; `waits_with_its_sd` where it was deferred because its SD is.
    """

    decision: Decision
    heading: str
    steps: list[Mapping[str, str | None]]
    zones: list[InZone]
    every_zone: str
    share: str
    used: str
    limit: str
    floor: str
    cost: str
    wait: DeferredRun | None
    waits_with_its_sd: bool


def explain(decision: Decision, meter: Meter) -> Explanation:
    """The explanation of a decision; its cost is metered with `meter`."""
    used, limit = (decision.inputs.get(name, "") for name in ("used", "effective_limit"))
    waits = DeferredRun.objects.select_related("override__tier").filter(decision=decision)
    return Explanation(
        decision=decision,
        heading=_heading(decision),
        steps=_steps(decision),
        zones=_in_every_zone(decision),
        every_zone=_why_in_every_zone(decision),
        share=fmt.reached(Fraction(decision.share_percent) / 100),
        used=f"{int(used):,}" if used else "",
        limit=f"{int(limit):,}" if limit else "",
        floor=_floor_in_words(decision),
        cost=_cost(decision, meter),
        wait=waits.first(),
        waits_with_its_sd=waits_with_its_sd(decision),
    )


NO_SAY = {
    Outcome.PAUSE: "The SD was halted: the run would have been refused in every zone.",
    Outcome.OFF: "budgetctl was off: every zone would have given the registered default.",
}
PUT_OFF = "The SD was deferred: the run would have been put off in every zone."
GIVES_WAY = {
    GivesWay.UNDER_PRESSURE: "gives way to {} under budget pressure",
    GivesWay.READ_ONLY: "gives way to {} for read-only work",
}


def _why_in_every_zone(decision: Decision) -> str:
    """Why the zone had no say; "" where it had one."""
    return PUT_OFF if waits_with_its_sd(decision) else NO_SAY.get(Outcome(decision.outcome), "")


def _heading(decision: Decision) -> str:
    if decision.recommended:
        return f"{decision.sub_agent} runs on {decision.recommended.name}"
    halted = {Outcome.PAUSE: "refused", Outcome.DEFER: "deferred"}
    return f"{decision.sub_agent} is {halted[Outcome(decision.outcome)]}"


def _steps(decision: Decision) -> list[Mapping[str, str | None]]:
    """Each rule that was asked, in order. The path holds what moved the tier; a floor that left it
    alone, and what came out, are said too."""
    path: list[Mapping[str, str | None]] = [*decision.path]
    rules = {step["rule"] for step in path}
    tier = decision.recommended.name if decision.recommended else None
    if tier and "zone" in rules and "floor" not in rules:
        above = f"The floor is {decision.floor}: {tier} is above it."
        sentence = above if tier != decision.floor else f"{tier.capitalize()} is the floor."
        path.append({"rule": "floor", "tier": tier, "sentence": sentence})
    return [*path, {"rule": "result", "tier": tier, "sentence": f"{_heading(decision)}."}]


def _floor_in_words(decision: Decision) -> str:
    """opus, never gives way; sonnet, gives way to haiku for read-only work."""
    frozen = decision.inputs.get("floor")
    if frozen is None:
        return decision.floor
    how = GIVES_WAY.get(GivesWay(frozen["gives_way"]), "never gives way")
    return f"{frozen['tier']}, {how.format(frozen['relaxed'])}"


def _in_every_zone(decision: Decision) -> list[InZone]:
    if _why_in_every_zone(decision) or "floor" not in decision.inputs:
        return []
    tiers = {tier.name: tier.to_policy() for tier in Tier.objects.all()}
    frozen = decision.inputs["floor"]
    floor = Floor(
        tiers[frozen["tier"]],
        GivesWay(frozen["gives_way"]),
        tiers[frozen["relaxed"]] if frozen["relaxed"] else None,
    )
    task = Task(
        decision.sub_agent,
        Phase(decision.phase),
        decision.complexity,
        decision.critical,
        decision.read_only,
    )
    forced = decision.override.to_policy() if decision.override else None
    ceiling = tiers.get(decision.inputs.get("ceiling") or "")
    return [
        InZone(
            zone,
            recommend(
                task,
                zone=zone,
                floor=floor,
                preferred=tiers[decision.preferred],
                ceiling=ceiling,
                forced=forced,
            ),
            zone == decision.zone,
        )
        for zone in Zone
    ]


def _cost(decision: Decision, meter: Meter) -> str:
    """What the run burned, in the three units side by side; "" where nobody knows."""
    if not decision.agent_id:
        return ""
    run = Q(session_id=decision.session_id, agent_id=decision.agent_id)
    # An agent id is no column of the roll-ups; by session the records themselves are summed.
    parts = burned_by(("session_id",), where=run, meter=meter, book=load_price_book())
    if not parts:
        return ""
    burned = total_of(parts.values())
    raw, usd = f"{fmt.tokens(burned.counts.raw)} raw", fmt.usd(burned.usd)
    return (
        f"{raw}, {usd}"
        if meter.in_dollars
        else (f"{fmt.tokens(burned.budget)} budget tokens, {raw}, {usd}")
    )
