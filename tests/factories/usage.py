"""What was burned, and what the readers of transcripts and telemetry remember."""

from collections.abc import Iterable
from datetime import datetime

import factory
from django.db import transaction
from factory.django import DjangoModelFactory

from allocation.policy.weeks import hour_of
from allocation.usage.models import (
    AgentCall,
    AgentRun,
    Source,
    TranscriptFile,
    UnnamedRequest,
    UsageHour,
    UsageRecord,
)
from allocation.usage.roll_ups import roll_up
from tests.factories.base import NOW


class Usage(DjangoModelFactory):
    class Meta:
        abstract = True

    hour = factory.LazyAttribute(lambda row: NOW)
    sub_agent = ""
    model = "claude-sonnet-4-5"
    source = Source.TRANSCRIPT
    input = 1_000
    output = 200


class UsageRecordFactory(Usage):
    """One API request of the main thread; `hour` follows from `at`."""

    class Meta:
        model = UsageRecord

    message_id = factory.Sequence(lambda n: f"msg_{n:06}")
    request_id = factory.Sequence(lambda n: f"req_{n:06}")
    at = NOW
    hour = factory.LazyAttribute(lambda row: row.at.replace(minute=0, second=0, microsecond=0))
    session_id = "session-1"


class UsageHourFactory(Usage):
    class Meta:
        model = UsageHour

    records = 1


class TranscriptFileFactory(DjangoModelFactory):
    class Meta:
        model = TranscriptFile

    path = factory.Sequence(lambda n: f"/transcripts/session-{n}.jsonl")
    head = "0" * 64
    size = 1_000
    modified_ns = 1_763_496_000_000_000_000
    offset = 1_000


class AgentRunFactory(DjangoModelFactory):
    class Meta:
        model = AgentRun

    session_id = "session-1"
    agent_id = factory.Sequence(lambda n: f"agent-{n}")
    agent_type = "security"
    evidence = 1


class AgentCallFactory(DjangoModelFactory):
    class Meta:
        model = AgentCall

    tool_use_id = factory.Sequence(lambda n: f"toolu_{n:06}")
    session_id = "session-1"
    agent_type = "security"
    agent_id = factory.Sequence(lambda n: f"agent-{n}")
    evidence = 1


class UnnamedRequestFactory(DjangoModelFactory):
    class Meta:
        model = UnnamedRequest

    key = factory.Sequence(lambda n: f"unnamed-{n}")
    session_id = "session-1"
    sight = "{}"


def rebuild_hours(moments: Iterable[datetime]) -> None:
    """Roll up the hours that hold these moments, as storing their records would have done."""
    with transaction.atomic():
        roll_up({hour_of(moment) for moment in moments})
