"""Rule 3: the least tier allowed for a sub-agent in a phase, and when it gives way."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from allocation.policy.errors import RuleError
from allocation.policy.tiers import HAIKU, Tier
from allocation.policy.zones import Zone


class GivesWay(StrEnum):
    """When a floor yields to its relaxed tier."""

    NEVER = "never"
    UNDER_PRESSURE = "under_pressure"  # the zone is YELLOW or worse
    READ_ONLY = "read_only"  # the run only reads


@dataclass(frozen=True, slots=True)
class Floor:
    """A floor as the Chairman set it.

    `relaxed` is the tier it yields to and is given exactly when it can give way.
    Raises RuleError where the two contradict each other.
    """

    tier: Tier
    gives_way: GivesWay = GivesWay.NEVER
    relaxed: Tier | None = None

    def __post_init__(self) -> None:
        if self.gives_way is GivesWay.NEVER:
            if self.relaxed is not None:
                raise RuleError("A floor that never gives way has no relaxed tier.")
        elif self.relaxed is None or self.relaxed >= self.tier:
            raise RuleError("A floor that gives way needs a relaxed tier below the floor.")

    def holding(self, zone: Zone, read_only: bool) -> Tier:
        """The tier that no recommendation may go below in this zone for this kind of work."""
        if self.relaxed is None:
            return self.tier
        if self.gives_way is GivesWay.UNDER_PRESSURE:
            return self.relaxed if zone.under_pressure else self.tier
        return self.relaxed if read_only else self.tier

    def allows(self, tier: Tier) -> bool:
        """Whether the Chairman's override may name this tier (rule 5)."""
        return tier >= self.tier or self.gives_way is not GivesWay.NEVER


# A key is (sub-agent, phase); "" stands for every sub-agent or every phase.
FloorTable = Mapping[tuple[str, str], Floor]

EVERY = ""


def floor_for(table: FloorTable, sub_agent: str, phase: str) -> Floor:
    """The most particular floor: sub-agent and phase, sub-agent, phase, then the default row.

    A table without a default row leaves HAIKU, the least tier there is.
    """
    for key in ((sub_agent, phase), (sub_agent, EVERY), (EVERY, phase), (EVERY, EVERY)):
        floor = table.get(key)
        if floor is not None:
            return floor
    return Floor(HAIKU)
