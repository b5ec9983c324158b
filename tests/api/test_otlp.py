"""What OTLP counts: usage from logs, once and as well as a version tells it, and metrics apart."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from allocation.api.models import MetricBatch, MetricDay
from allocation.api.otlp_views import PROTOBUF
from allocation.usage.models import UsageHour, UsageRecord
from allocation.usage.operations import check_roll_ups
from tests.api.conftest import JSON, Agent, totals
from tests.api.otlp_bodies import (
    FOUR,
    NAMELESS,
    OLD,
    PLACED,
    UNPLACED,
    as_json,
    as_protobuf,
    event,
    four,
    logs,
    metrics,
)
from tests.factories import NOW, StrategicDirectiveFactory, SubAgentFactory, UsageRecordFactory

pytestmark = pytest.mark.django_db

VERSIONS = [OLD, UNPLACED, NAMELESS, PLACED]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", ["json", "gzip", "protobuf", "protobuf gzip"])
def test_every_version_in_every_form_counts_the_same(agent: Agent, version: str, form: str) -> None:
    body = logs(four(version))
    data = as_protobuf(body) if "protobuf" in form else as_json(body)
    packed = "gzip" in form
    response = agent.otlp(
        "logs",
        gzip.compress(data) if packed else data,
        kind=PROTOBUF if "protobuf" in form else JSON,
        encoding="gzip" if packed else "",
    )
    assert response.status_code == 200
    assert response["Content-Type"] == (PROTOBUF if "protobuf" in form else JSON)
    assert response.content == (b"" if "protobuf" in form else b"{}")
    assert totals() == FOUR
    assert set(UsageRecord.objects.values_list("source", "session_id")) == {("otlp", "session-1")}
    assert check_roll_ups(since=NOW - timedelta(hours=2), until=NOW + timedelta(hours=2)) == []


@pytest.mark.parametrize(
    ("version", "sub_agents"),
    [
        (OLD, ["unknown", "unknown", "unknown", "unknown"]),  # it says nothing of agents
        (UNPLACED, ["", "unknown", "unknown", ""]),
        (PLACED, ["", "DOCMON", "DOCMON", ""]),
    ],
)
def test_the_sub_agent_is_as_well_known_as_the_version_tells(
    agent: Agent, version: str, sub_agents: list[str]
) -> None:
    agent.otlp("logs", as_json(logs(four(version))))
    rows = UsageRecord.objects.order_by("input")
    assert list(rows.values_list("sub_agent", flat=True)) == sub_agents


def test_an_agents_name_reaches_its_other_requests(agent: Agent) -> None:
    hidden = event(1, agent=True, **{"agent.name": "custom"})
    agent.otlp("logs", as_json(logs([hidden])))
    assert UsageRecord.objects.get().sub_agent == "unknown"
    agent.otlp("logs", as_json(logs([event(2, agent=True)])))
    assert set(UsageRecord.objects.values_list("sub_agent", flat=True)) == {"DOCMON"}


def test_the_lifetimes_of_cache_writes_are_kept_apart_where_they_are_told(agent: Agent) -> None:
    agent.otlp("logs", as_json(logs([event(1, NAMELESS), event(2, PLACED)])))
    rows = UsageRecord.objects.order_by("input")
    assert list(rows.values_list("cache_write_5m", "cache_write_1h")) == [(30, 0), (20, 40)]


def test_a_transcript_knows_the_lifetimes_that_telemetry_does_not(agent: Agent) -> None:
    UsageRecordFactory(request_id="req_1", cache_write_5m=10, cache_write_1h=20, output=1)
    for _ in range(2):
        agent.otlp("logs", as_json(logs([event(1, NAMELESS)])))
    row = UsageRecord.objects.get()
    assert (row.cache_write_5m, row.cache_write_1h, row.output) == (10, 20, 100)


def test_sd_and_phase_come_from_the_resource(agent: Agent) -> None:
    sd = StrategicDirectiveFactory(code="SD-X-1", phase="PLAN")
    agent.otlp("logs", as_json(logs([event(1)], sd_id="sd-x-1", phase="exec")))
    agent.otlp("logs", as_json(logs([event(2)], sd_id="SD-X-1")))
    rows = UsageRecord.objects.order_by("input").values_list("sd", "phase")
    assert list(rows) == [(sd.pk, "EXEC"), (sd.pk, "PLAN")]


def test_an_unknown_sd_is_counted_without_one_and_said(agent: Agent) -> None:
    response = agent.otlp("logs", as_json(logs([event(1)], sd_id="SD-NONE-1", phase="NEVER")))
    said = json.loads(response.content)["partialSuccess"]
    assert said["rejectedLogRecords"] == "0"
    assert "SD-NONE-1" in said["errorMessage"]
    row = UsageRecord.objects.get()
    assert (row.sd, row.phase) == (None, "")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_batch_twice_and_out_of_order_changes_nothing(agent: Agent, version: str) -> None:
    events = four(version)
    for some in (events[2:], events[:2], events[::-1], events):
        agent.otlp("logs", as_json(logs(some)))
    assert totals() == FOUR
    assert UsageHour.objects.count() == len(
        set(UsageRecord.objects.values_list("hour", "sub_agent", "model"))
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    version=st.sampled_from(VERSIONS),
    batches=st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=5),
)
def test_any_cutting_into_batches_ends_in_the_same_totals(
    agent: Agent, version: str, batches: list[list[int]]
) -> None:
    UsageRecord.objects.all().delete()
    UsageHour.objects.all().delete()
    events = four(version)
    for batch in [*batches, [3, 2, 1, 0]]:
        agent.otlp("logs", as_json(logs([events[index] for index in batch])))
    assert totals() == FOUR
    assert check_roll_ups(since=NOW - timedelta(hours=2), until=NOW + timedelta(hours=2)) == []


def test_nothing_of_a_batch_is_stored_if_it_breaks_off(agent: Agent) -> None:
    body = as_json(logs(four(PLACED)))
    broken = mock.patch(
        "allocation.usage.ingest.update_roll_ups", side_effect=OperationalError("killed")
    )
    with broken:
        response = agent.otlp("logs", body)
    assert response.status_code == 503  # which is what a client sends again
    assert response["Retry-After"]
    assert not UsageRecord.objects.exists()
    assert agent.otlp("logs", body).status_code == 200
    assert totals() == FOUR


# What cannot be counted


@pytest.mark.parametrize(
    "wrong",
    [
        {"input_tokens": -1},
        {"input_tokens": "many"},
        {"input_tokens": 1.5},
        {"input_tokens": float("nan")},
        {"input_tokens": 10**13},
        {"output_tokens": "9" * 5000},
        {"request_id": "r" * 101},
        {"session.id": "a\0b"},
        {"model": "m" * 101},
    ],
)
def test_one_record_that_makes_no_sense_is_rejected_alone(
    agent: Agent, wrong: dict[str, Any]
) -> None:
    body = json.dumps(logs([event(1), event(2, **wrong)])).encode()
    response = agent.otlp("logs", body)
    if b"NaN" in body:
        assert response.status_code == 400  # no number of JSON's
        return
    said = json.loads(response.content)["partialSuccess"]
    assert (response.status_code, said["rejectedLogRecords"]) == (200, "1")
    assert said["errorMessage"]
    assert UsageRecord.objects.get().input == 1_000


def test_a_character_that_was_cut_in_two_keeps_nothing_out(agent: Agent) -> None:
    cut = "\\ud83d\\ude00 \ud83d"  # a text that looks like a pair, and half of one
    other = {"event.name": "tool_result", "tool_input": cut, "error": "\ude00 cut"}
    body = as_json(logs([*four(PLACED), other]))
    assert rb"\\ud83d\\ude00 \ud83d" in body
    response = agent.otlp("logs", body)
    assert (response.status_code, response.content) == (200, b"{}")
    assert totals() == FOUR


def test_rejections_are_said_in_protobuf_too(agent: Agent) -> None:
    body = as_protobuf(logs([event(1, input_tokens=-5)]))
    said = ExportLogsServiceResponse()
    said.ParseFromString(agent.otlp("logs", body, kind=PROTOBUF).content)
    assert said.partial_success.rejected_log_records == 1
    assert "input_tokens" in said.partial_success.error_message


def test_an_event_without_counts_is_rejected_and_one_of_zeros_passed_over(agent: Agent) -> None:
    bare = event(1)
    del bare["input_tokens"], bare["output_tokens"]
    zeros = {key: 0 for key in event(2) if key.endswith("_tokens")}
    said = agent.otlp("logs", as_json(logs([bare, event(2, **zeros)]))).content
    assert json.loads(said)["partialSuccess"]["rejectedLogRecords"] == "1"
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize("days", [-365, -1, 0, 1])
def test_a_clock_that_is_a_day_off_is_believed(agent: Agent, days: int) -> None:
    at = NOW + timedelta(days=days)
    assert agent.otlp("logs", as_json(logs([event(1, at=at)]))).content == b"{}"
    assert UsageRecord.objects.get().at == at


@pytest.mark.parametrize("version", [OLD, PLACED])
def test_what_is_more_than_a_day_ahead_is_counted_now_and_said(agent: Agent, version: str) -> None:
    body = as_json(logs([event(1, version, at=NOW + timedelta(days=1, seconds=1))]))
    for _ in range(2):
        assert "ahead" in agent.otlp("logs", body).content.decode()
    assert UsageRecord.objects.get().at == NOW


@pytest.mark.parametrize("stamp", ["", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_without_a_moment_of_its_own_an_event_has_the_records(agent: Agent, stamp: str) -> None:
    agent.otlp("logs", as_json(logs([event(1, **{"event.timestamp": stamp})])))
    assert UsageRecord.objects.get().at == NOW


# Metrics


POINTS = [
    {"model": "claude-opus-4-5", "type": "input", "tokens": 5_001},
    {"model": "claude-opus-4-5", "type": "input", "tokens": 10},
    {"model": "claude-opus-4-5", "type": "output", "tokens": 514.0},
    {"model": "claude-opus-4-5", "type": "input", "tokens": 7, "at": NOW - timedelta(days=1)},
]


@pytest.mark.parametrize("form", [as_json, as_protobuf])
def test_metrics_are_daily_sums_and_never_usage(agent: Agent, form: Callable[..., bytes]) -> None:
    body = form(metrics(POINTS))
    kind = JSON if form is as_json else PROTOBUF
    for _ in range(2):  # the second is a retry
        assert agent.otlp("metrics", body, kind=kind).status_code == 200
    rows = MetricDay.objects.order_by("day", "kind").values_list("day", "kind", "tokens")
    assert list(rows) == [
        ((NOW - timedelta(days=1)).date(), "input", 7),
        (NOW.date(), "input", 5_011),
        (NOW.date(), "output", 514),
    ]
    assert not UsageRecord.objects.exists()


def test_a_later_batch_of_metrics_is_added(agent: Agent) -> None:
    agent.otlp("metrics", as_json(metrics(POINTS[:1])))
    agent.otlp("metrics", as_json(metrics(POINTS[1:2])))
    assert MetricDay.objects.get().tokens == 5_011


def test_running_totals_are_refused_with_what_to_set(agent: Agent) -> None:
    said = json.loads(agent.otlp("metrics", as_json(metrics(POINTS, temporality=2))).content)
    assert said["partialSuccess"]["rejectedDataPoints"] == "4"
    assert "TEMPORALITY_PREFERENCE=delta" in said["partialSuccess"]["errorMessage"]
    assert not MetricDay.objects.exists()


def test_old_batches_are_forgotten(agent: Agent) -> None:
    agent.otlp("metrics", as_json(metrics(POINTS[:1])))
    MetricBatch.objects.update(at=NOW - timedelta(days=3))
    agent.otlp("metrics", as_json(metrics(POINTS[1:2])))
    assert MetricBatch.objects.count() == 1


def test_a_registered_alias_is_the_sub_agent(agent: Agent) -> None:
    SubAgentFactory(code="REVIEWER")
    agent.otlp("logs", as_json(logs([event(1, agent=True, **{"agent.name": "reviewer"})])))
    assert UsageRecord.objects.get().sub_agent == "REVIEWER"
