"""Ceilings: what they lower, and what goes before them."""

from hypothesis import assume, given

from allocation.policy.ceilings import ceiling_for
from allocation.policy.floors import Floor
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task, recommend
from allocation.policy.tiers import HAIKU, SONNET, Tier
from allocation.policy.zones import Zone
from tests.policy.runs import floors, overrides, tasks, tiers, zones


def test_a_ceilings_step_stands_in_the_path() -> None:
    answer = recommend(
        Task("DOCMON", Phase.PLAN, 3),
        zone=Zone.GREEN,
        floor=Floor(HAIKU),
        preferred=SONNET,
        ceiling=HAIKU,
    )
    assert [step.rule for step in answer.path] == ["complexity", "zone", "ceiling"]
    assert answer.reason == (
        "DOCMON gets no more than haiku in PLAN: lowered from sonnet to its ceiling."
    )


def test_a_phase_of_its_own_goes_before_all_phases() -> None:
    table = {("DOCMON", "PLAN"): SONNET, ("DOCMON", ""): HAIKU}
    assert ceiling_for(table, "DOCMON", "PLAN") == SONNET
    assert ceiling_for(table, "DOCMON", "EXEC") == HAIKU
    assert ceiling_for(table, "RETRO", "EXEC") is None


@given(tasks, zones, floors, tiers, tiers)
def test_a_ceiling_never_raises_and_never_breaks_a_floor(
    task: Task, zone: Zone, floor: Floor, preferred: Tier, ceiling: Tier
) -> None:
    without = recommend(task, zone=zone, floor=floor, preferred=preferred).tier
    under = recommend(task, zone=zone, floor=floor, preferred=preferred, ceiling=ceiling).tier
    assert (under is None) == (without is None)
    if under is not None and without is not None:
        assert floor.holding(zone, task.read_only) <= under <= without
        assert under == without or not task.critical


@given(tasks, zones, floors, tiers, overrides)
def test_an_override_passes_a_ceiling_by(
    task: Task, zone: Zone, floor: Floor, ceiling: Tier, forced: object
) -> None:
    options = {"zone": zone, "floor": floor, "preferred": SONNET, "forced": forced}
    without = recommend(task, **options)
    assume(without.tier == forced.tier)
    assert recommend(task, ceiling=ceiling, **options).tier == without.tier
