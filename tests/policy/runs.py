"""What the tests of recommendations share: how to ask, and anything that could be asked."""

from hypothesis import strategies as st

from allocation.policy.complexity import preferred_tier
from allocation.policy.floors import Floor, GivesWay, floor_for
from allocation.policy.phases import Phase
from allocation.policy.recommend import ForcedTier, Recommendation, Task, recommend
from allocation.policy.tiers import SHIPPED_TIERS, Tier
from allocation.policy.zones import Zone
from tests.policy.shipped import SHIPPED_FLOORS

SUB_AGENTS = [
    "VALIDATION",
    "SECURITY",
    "DATABASE",
    "TESTING",
    "DESIGN",
    "PERFORMANCE",
    "GITHUB",
    "DOCMON",
    "RETRO",
    "STORIES",
    "RISK",
    "UAT",
    "API",
    "DEPENDENCY",
    "QUICKFIX",
    "GITHUB-ENHANCED",
]

tasks = st.builds(
    Task,
    st.sampled_from(SUB_AGENTS),
    st.sampled_from(Phase),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
)
zones = st.sampled_from(Zone)
tiers = st.sampled_from(SHIPPED_TIERS)
firm_floors = st.builds(Floor, tiers)
yielding_floors = st.builds(
    lambda pair, gives_way: Floor(max(pair), gives_way, min(pair)),
    st.sets(tiers, min_size=2, max_size=2),
    st.sampled_from([GivesWay.UNDER_PRESSURE, GivesWay.READ_ONLY]),
)
floors = firm_floors | yielding_floors
overrides = st.builds(ForcedTier, tiers, st.just("third try failed"), st.just("Ada"))


def shipped(task: Task, zone: Zone, forced: ForcedTier | None = None) -> Recommendation:
    """The answer with the floors and preferences that ship."""
    return recommend(
        task,
        zone=zone,
        floor=floor_for(SHIPPED_FLOORS, task.sub_agent, task.phase),
        preferred=preferred_tier(task.complexity),
        forced=forced,
    )


def to(tier: Tier) -> ForcedTier:
    """An override to a tier."""
    return ForcedTier(tier, "third try failed", "Ada")
