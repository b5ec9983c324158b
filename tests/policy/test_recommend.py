"""Rules 2 to 4 and 6: which tier a sub-agent may run on, or that its run is deferred."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.complexity import preferred_tier
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.phases import Phase
from allocation.policy.recommend import (
    Outcome,
    Task,
    recommend,
    switched_off,
)
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SHIPPED_TIERS, SONNET, Tier
from allocation.policy.zones import Zone
from tests.policy.runs import SUB_AGENTS, floors, shipped, tasks, tiers, zones

COMPLEXITIES = range(1, 6)
GREEN, YELLOW, ORANGE, RED = Zone
LEAD, PLAN, EXEC = Phase


# ---------------------------------------------------------------------------------------------
# An oracle of rules 2 to 4, copied from their text row by row and sharing no code with
# the rules. `True` and `False` in a table are "critical"; "-" is a deferral.

RANK = {"-": 0, "haiku": 1, "sonnet": 2, "opus": 3}

PREFERRED = {1: "haiku", 2: "haiku", 3: "sonnet", 4: "sonnet", 5: "opus"}
WANTED = {
    "GREEN": {True: PREFERRED, False: PREFERRED},
    "YELLOW": {
        True: {1: "sonnet", 2: "sonnet", 3: "sonnet", 4: "sonnet", 5: "sonnet"},
        False: {1: "haiku", 2: "haiku", 3: "haiku", 4: "sonnet", 5: "sonnet"},
    },
    "ORANGE": {
        True: {1: "haiku", 2: "haiku", 3: "haiku", 4: "sonnet", 5: "sonnet"},
        False: {1: "haiku", 2: "haiku", 3: "haiku", 4: "haiku", 5: "haiku"},
    },
}
FLOOR_ROWS = [
    {"who": "SECURITY", "phases": "LEAD PLAN EXEC", "floor": "opus"},
    {"who": "VALIDATION", "phases": "PLAN EXEC", "floor": "opus"},
    {"who": "VALIDATION", "phases": "LEAD", "floor": "sonnet", "pressure": "haiku"},
    {"who": "DATABASE", "phases": "LEAD PLAN EXEC", "floor": "sonnet", "read-only": "haiku"},
    {"who": "TESTING", "phases": "LEAD PLAN EXEC", "floor": "sonnet", "read-only": "haiku"},
]


def oracle_floor(who: str, phase: str, zone: str, read_only: bool) -> str:
    for row in FLOOR_ROWS:
        if row["who"] == who and phase in row["phases"].split():
            if "pressure" in row and zone in ("YELLOW", "ORANGE", "RED"):
                return row["pressure"]
            if "read-only" in row and read_only:
                return row["read-only"]
            return row["floor"]
    return "haiku"


def oracle(who: str, phase: str, zone: str, run: tuple[int, bool, bool]) -> str:
    complexity, critical, read_only = run
    floor = oracle_floor(who, phase, zone, read_only)
    if zone != "RED":
        wanted = WANTED[zone][critical][complexity]
    elif (who, critical, complexity) == ("SECURITY", True, 5):
        wanted = "opus"
    elif floor == "opus":
        return "-"
    else:
        wanted = "haiku"
    return max(wanted, floor, key=RANK.__getitem__)


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("sub_agent", SUB_AGENTS)
def test_every_combination_is_decided_as_the_rules_say(
    sub_agent: str, phase: Phase, zone: Zone
) -> None:
    decided, expected = {}, {}
    for key in product(COMPLEXITIES, [False, True], [False, True]):  # critical, read-only
        tier = shipped(Task(sub_agent, phase, *key), zone).tier
        decided[key] = tier.name if tier else "-"
        expected[key] = oracle(sub_agent, phase.value, zone.value, key)
    assert len(decided) == 20
    assert decided == expected


def test_the_oracle_is_asked_all_3840_combinations() -> None:
    assert len(set(SUB_AGENTS)) * len(Phase) * len(Zone) * 20 == 3_840


# ---------------------------------------------------------------------------------------------
# The same rules as a reader would try them out.


@pytest.mark.parametrize(
    ("complexity", "critical", "tiers"),
    [
        (1, False, [HAIKU, HAIKU, HAIKU, HAIKU]),
        (2, False, [HAIKU, HAIKU, HAIKU, HAIKU]),
        (3, False, [SONNET, HAIKU, HAIKU, HAIKU]),
        (4, False, [SONNET, SONNET, HAIKU, HAIKU]),
        (5, False, [OPUS, SONNET, HAIKU, HAIKU]),
        (1, True, [HAIKU, SONNET, HAIKU, HAIKU]),  # the report's rule, kept as it is
        (2, True, [HAIKU, SONNET, HAIKU, HAIKU]),
        (3, True, [SONNET, SONNET, HAIKU, HAIKU]),
        (4, True, [SONNET, SONNET, SONNET, HAIKU]),
        (5, True, [OPUS, SONNET, SONNET, HAIKU]),
    ],
)
def test_without_a_floor_the_zone_and_the_complexity_decide(
    complexity: int, critical: bool, tiers: list[Tier]
) -> None:
    task = Task("STORIES", PLAN, complexity, critical)
    assert [shipped(task, zone).tier for zone in (GREEN, YELLOW, ORANGE, RED)] == tiers


@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("complexity", COMPLEXITIES)
@pytest.mark.parametrize("phase", Phase)
def test_security_keeps_opus_until_red(phase: Phase, complexity: int, critical: bool) -> None:
    task = Task("SECURITY", phase, complexity, critical, read_only=True)
    assert {shipped(task, zone).tier for zone in (GREEN, YELLOW, ORANGE)} == {OPUS}


@pytest.mark.parametrize(
    ("sub_agent", "phase", "complexity", "critical", "outcome"),
    [
        ("SECURITY", EXEC, 5, True, Outcome.USE),
        ("SECURITY", EXEC, 4, True, Outcome.DEFER),
        ("SECURITY", EXEC, 5, False, Outcome.DEFER),
        ("SECURITY", LEAD, 1, False, Outcome.DEFER),
        ("VALIDATION", EXEC, 5, True, Outcome.DEFER),
        ("VALIDATION", PLAN, 1, False, Outcome.DEFER),
        ("VALIDATION", LEAD, 5, True, Outcome.USE),
        ("DATABASE", EXEC, 5, True, Outcome.USE),
    ],
)
def test_in_red_an_opus_floor_defers_all_but_critical_security_of_complexity_5(
    sub_agent: str, phase: Phase, complexity: int, critical: bool, outcome: Outcome
) -> None:
    assert shipped(Task(sub_agent, phase, complexity, critical), RED).outcome is outcome


@pytest.mark.parametrize("zone", [ORANGE, RED])
def test_orange_and_red_never_return_haiku_below_a_sonnet_floor(zone: Zone) -> None:
    answer = shipped(Task("DATABASE", EXEC, 1), zone)
    assert (answer.tier, answer.floor) == (SONNET, SONNET)
    assert shipped(Task("DATABASE", EXEC, 1, read_only=True), zone).tier == HAIKU


def test_a_floor_above_opus_defers_in_red_too() -> None:
    answer = recommend(Task("RISK", PLAN, 1), zone=RED, floor=Floor(FABLE), preferred=HAIKU)
    assert (answer.outcome, answer.tier, answer.floor) == (Outcome.DEFER, None, FABLE)


@pytest.mark.parametrize(
    ("relaxed", "read_only", "tier"), [(HAIKU, True, HAIKU), (SONNET, True, SONNET)]
)
def test_an_opus_floor_that_gives_way_does_not_defer(
    relaxed: Tier, read_only: bool, tier: Tier
) -> None:
    floor = Floor(OPUS, GivesWay.READ_ONLY, relaxed)
    task = Task("RISK", PLAN, 5, read_only=read_only)
    assert recommend(task, zone=RED, floor=floor, preferred=OPUS).tier == tier
    unread = replace(task, read_only=False)
    assert recommend(unread, zone=RED, floor=floor, preferred=OPUS).outcome is Outcome.DEFER


def test_an_answer_tells_what_complexity_alone_would_prefer() -> None:
    assert shipped(Task("DESIGN", PLAN, 5), ORANGE).preferred == OPUS


# ---------------------------------------------------------------------------------------------
# Rule 6: off is off.


@pytest.mark.parametrize("tier", SHIPPED_TIERS)
def test_switched_off_the_registered_default_is_all_there_is(tier: Tier) -> None:
    answer = switched_off(tier, preferred=HAIKU, floor=OPUS)
    assert (answer.outcome, answer.tier) == (Outcome.OFF, tier)
    assert (answer.preferred, answer.floor) == (HAIKU, OPUS)
    assert answer.reason == f"budgetctl is off: the registered default, {tier}."


# ---------------------------------------------------------------------------------------------
# What holds for every task and every floor the Chairman may set.


@given(tasks, zones, floors, tiers)
def test_no_recommendation_is_below_a_floor_that_holds(
    task: Task, zone: Zone, floor: Floor, preferred: Tier
) -> None:
    answer = recommend(task, zone=zone, floor=floor, preferred=preferred)
    assert answer.floor == floor.holding(zone, task.read_only)
    assert answer.tier is None or answer.tier >= answer.floor


@given(tasks, floors, st.lists(zones, min_size=2, max_size=2))
def test_a_worse_zone_never_picks_a_higher_tier_for_what_is_not_critical(
    task: Task, floor: Floor, two: list[Zone]
) -> None:
    task = replace(task, critical=False)
    better, worse = (
        recommend(task, zone=zone, floor=floor, preferred=preferred_tier(task.complexity))
        for zone in sorted(two, key=lambda zone: zone.severity)
    )
    # A deferral spends nothing, so it stands below every tier.
    if better.tier is None:
        assert worse.tier is None
    else:
        assert worse.tier is None or worse.tier <= better.tier


@given(tasks, zones, floors)
def test_critical_work_never_gets_less(task: Task, zone: Zone, floor: Floor) -> None:
    plain, critical = (
        recommend(
            replace(task, critical=flag),
            zone=zone,
            floor=floor,
            preferred=preferred_tier(task.complexity),
        )
        for flag in (False, True)
    )
    if plain.tier is not None:
        assert critical.tier is not None
        assert critical.tier >= plain.tier
