"""What there is to choose from: tiers, models with prices, sub-agents, what is known of them."""

from allocation.catalog.models.sub_agents import (
    PHASES,
    PassRate,
    PhaseTier,
    SubAgent,
    SubAgentAlias,
)
from allocation.catalog.models.tiers import ClaudeModel, Price, Tier
from allocation.catalog.models.work import ComplexityLevel, ReworkPrior, TaskType

__all__ = [
    "PHASES",
    "ClaudeModel",
    "ComplexityLevel",
    "PassRate",
    "PhaseTier",
    "Price",
    "ReworkPrior",
    "SubAgent",
    "SubAgentAlias",
    "TaskType",
    "Tier",
]
