"""Why a decision came out as it did, from the inputs that were frozen with it."""

from dataclasses import dataclass

from django.db.models import Q

from allocation.catalog.models import Tier
from allocation.catalog.pricing import load_price_book
from allocation.decisions.models import Decision
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.meter import Meter
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Recommendation, Task, recommend
from allocation.policy.zones import Zone
from allocation.usage.totals import Burned, burned_by, total_of


@dataclass(frozen=True, slots=True)
class InZone:
    """What the same run would have got in a zone."""

    zone: Zone
    recommendation: Recommendation
    was_so: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with what would have been otherwise, and what it cost.

    `zones` is empty for a paused run: it would have been paused in every zone.
    `cost` is None while no usage can be told to belong to the run.
    """

    decision: Decision
    zones: list[InZone]
    cost: Burned | None


def explain(decision: Decision, meter: Meter) -> Explanation:
    """The explanation of a decision; its cost is metered with `meter`."""
    return Explanation(decision, _in_every_zone(decision), _cost(decision, meter))


def _in_every_zone(decision: Decision) -> list[InZone]:
    if decision.outcome == Outcome.PAUSE:
        return []  # the zone has no say in it
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


def _cost(decision: Decision, meter: Meter) -> Burned | None:
    if not decision.agent_id:
        return None
    run = Q(session_id=decision.session_id, agent_id=decision.agent_id)
    # An agent id is no column of the roll-ups; by session the records themselves are summed.
    parts = burned_by(("session_id",), where=run, meter=meter, book=load_price_book())
    return total_of(parts.values()) if parts else None
