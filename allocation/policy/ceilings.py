"""Ceilings: the most that complexity may ask for, for a sub-agent in a phase.

A ceiling is how the Chairman moves ordinary work down a tier. It caps the preference of rule 2 and
nothing else: where a floor is higher than the ceiling the floor holds, and neither critical tasks
nor overrides are capped.
"""

from collections.abc import Mapping

from allocation.policy.floors import EVERY
from allocation.policy.tiers import Tier

# A key is (sub-agent, phase); "" stands for every phase.
CeilingTable = Mapping[tuple[str, str], Tier]


def ceiling_for(table: CeilingTable, sub_agent: str, phase: str) -> Tier | None:
    """The ceiling of a sub-agent in a phase, its own before that for all phases; None without."""
    return table.get((sub_agent, phase)) or table.get((sub_agent, EVERY))
