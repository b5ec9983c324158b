"""What ships: tiers, models and prices, sub-agents, floors, meters, the budget rule."""

from datetime import date
from decimal import Decimal

import factory

from allocation.budgets.models import BudgetRule, Meter
from allocation.catalog.models import (
    ClaudeModel,
    ComplexityLevel,
    PassRate,
    PhaseTier,
    Price,
    ReworkPrior,
    SubAgent,
    SubAgentAlias,
    TaskType,
    Tier,
)
from allocation.floors.models import ModelFloor
from allocation.policy import meter as meters
from allocation.policy.names import normal_name
from allocation.policy.phases import Phase
from allocation.policy.tiers import SHIPPED_TIERS
from tests.factories.base import Shipped

RANKS = {tier.name: tier.rank for tier in SHIPPED_TIERS}


class TierFactory(Shipped):
    class Meta:
        model = Tier
        django_get_or_create = ("name",)

    name = "sonnet"
    rank = factory.LazyAttribute(lambda row: RANKS.get(row.name, 100 + len(row.name)))


class ClaudeModelFactory(Shipped):
    class Meta:
        model = ClaudeModel
        django_get_or_create = ("model_id",)

    model_id = "claude-sonnet-4-5"
    tier = factory.SubFactory(TierFactory)


class PriceFactory(Shipped):
    """Sonnet 4.5's price, by default from the day that the shipped prices begin."""

    class Meta:
        model = Price
        django_get_or_create = ("model", "valid_from", "prompt_over")

    model = factory.SubFactory(ClaudeModelFactory)
    valid_from = date(2025, 1, 1)
    prompt_over = 0
    input = Decimal(3)
    output = Decimal(15)
    cache_write_5m = Decimal("3.75")
    cache_write_1h = Decimal(6)
    cache_read = Decimal("0.30")


class TaskTypeFactory(Shipped):
    class Meta:
        model = TaskType
        django_get_or_create = ("slug",)

    slug = "code-generation"
    name = factory.LazyAttribute(lambda row: row.slug.replace("-", " ").capitalize())


class SubAgentFactory(Shipped):
    class Meta:
        model = SubAgent
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"AGENT-{n}")
    purpose = "Something that needs doing"
    default_tier = factory.SubFactory(TierFactory)


class SubAgentAliasFactory(Shipped):
    class Meta:
        model = SubAgentAlias
        django_get_or_create = ("normal_name",)

    sub_agent = factory.SubFactory(SubAgentFactory)
    name = factory.Sequence(lambda n: f"alias-{n}")
    normal_name = factory.LazyAttribute(lambda row: normal_name(row.name))


class PhaseTierFactory(Shipped):
    class Meta:
        model = PhaseTier
        django_get_or_create = ("sub_agent", "phase")

    sub_agent = factory.SubFactory(SubAgentFactory)
    phase = Phase.PLAN.value
    tier = factory.SubFactory(TierFactory, name="opus")


class ReworkPriorFactory(Shipped):
    class Meta:
        model = ReworkPrior
        django_get_or_create = ("task_type", "tier")

    task_type = factory.SubFactory(TaskTypeFactory)
    tier = factory.SubFactory(TierFactory)
    rate_percent = Decimal(8)


class PassRateFactory(Shipped):
    class Meta:
        model = PassRate
        django_get_or_create = ("sub_agent", "phase", "tier")

    sub_agent = factory.SubFactory(SubAgentFactory)
    phase = ""
    tier = factory.SubFactory(TierFactory, name="opus")
    rate_percent = Decimal(90)


class ComplexityLevelFactory(Shipped):
    class Meta:
        model = ComplexityLevel
        django_get_or_create = ("level",)

    level = 3
    name = "Moderate"
    description = "A feature with some design"
    max_lines = 200
    max_dependencies = 5
    preferred = factory.SubFactory(TierFactory)


class ModelFloorFactory(Shipped):
    class Meta:
        model = ModelFloor
        django_get_or_create = ("sub_agent", "phase")

    sub_agent = factory.SubFactory(SubAgentFactory)
    phase = ""
    tier = factory.SubFactory(TierFactory)
    rationale = "It needs reasoning."


class MeterFactory(Shipped):
    class Meta:
        model = Meter
        django_get_or_create = ("name",)

    name = meters.SONNET_EQUIVALENT.name
    weighting = meters.Weighting.LIST_PRICE.value


class BudgetRuleFactory(Shipped):
    """The one budget rule; `BudgetRuleFactory(enabled=False)` turns budgetctl off."""

    class Meta:
        model = BudgetRule
        django_get_or_create = ("pk",)

    pk = 1
    meter = factory.SubFactory(MeterFactory)
