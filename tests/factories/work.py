"""What happens in a week: SDs, checkpoints, decisions, overrides."""

import uuid
from datetime import timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from allocation.budgets.models import BudgetWeek
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.decisions.models import Decision
from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.floors.models import Override
from allocation.optimizer.models import AppliedChange
from allocation.policy.opportunities import Verdict
from allocation.policy.phases import CheckpointKind, Phase
from allocation.policy.recommend import Outcome
from allocation.policy.reminders import ReminderKind
from allocation.policy.zones import Zone
from allocation.reminders.models import Channel, Delivery, Reminder
from tests.factories.base import NOW, WEEK_END, WEEK_START
from tests.factories.catalog import SubAgentFactory, TierFactory


class BudgetWeekFactory(DjangoModelFactory):
    class Meta:
        model = BudgetWeek

    start = WEEK_START
    end = factory.LazyAttribute(lambda row: row.start + timedelta(days=7))
    limit = Decimal(500_000)


class OverrideFactory(DjangoModelFactory):
    """In force at NOW."""

    class Meta:
        model = Override

    sub_agent = factory.SubFactory(SubAgentFactory)
    tier = factory.SubFactory(TierFactory, name="opus")
    reason = "A release depends on it."
    actor = "chairman"
    created_at = NOW - timedelta(hours=1)
    expires_at = WEEK_END


class StrategicDirectiveFactory(DjangoModelFactory):
    """Proposed, or under way where a phase is given."""

    class Meta:
        model = StrategicDirective

    code = factory.Sequence(lambda n: f"SD-TEST-{n:03}")
    title = "Something worth doing"
    priority = Priority.NORMAL
    phase = ""
    status = factory.LazyAttribute(lambda row: Status.IN_PROGRESS if row.phase else Status.PROPOSED)
    started_at = factory.LazyAttribute(lambda row: row.created_at if row.phase else None)
    completed_at = factory.LazyAttribute(
        lambda row: NOW if row.status == Status.COMPLETED else None
    )
    created_at = NOW - timedelta(days=1)


class CheckpointFactory(DjangoModelFactory):
    class Meta:
        model = Checkpoint

    sd = factory.SubFactory(StrategicDirectiveFactory, phase=Phase.PLAN.value)
    kind = CheckpointKind.LEAD_TO_PLAN.value
    phase = Phase.LEAD.value
    at = NOW
    actor = "chairman"
    tokens = 12_000
    mix = factory.LazyFunction(lambda: {"haiku": 40, "sonnet": 40, "opus": 20})
    state = factory.LazyFunction(lambda: {"zone": "GREEN"})
    submission = factory.Sequence(lambda n: uuid.UUID(int=n))


class SdTokenLogFactory(DjangoModelFactory):
    class Meta:
        model = SdTokenLog

    sd = factory.SubFactory(StrategicDirectiveFactory, phase=Phase.PLAN.value)
    phase = Phase.LEAD.value
    complexity = factory.SelfAttribute("sd.complexity")
    tokens_burned = 12_000
    model_distribution = factory.LazyFunction(lambda: {"haiku": 40, "sonnet": 40, "opus": 20})
    updated_at = NOW


class DecisionFactory(DjangoModelFactory):
    class Meta:
        model = Decision

    at = NOW
    actor = "chairman"
    sub_agent = "TESTING"
    phase = Phase.EXEC.value
    complexity = 3
    zone = Zone.GREEN.value
    share_percent = Decimal(40)
    outcome = Outcome.USE.value
    recommended = factory.SubFactory(TierFactory)
    preferred = "sonnet"
    floor = "sonnet"
    reason = "Complexity 3 prefers sonnet."
    path = factory.LazyFunction(
        lambda: [
            {"rule": "preferred", "tier": "sonnet", "sentence": "Complexity 3 prefers sonnet."}
        ]
    )
    inputs = factory.LazyFunction(lambda: {"zone": "GREEN", "complexity": 3})


class ReminderFactory(DjangoModelFactory):
    """Open, of an SD that is not there."""

    class Meta:
        model = Reminder

    key = factory.LazyAttribute(lambda row: f"{row.kind} {row.subject}")
    kind = ReminderKind.QUIET_SD.value
    subject = factory.Sequence(lambda n: f"SD-QUIET-{n:03}")
    title = factory.LazyAttribute(lambda row: f"{row.subject} is quiet")
    text = factory.LazyAttribute(lambda row: f"{row.subject} is in progress, and quiet.")
    made_at = NOW - timedelta(hours=1)


class DeliveryFactory(DjangoModelFactory):
    """To be sent at NOW."""

    class Meta:
        model = Delivery

    reminder = factory.SubFactory(ReminderFactory)
    channel = Channel.WEBHOOK.value
    made_at = NOW
    next_at = NOW


class AppliedChangeFactory(DjangoModelFactory):
    """Standing since NOW."""

    class Meta:
        model = AppliedChange

    sub_agent = factory.SubFactory(SubAgentFactory)
    phase = Phase.PLAN.value
    from_tier = factory.SubFactory(TierFactory, name="sonnet")
    to_tier = factory.SubFactory(TierFactory, name="haiku")
    at = NOW
    actor = "chairman"
    reason = "Template work."
    meter = "sonnet-equivalent"
    per_week = Decimal(4_000)
    quality = Verdict.UNTRIED.value
