"""The sentences that tell why a tier was chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.complexity import preferred_tier
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.phases import Phase
from allocation.policy.recommend import ForcedTier, Outcome, Task, recommend
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SONNET, Tier
from allocation.policy.zones import Zone
from tests.policy.runs import (
    floors,
    overrides,
    shipped,
    tasks,
    to,
    zones,
)

GREEN, YELLOW, ORANGE, RED = Zone
LEAD, PLAN, EXEC = Phase


@pytest.mark.parametrize(
    ("task", "zone", "reason"),
    [
        (Task("API", PLAN, 3), GREEN, "Green zone: the preferred sonnet is affordable."),
        (Task("API", PLAN, 1), YELLOW, "Yellow zone: haiku is enough."),
        (Task("API", PLAN, 3), YELLOW, "Yellow zone: saving tokens, haiku instead of sonnet."),
        (Task("API", PLAN, 4), YELLOW, "Yellow zone: complexity 4 gets sonnet."),
        (Task("API", PLAN, 1, critical=True), YELLOW, "Yellow zone: a critical task gets sonnet."),
        (
            Task("API", PLAN, 4, critical=True),
            ORANGE,
            "Orange zone: a critical task of complexity 4 gets sonnet.",
        ),
        (Task("API", PLAN, 5), RED, "Red zone: saving tokens, haiku instead of opus."),
        (
            Task("SECURITY", EXEC, 5, critical=True),
            RED,
            "Red zone, but a critical security task of complexity 5 keeps opus.",
        ),
        (
            Task("SECURITY", EXEC, 3),
            RED,
            "Red zone and the floor of SECURITY is opus: "
            "deferred to the next budget week rather than run below its floor.",
        ),
        (
            Task("SECURITY", EXEC, 3),
            GREEN,
            "SECURITY never runs below opus in EXEC: raised from sonnet to its floor.",
        ),
        (
            Task("DATABASE", PLAN, 1),
            GREEN,
            "DATABASE runs below sonnet in PLAN only for read-only work: "
            "raised from haiku to its floor.",
        ),
        (
            Task("VALIDATION", LEAD, 1),
            GREEN,
            "VALIDATION runs below sonnet in LEAD only under budget pressure: "
            "raised from haiku to its floor.",
        ),
        (
            Task("VALIDATION", LEAD, 1),
            ORANGE,
            "The sonnet floor of VALIDATION gives way to haiku: the zone is Orange.",
        ),
        (
            Task("TESTING", EXEC, 1, read_only=True),
            GREEN,
            "The sonnet floor of TESTING gives way to haiku: the work only reads.",
        ),
    ],
)
def test_the_reason_names_what_decided(task: Task, zone: Zone, reason: str) -> None:
    assert shipped(task, zone).reason == reason


@pytest.mark.parametrize(
    ("sub_agent", "tier", "reason"),
    [
        ("DATABASE", HAIKU, "Override to haiku by Ada: third try failed."),
        ("DOCMON", FABLE, "Override to fable by Ada: third try failed."),
        (
            "SECURITY",
            SONNET,
            "Override to sonnet (by Ada: third try failed) stops at the opus floor, "
            "which never gives way.",
        ),
    ],
)
def test_the_reason_of_an_override_names_who_and_why(
    sub_agent: str, tier: Tier, reason: str
) -> None:
    assert shipped(Task(sub_agent, EXEC, 1), GREEN, to(tier)).reason == reason


@pytest.mark.parametrize("reason", ["Because.", "Because", " Because. \n"])
def test_the_chairman_s_full_stop_is_not_doubled(reason: str) -> None:
    answer = shipped(Task("UAT", EXEC, 1), GREEN, ForcedTier(OPUS, reason, "Ada"))
    assert answer.reason == "Override to opus by Ada: Because."


@pytest.mark.parametrize(
    ("complexity", "relaxed", "reasons"),
    [
        (1, HAIKU, ["The opus floor of RISK gives way to haiku: the work only reads."]),
        (
            3,
            HAIKU,
            ["The opus floor of RISK gives way to haiku, so sonnet stands: the work only reads."],
        ),
        (
            1,
            SONNET,
            [
                "The opus floor of RISK gives way to sonnet: the work only reads.",
                "RISK never runs below sonnet in LEAD: raised from haiku to its floor.",
            ],
        ),
        (5, SONNET, []),
    ],
)
def test_a_floor_that_gives_way_says_what_it_leaves(
    complexity: int, relaxed: Tier, reasons: list[str]
) -> None:
    answer = recommend(
        Task("RISK", LEAD, complexity, read_only=True),
        zone=GREEN,
        floor=Floor(OPUS, GivesWay.READ_ONLY, relaxed),
        preferred=preferred_tier(complexity),
    )
    assert [step.sentence for step in answer.path if step.rule == "floor"] == reasons


def test_the_path_tells_each_rule_in_its_turn() -> None:
    answer = shipped(Task("DATABASE", EXEC, 3), ORANGE)
    assert [(step.rule, step.tier) for step in answer.path] == [
        ("complexity", SONNET),
        ("zone", HAIKU),
        ("floor", SONNET),
    ]
    assert answer.path[0].sentence == "Complexity 3 prefers sonnet."


@given(tasks, zones, floors, st.none() | overrides)
def test_a_path_ends_at_the_result_in_whole_sentences(
    task: Task, zone: Zone, floor: Floor, forced: ForcedTier | None
) -> None:
    preferred = preferred_tier(task.complexity)
    answer = recommend(task, zone=zone, floor=floor, preferred=preferred, forced=forced)
    assert answer.path[-1].tier == answer.tier
    assert (answer.tier is None) is (answer.outcome is Outcome.DEFER)
    assert all(step.sentence.strip(" .") and step.sentence.endswith(".") for step in answer.path)
    named = answer.tier or answer.floor
    assert named.name in answer.reason
