"""Rule 5: the Chairman's word."""

import pytest
from hypothesis import given

from allocation.policy.errors import RuleError
from allocation.policy.floors import Floor
from allocation.policy.phases import Phase
from allocation.policy.recommend import ForcedTier, Outcome, Task, recommend
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SHIPPED_TIERS, SONNET, Tier
from allocation.policy.zones import Zone
from tests.policy.runs import (
    SUB_AGENTS,
    firm_floors,
    overrides,
    shipped,
    tasks,
    tiers,
    to,
    yielding_floors,
    zones,
)

GREEN, YELLOW, ORANGE, RED = Zone
LEAD, PLAN, EXEC = Phase


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("sub_agent", SUB_AGENTS)
@pytest.mark.parametrize("tier", [OPUS, FABLE])
def test_an_override_raises_any_sub_agent_in_any_zone(
    sub_agent: str, tier: Tier, zone: Zone
) -> None:
    answer = shipped(Task(sub_agent, EXEC, 1), zone, to(tier))
    assert (answer.outcome, answer.tier) == (Outcome.USE, tier)


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize(
    ("sub_agent", "phase"), [("VALIDATION", LEAD), ("DATABASE", EXEC), ("TESTING", EXEC)]
)
def test_an_override_lowers_what_gives_way(sub_agent: str, phase: Phase, zone: Zone) -> None:
    answer = shipped(Task(sub_agent, phase, 5, critical=True), zone, to(HAIKU))
    assert (answer.outcome, answer.tier, answer.floor) == (Outcome.USE, HAIKU, HAIKU)


@pytest.mark.parametrize("zone", [GREEN, YELLOW, ORANGE])
@pytest.mark.parametrize("tier", [HAIKU, SONNET])
@pytest.mark.parametrize(
    ("sub_agent", "phase"), [("SECURITY", LEAD), ("VALIDATION", PLAN), ("VALIDATION", EXEC)]
)
def test_a_floor_that_never_gives_way_stops_an_override(
    sub_agent: str, phase: Phase, tier: Tier, zone: Zone
) -> None:
    answer = shipped(Task(sub_agent, phase, 1), zone, to(tier))
    assert (answer.outcome, answer.tier, answer.floor) == (Outcome.USE, OPUS, OPUS)
    assert answer.path[-1].rule == "override"


@pytest.mark.parametrize("tier", [HAIKU, SONNET])
def test_an_override_below_the_floor_does_not_undo_a_deferral(tier: Tier) -> None:
    answer = shipped(Task("SECURITY", EXEC, 3), RED, to(tier))
    assert (answer.outcome, answer.tier) == (Outcome.DEFER, None)
    assert [step.rule for step in answer.path] == ["complexity", "override", "zone"]


def test_an_override_below_the_floor_does_not_defer_what_red_lets_through() -> None:
    answer = shipped(Task("SECURITY", EXEC, 5, critical=True), RED, to(HAIKU))
    assert (answer.outcome, answer.tier) == (Outcome.USE, OPUS)


@pytest.mark.parametrize("tier", SHIPPED_TIERS)
def test_an_override_sets_the_tier_where_no_floor_is_in_its_way(tier: Tier) -> None:
    assert shipped(Task("DOCMON", LEAD, 5), GREEN, to(tier)).tier == tier


@pytest.mark.parametrize(
    ("reason", "actor"), [("", "Ada"), (" \n", "Ada"), ("why", ""), ("why", " "), ("", "")]
)
def test_an_override_needs_a_reason_and_an_actor(reason: str, actor: str) -> None:
    with pytest.raises(RuleError, match="An override needs a reason and an actor"):
        ForcedTier(OPUS, reason, actor)


@given(tasks, zones, firm_floors, tiers, overrides)
def test_no_override_is_below_a_floor_that_never_gives_way(
    task: Task, zone: Zone, floor: Floor, preferred: Tier, forced: ForcedTier
) -> None:
    answer = recommend(task, zone=zone, floor=floor, preferred=preferred, forced=forced)
    assert answer.tier is None or answer.tier == max(forced.tier, floor.tier)


@given(tasks, zones, yielding_floors, tiers, overrides)
def test_an_override_is_the_last_word_where_the_floor_can_give_way(
    task: Task, zone: Zone, floor: Floor, preferred: Tier, forced: ForcedTier
) -> None:
    answer = recommend(task, zone=zone, floor=floor, preferred=preferred, forced=forced)
    assert (answer.outcome, answer.tier) == (Outcome.USE, forced.tier)
