"""Telemetry without request ids beside transcripts: never counted twice, in whatever order."""

import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.usage.ingest import store
from allocation.usage.models import UnnamedRequest, UsageHour, UsageRecord
from allocation.usage.observation import UNNAMED, Observation
from allocation.usage.operations import check_roll_ups
from allocation.usage.sights import Sights
from allocation.usage.terms import load_terms
from allocation.usage.unnamed import settle
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def told(number: int, **more: Any) -> Observation:
    """Telemetry of request `number`: final output, no ids, no agent."""
    at = NOW + timedelta(seconds=10 * number, milliseconds=60)
    given: dict[str, Any] = {
        "message_id": f"{UNNAMED}{number}",
        "request_id": None,
        "source": "otlp",
        "at": at,
        "counted_at": at,
        "session_id": "s",
        "sidechain": True,
        "model": "claude-sonnet-4-5",
        "answered": False,
        "input": 1_000 * number,
        "output": 100 * number,
        "cache_write_5m": 30 * number,
        "cache_read": 5 * number,
    }
    return Observation(**given | more)


def written(number: int, **more: Any) -> Observation:
    """The transcript's line of request `number`: a placeholder for its output."""
    at = NOW + timedelta(seconds=10 * number)
    given: dict[str, Any] = {
        "message_id": f"msg_{number}",
        "request_id": f"req_{number}",
        "source": "transcript",
        "at": at,
        "counted_at": at,
        "session_id": "s",
        "agent_id": "a1",
        "agent_type": "docmon",
        "sidechain": True,
        "model": "claude-sonnet-4-5",
        "output_final": False,
        "input": 1_000 * number,
        "output": 1,
        "cache_write_5m": 10 * number,
        "cache_write_1h": 20 * number,
        "cache_read": 5 * number,
    }
    return Observation(**given | more)


def keep(*seen: Observation) -> None:
    store(list(seen), terms=load_terms)
    assert check_roll_ups(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=3)) == []


def counted() -> list[tuple[Any, ...]]:
    rows = UsageRecord.objects.order_by("input", "message_id")
    return list(rows.values_list("message_id", "output", "sub_agent", "source"))


def test_without_a_transcript_they_count_as_they_are() -> None:
    keep(told(1), told(2))
    keep(told(2), told(1))
    assert counted() == [
        (f"{UNNAMED}1", 100, "unknown", "otlp"),
        (f"{UNNAMED}2", 200, "unknown", "otlp"),
    ]


@pytest.mark.parametrize("order", ["telemetry first", "transcript first", "together"])
def test_a_transcript_takes_them_over(order: str) -> None:
    tellings, lines = [told(1), told(2)], [written(1), written(2)]
    if order == "together":
        keep(*tellings, *lines)
    else:
        for part in (tellings, lines) if order == "telemetry first" else (lines, tellings):
            keep(*part)
    after = [("msg_1", 100, "DOCMON", "otlp"), ("msg_2", 200, "DOCMON", "otlp")]
    assert counted() == after
    keep(*tellings)
    keep(*lines)
    assert counted() == after
    assert list(UsageRecord.objects.values_list("cache_write_5m", "cache_write_1h")) == [
        (20, 40),
        (10, 20),
    ]


def test_what_the_transcript_has_not_yet_is_not_counted_until_it_has() -> None:
    keep(told(1), told(2))
    keep(written(1))
    assert counted() == [("msg_1", 100, "DOCMON", "otlp")]
    keep(told(2))
    assert len(counted()) == 1
    keep(written(2))
    assert counted() == [("msg_1", 100, "DOCMON", "otlp"), ("msg_2", 200, "DOCMON", "otlp")]


def test_other_sessions_are_left_alone() -> None:
    keep(told(1), told(2, session_id="t"))
    keep(written(1))
    assert [row[0] for row in counted()] == ["msg_1", f"{UNNAMED}2"]


def test_of_equal_prompts_each_goes_to_the_nearest() -> None:
    same = {"input": 500, "cache_write_5m": 0, "cache_write_1h": 0, "cache_read": 0}
    keep(*(written(number, **same) for number in (1, 2, 3)))
    keep(*(told(number, **same) for number in (3, 1)))
    assert counted() == [
        ("msg_1", 100, "DOCMON", "otlp"),
        ("msg_2", 1, "DOCMON", "transcript"),
        ("msg_3", 300, "DOCMON", "otlp"),
    ]


def test_an_equal_prompt_of_another_hour_is_another_request() -> None:
    keep(written(1))
    keep(told(1, at=NOW + timedelta(hours=1), counted_at=NOW + timedelta(hours=1)))
    assert counted() == [("msg_1", 1, "DOCMON", "transcript")]


def test_the_sd_that_only_telemetry_knew_is_kept() -> None:
    keep(told(1, phase="EXEC"))
    keep(written(1))
    assert UsageRecord.objects.get().phase == "EXEC"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 12), max_size=4))
def test_any_interleaving_and_repetition_ends_in_the_same(
    db: None, seed: int, cuts: Sequence[int]
) -> None:
    for table in (UsageRecord, UsageHour, UnnamedRequest):
        table.objects.all().delete()
    chance = random.Random(seed)
    seen = [sight(n) for n in (1, 2, 3) for sight in (told, written)]
    seen += chance.choices(seen, k=6)
    chance.shuffle(seen)
    edges = [0, *sorted(cuts), len(seen)]
    for first, last in pairwise(edges):
        keep(*seen[first:last])
    assert counted() == [(f"msg_{n}", 100 * n, "DOCMON", "otlp") for n in (1, 2, 3)]


def test_an_import_pays_one_query_for_it(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        settle(Sights.of([written(1)]))
        settle(Sights.of([written(2)]))
