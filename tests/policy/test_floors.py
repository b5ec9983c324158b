"""Rule 3: the least tier allowed for a sub-agent in a phase, and when it gives way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.floors import EVERY, Floor, FloorTable, GivesWay, floor_for
from allocation.policy.phases import Phase
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SHIPPED_TIERS, SONNET, Tier
from allocation.policy.zones import Zone
from tests.policy.shipped import SHIPPED_FLOORS

OPUS_ALWAYS = Floor(OPUS)
SONNET_UNTIL_PRESSURE = Floor(SONNET, GivesWay.UNDER_PRESSURE, HAIKU)
SONNET_UNLESS_READING = Floor(SONNET, GivesWay.READ_ONLY, HAIKU)
HAIKU_ALWAYS = Floor(HAIKU)


def test_tiers_rise_from_haiku_to_fable() -> None:
    assert [tier.name for tier in sorted(SHIPPED_TIERS)] == ["haiku", "sonnet", "opus", "fable"]
    assert [tier.rank for tier in SHIPPED_TIERS] == [10, 20, 30, 40]
    assert all(lower < higher for lower, higher in pairwise(SHIPPED_TIERS))


def test_tiers_compare_by_rank_whatever_they_are_called() -> None:
    assert Tier(30, "Opus") == OPUS
    assert Tier(30, "Opus") >= OPUS
    assert Tier(31, "a") > OPUS


def test_a_tier_prints_as_its_name() -> None:
    assert f"{FABLE}" == "fable"


@pytest.mark.parametrize(
    ("sub_agent", "phase", "floor"),
    [
        ("SECURITY", Phase.LEAD, OPUS_ALWAYS),
        ("SECURITY", Phase.PLAN, OPUS_ALWAYS),
        ("SECURITY", Phase.EXEC, OPUS_ALWAYS),
        ("VALIDATION", Phase.LEAD, SONNET_UNTIL_PRESSURE),
        ("VALIDATION", Phase.PLAN, OPUS_ALWAYS),
        ("VALIDATION", Phase.EXEC, OPUS_ALWAYS),
        ("DATABASE", Phase.LEAD, SONNET_UNLESS_READING),
        ("DATABASE", Phase.PLAN, SONNET_UNLESS_READING),
        ("DATABASE", Phase.EXEC, SONNET_UNLESS_READING),
        ("TESTING", Phase.LEAD, SONNET_UNLESS_READING),
        ("TESTING", Phase.PLAN, SONNET_UNLESS_READING),
        ("TESTING", Phase.EXEC, SONNET_UNLESS_READING),
        ("DOCMON", Phase.LEAD, HAIKU_ALWAYS),
        ("RETRO", Phase.PLAN, HAIKU_ALWAYS),
        ("GITHUB", Phase.EXEC, HAIKU_ALWAYS),
        ("GITHUB-ENHANCED", Phase.EXEC, HAIKU_ALWAYS),
        ("NOBODY-KNOWS", Phase.PLAN, HAIKU_ALWAYS),
    ],
)
def test_the_shipped_floors_are_those_of_rule_3(sub_agent: str, phase: str, floor: Floor) -> None:
    assert floor_for(SHIPPED_FLOORS, sub_agent, phase) == floor


@pytest.mark.parametrize(
    ("rows", "tier"),
    [
        ({("RISK", Phase.LEAD), ("RISK", EVERY), (EVERY, Phase.LEAD), (EVERY, EVERY)}, FABLE),
        ({("RISK", EVERY), (EVERY, Phase.LEAD), (EVERY, EVERY)}, OPUS),
        ({(EVERY, Phase.LEAD), (EVERY, EVERY)}, SONNET),
        ({("RISK", Phase.PLAN), ("UAT", EVERY), (EVERY, Phase.EXEC), (EVERY, EVERY)}, HAIKU),
    ],
)
def test_the_most_particular_floor_applies(rows: set[tuple[str, str]], tier: Tier) -> None:
    rank = {
        ("RISK", Phase.LEAD): FABLE,
        ("RISK", EVERY): OPUS,
        (EVERY, Phase.LEAD): SONNET,
        (EVERY, EVERY): HAIKU,
    }
    table: FloorTable = {key: Floor(rank.get(key, FABLE)) for key in rows}
    assert floor_for(table, "RISK", Phase.LEAD) == Floor(tier)


def test_a_table_without_a_default_row_leaves_haiku() -> None:
    assert floor_for({}, "SECURITY", Phase.EXEC) == HAIKU_ALWAYS


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("tier", SHIPPED_TIERS)
def test_a_floor_that_never_gives_way_holds_in_every_zone(
    zone: Zone, read_only: bool, tier: Tier
) -> None:
    assert Floor(tier).holding(zone, read_only) == tier


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("zone", "tier"),
    [(Zone.GREEN, SONNET), (Zone.YELLOW, HAIKU), (Zone.ORANGE, HAIKU), (Zone.RED, HAIKU)],
)
def test_a_floor_can_give_way_from_yellow_on(zone: Zone, tier: Tier, read_only: bool) -> None:
    assert SONNET_UNTIL_PRESSURE.holding(zone, read_only) == tier


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize(("read_only", "tier"), [(False, SONNET), (True, HAIKU)])
def test_a_floor_can_give_way_to_read_only_work(zone: Zone, read_only: bool, tier: Tier) -> None:
    assert SONNET_UNLESS_READING.holding(zone, read_only) == tier


@pytest.mark.parametrize(
    ("floor", "allowed"),
    [
        (OPUS_ALWAYS, [OPUS, FABLE]),
        (HAIKU_ALWAYS, [HAIKU, SONNET, OPUS, FABLE]),
        (SONNET_UNTIL_PRESSURE, [HAIKU, SONNET, OPUS, FABLE]),
        (SONNET_UNLESS_READING, [HAIKU, SONNET, OPUS, FABLE]),
        (Floor(FABLE, GivesWay.READ_ONLY, OPUS), [HAIKU, SONNET, OPUS, FABLE]),
        (Floor(FABLE), [FABLE]),
    ],
)
def test_an_override_may_go_below_only_what_gives_way(floor: Floor, allowed: list[Tier]) -> None:
    assert [tier for tier in SHIPPED_TIERS if floor.allows(tier)] == allowed


def test_a_floor_that_never_gives_way_has_no_relaxed_tier() -> None:
    with pytest.raises(RuleError, match="has no relaxed tier"):
        Floor(OPUS, GivesWay.NEVER, SONNET)


@pytest.mark.parametrize("gives_way", [GivesWay.UNDER_PRESSURE, GivesWay.READ_ONLY])
@pytest.mark.parametrize("relaxed", [None, SONNET, OPUS])
def test_a_floor_that_gives_way_needs_a_lower_tier_to_go_to(
    gives_way: GivesWay, relaxed: Tier | None
) -> None:
    with pytest.raises(RuleError, match="needs a relaxed tier below the floor"):
        Floor(SONNET, gives_way, relaxed)


@given(
    st.sampled_from([GivesWay.UNDER_PRESSURE, GivesWay.READ_ONLY]),
    st.sets(st.sampled_from(SHIPPED_TIERS), min_size=2, max_size=2),
    st.sampled_from(Zone),
    st.booleans(),
)
def test_what_holds_is_the_floor_or_its_relaxed_tier(
    gives_way: GivesWay, tiers: set[Tier], zone: Zone, read_only: bool
) -> None:
    relaxed, tier = sorted(tiers)
    yields = zone.under_pressure if gives_way is GivesWay.UNDER_PRESSURE else read_only
    assert Floor(tier, gives_way, relaxed).holding(zone, read_only) == (relaxed if yields else tier)
