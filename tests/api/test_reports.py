"""What agents report: usage, SDs and checkpoints."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from allocation.audit.models import AuditEntry
from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import correct_checkpoint
from allocation.checkpoints.withdrawal import withdraw_checkpoint
from allocation.directives.models import StrategicDirective
from allocation.policy.meter import US_DOLLARS
from allocation.usage.models import UsageRecord
from allocation.usage.operations import check_roll_ups
from allocation.usage.roll_ups import roll_up
from allocation.usage.totals import burned
from tests.api.conftest import Agent
from tests.factories import StrategicDirectiveFactory, UsageRecordFactory

pytestmark = pytest.mark.django_db

COUNTS = {
    "input_tokens": 100,
    "output_tokens": 50,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 400,
    "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
    "service_tier": "standard",
    "server_tool_use": {"web_search_requests": 0},
}
HAIKU = "claude-haiku-4-5"


# Usage


def test_usage_is_counted_as_the_messages_api_gives_it(agent: Agent, now: datetime) -> None:
    StrategicDirectiveFactory(code="SD-X-1", phase="PLAN")
    report = {"model": HAIKU, "usage": COUNTS, "message_id": "msg_1", "request_id": "req_1"}
    said = agent.post("usage", report | {"sub_agent": "docmon", "sd": "SD-X-1", "session": "s"})
    assert said.json() == {
        "new": 1, "improved": 0, "unchanged": 0, "unknown_models": [], "unknown_sds": [],
    }  # fmt: skip
    row = UsageRecord.objects.get()
    assert (row.input, row.output, row.cache_read) == (100, 50, 400)
    assert (row.cache_write_5m, row.cache_write_1h) == (10, 20)
    assert (row.source, row.sub_agent, row.sd.code, row.phase) == (
        "api",
        "DOCMON",
        "SD-X-1",
        "PLAN",
    )
    assert not row.estimated
    assert check_roll_ups(since=now - timedelta(hours=1), until=now + timedelta(hours=1)) == []


@pytest.mark.parametrize("name", ["message_id", "request_id", "key", "header"])
def test_a_named_request_counts_once(agent: Agent, name: str) -> None:
    report = {"model": HAIKU, "usage": COUNTS}
    for _ in range(2):
        if name == "header":
            agent.post("usage", [report, report], key="k")
        else:
            agent.post("usage", report | {name: "one"})
    assert UsageRecord.objects.count() == (2 if name == "header" else 1)


def test_a_request_without_any_name_counts_each_time(agent: Agent) -> None:
    for _ in range(2):
        agent.post("usage", {"model": HAIKU, "usage": COUNTS})
    assert UsageRecord.objects.count() == 2


@pytest.mark.parametrize("given", [{"text": "x" * 401}, {"characters": 401}])
def test_without_counts_it_is_an_estimate_and_says_so(agent: Agent, given: dict[str, Any]) -> None:
    agent.post("usage", {"model": HAIKU, "key": "k"} | given)
    row = UsageRecord.objects.get()
    assert (row.unsplit, row.estimated) == (101, True)
    # Counts are better than an estimate, whenever they come.
    for _ in range(2):
        agent.post("usage", {"model": HAIKU, "key": "k", "usage": COUNTS})
        agent.post("usage", {"model": HAIKU, "key": "k"} | given)
    row.refresh_from_db()
    assert (row.unsplit, row.input, row.estimated) == (0, 100, False)


@pytest.mark.parametrize("anew", [False, True])
def test_an_estimate_leaves_no_counted_request_without_its_price(
    agent: Agent, now: datetime, anew: bool
) -> None:
    report = {"model": HAIKU, "sub_agent": "DOCMON"}
    agent.post("usage", report | {"key": "counted", "usage": COUNTS})
    agent.post("usage", report | {"key": "guessed", "characters": 400})
    if anew:
        roll_up([UsageRecord.objects.values_list("hour", flat=True)[0]])
    found = burned(meter=US_DOLLARS, book=load_price_book())
    assert (found.records, found.unpriced, found.usd) == (2, 1, Decimal("0.0004425"))
    assert (found.budget, found.unmetered) == (Fraction("0.0004425"), 1)
    assert check_roll_ups(since=now - timedelta(hours=1), until=now + timedelta(hours=1)) == []


def test_a_better_source_is_not_made_worse(agent: Agent) -> None:
    UsageRecordFactory(message_id="msg_1", request_id=None, input=7, source="transcript")
    agent.post("usage", {"model": HAIKU, "usage": COUNTS, "message_id": "msg_1"})
    assert UsageRecord.objects.get().input == 7


def test_what_nobody_knows_is_counted_and_said(agent: Agent) -> None:
    report = {"model": "claude-next-9", "usage": COUNTS, "sd": "SD-NONE-1"}
    said = agent.post("usage", report).json()
    assert (said["unknown_models"], said["unknown_sds"]) == (["claude-next-9"], ["SD-NONE-1"])
    assert UsageRecord.objects.get().sd is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"usage": {"input_tokens": -1}},
        {"usage": {"input_tokens": 10**13}},
        {"usage": {"input_tokens": "5"}},
        {"usage": None},
        {"message_id": "otlp:1"},
        {"message_id": "checkpoint:1:haiku"},
        {"message_id": "x" * 101},
        {"key": ""},
        {"at": "2026-11-20T20:00:01Z"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"phase": "TEST"},
    ],
)
def test_what_cannot_be_counted_is_refused(agent: Agent, wrong: dict[str, Any]) -> None:
    response = agent.post("usage", {"model": HAIKU, "usage": COUNTS} | wrong)
    assert response.status_code == 422
    assert response.json()["error"]
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize("hours", [-24 * 300, -24, 0, 24])
def test_a_clock_that_is_a_day_off_is_tolerated(agent: Agent, now: datetime, hours: int) -> None:
    at = now + timedelta(hours=hours)
    agent.post("usage", {"model": HAIKU, "usage": COUNTS, "at": at.isoformat()})
    assert UsageRecord.objects.get().at == at


# SDs and checkpoints


def test_an_sd_is_proposed_once(agent: Agent) -> None:
    response = agent.post("sds", {"code": "sd-x-1", "complexity": 4, "priority": "high"})
    assert response.status_code == 201
    assert response.json()["sd"] == "SD-X-1"
    assert AuditEntry.objects.get(action="SD creation").actor == "agent runner"
    assert agent.post("sds", {"code": "SD-X-1"}).status_code == 409
    assert agent.post("sds", {"code": "nonsense"}).status_code == 422
    blank = agent.post("sds", {"code": " "})
    assert blank.json() == {"error": "Give the SD a code, such as SD-PERF-OPT-001."}
    assert agent.get("sds/sd-x-1").json()["complexity"] == 4
    assert agent.get("sds/SD-NONE-1").status_code == 404


def test_sds_come_in_pages(agent: Agent) -> None:
    for number in range(5):
        StrategicDirectiveFactory(code=f"SD-X-{number}")
    first = agent.get("sds", size=3).json()
    second = agent.get("sds", size=3, before=first["next"]).json()
    codes = [row["sd"] for row in first["sds"] + second["sds"]]
    assert codes == [f"SD-X-{number}" for number in (4, 3, 2, 1, 0)]
    assert second["next"] is None


def test_a_checkpoint_is_logged_once_and_moves_the_sd_on(agent: Agent) -> None:
    StrategicDirectiveFactory(code="SD-X-1")
    start = {"sd": "SD-X-1", "kind": "sd_start_lead"}
    first = agent.post("checkpoints", start, key="k")
    again = agent.post("checkpoints", start, key="k")
    assert (first.status_code, first.json()["sd_phase"]) == (201, "LEAD")
    assert again.json()["submission"] == first.json()["submission"]
    assert Checkpoint.objects.count() == 1
    handed = {"sd": "SD-X-1", "kind": "lead_to_plan", "tokens": 900, "mix": {"haiku": 100}}
    assert agent.post("checkpoints", handed, key="k").status_code == 409
    assert agent.post("checkpoints", handed | {"tokens": None}, key="l").status_code == 422
    assert agent.post("checkpoints", handed, key="m").json()["sd_phase"] == "PLAN"
    assert StrategicDirective.objects.get().phase == "PLAN"


def test_a_key_does_not_swallow_other_amounts(agent: Agent, now: datetime) -> None:
    StrategicDirectiveFactory(code="SD-X-1")
    start = {"sd": "SD-X-1", "kind": "sd_start_lead", "tokens": 10}
    start["mix"] = {"haiku": 100, "opus": 0}
    assert agent.post("checkpoints", start, key="k").status_code == 201
    assert agent.post("checkpoints", start, key="k").status_code == 201
    for other in ({"tokens": 11}, {"mix": {"opus": 100}}, {"rework_cycles": 1}):
        assert agent.post("checkpoints", start | other, key="k").status_code == 409
    row = Checkpoint.objects.get()
    kept = {"mix": row.mix, "rework_cycles": 0, "lines_modified": None, "note": ""}
    correct_checkpoint(checkpoint=row, tokens=12, **kept, actor="chairman", now=now)
    # A retry that comes late: with a new key it would count twice.
    assert agent.post("checkpoints", start, key="k").json()["tokens"] == 12


def test_a_checkpoint_that_was_withdrawn_does_not_come_back_with_its_key(
    agent: Agent, now: datetime
) -> None:
    StrategicDirectiveFactory(code="SD-X-1")
    start = {"sd": "SD-X-1", "kind": "sd_start_lead"}
    agent.post("checkpoints", start, key="k")
    slip = Checkpoint.objects.get()
    withdraw_checkpoint(checkpoint=slip, actor="chairman", now=now, reason="Another SD's.")
    again = agent.post("checkpoints", start, key="k")
    assert again.status_code == 409
    assert "was withdrawn: take a new key" in again.text
    assert not Checkpoint.objects.exists()
    assert agent.post("checkpoints", start, key="l").status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nonsense"},
        {"mix": {"haiku": 50}},
        {"mix": {"gpt": 100}},
        {"tokens": -1},
        {"at": "2030-01-01T00:00:00Z"},
        {"at": "0001-01-01T00:00:00Z"},
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(agent: Agent, wrong: dict[str, Any]) -> None:
    StrategicDirectiveFactory(code="SD-X-1", phase="LEAD")
    handed = {"sd": "SD-X-1", "kind": "lead_to_plan", "tokens": 900}
    response = agent.post("checkpoints", handed | wrong)
    assert response.status_code == 422
    assert not Checkpoint.objects.exists()


def test_a_checkpoint_of_no_sd_is_not_found(agent: Agent) -> None:
    response = agent.post("checkpoints", {"sd": "SD-NONE-1", "kind": "sd_start_lead"})
    assert response.status_code == 404
