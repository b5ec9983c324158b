"""Rows to test with: valid, deterministic, and as plain as a row of their kind can be.

    SubAgentFactory(code="SECURITY")          the shipped sub-agent, where the facts are loaded
    UsageRecordFactory(input=1_000, sd=sd)    one API request
    BudgetWeekFactory()                       the week around NOW with a limit of 500,000

What ships and has a natural key (tiers, models, sub-agents, task types, meters …) is looked up by
that key and made only where it is missing; columns passed along are then set. All else is new.
"""

from factory.django import DjangoModelFactory

from tests.factories.base import NOW, WEEK_END, WEEK_START
from tests.factories.catalog import (
    BudgetRuleFactory,
    ClaudeModelFactory,
    ComplexityLevelFactory,
    MeterFactory,
    ModelFloorFactory,
    PassRateFactory,
    PhaseTierFactory,
    PriceFactory,
    ReworkPriorFactory,
    SubAgentAliasFactory,
    SubAgentFactory,
    TaskTypeFactory,
    TierFactory,
)
from tests.factories.people import (
    PASSWORD,
    AuditEntryFactory,
    ChairmanFactory,
    UserFactory,
)
from tests.factories.usage import (
    AgentCallFactory,
    AgentRunFactory,
    TranscriptFileFactory,
    UnnamedRequestFactory,
    UsageHourFactory,
    UsageRecordFactory,
    rebuild_hours,
)
from tests.factories.work import (
    AppliedChangeFactory,
    BudgetWeekFactory,
    CheckpointFactory,
    DecisionFactory,
    DeliveryFactory,
    OverrideFactory,
    ReminderFactory,
    SdTokenLogFactory,
    StrategicDirectiveFactory,
)

FACTORIES: list[type[DjangoModelFactory]] = [
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, DjangoModelFactory) and kind._meta.model
]


def count_from_one() -> None:
    """Begin all names with a number in them anew."""
    for kind in FACTORIES:
        kind.reset_sequence(1, force=True)


__all__ = [
    "FACTORIES",
    "NOW",
    "PASSWORD",
    "WEEK_END",
    "WEEK_START",
    "AgentCallFactory",
    "AgentRunFactory",
    "AppliedChangeFactory",
    "AuditEntryFactory",
    "BudgetRuleFactory",
    "BudgetWeekFactory",
    "ChairmanFactory",
    "CheckpointFactory",
    "ClaudeModelFactory",
    "ComplexityLevelFactory",
    "DecisionFactory",
    "DeliveryFactory",
    "MeterFactory",
    "ModelFloorFactory",
    "OverrideFactory",
    "PassRateFactory",
    "PhaseTierFactory",
    "PriceFactory",
    "ReminderFactory",
    "ReworkPriorFactory",
    "SdTokenLogFactory",
    "StrategicDirectiveFactory",
    "SubAgentAliasFactory",
    "SubAgentFactory",
    "TaskTypeFactory",
    "TierFactory",
    "TranscriptFileFactory",
    "UnnamedRequestFactory",
    "UsageHourFactory",
    "UsageRecordFactory",
    "UserFactory",
    "count_from_one",
    "rebuild_hours",
]
