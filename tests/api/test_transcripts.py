"""What a machine that shares this server read of its transcripts."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from allocation.budgets.models import BudgetWeek
from allocation.usage.models import UsageRecord
from tests.api.conftest import Agent, totals
from tests.factories import BudgetRuleFactory, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db

READ: dict[str, Any] = {
    "message_id": "msg_1",
    "request_id": "req_1",
    "at": "2026-11-18T09:30:00.5Z",
    "counted_at": "2026-11-18T09:31:00Z",
    "session": "s1",
    "agent": "a1",
    "sidechain": True,
    "model": "claude-haiku-4-5-20251001",
    "final": False,
    "input": 1,
    "output": 2,
    "cache_write_5m": 3,
    "cache_write_1h": 4,
    "cache_read": 5,
}


def send(agent: Agent, *requests: Any, **more: Any) -> Any:
    return agent.post("usage/transcripts", {"requests": requests, **more})


def test_all_that_a_transcript_says_is_kept(agent: Agent) -> None:
    said = send(agent, READ)
    assert said.json() == {
        "new": 1,
        "improved": 0,
        "unchanged": 0,
        "unknown_models": {},
        "weeks_made": 1,
    }
    row = UsageRecord.objects.get()
    assert (row.source, row.session_id, row.agent_id) == ("transcript", "s1", "a1")
    assert (row.sidechain, row.output_final) == (True, False)
    assert row.at == datetime.fromisoformat(READ["at"])
    assert row.counted_at == datetime.fromisoformat(READ["counted_at"])
    assert totals() == {"records": 1, "input": 1, "output": 2, "written": 7, "read": 5}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_clock_that_was_never_set_makes_no_weeks(agent: Agent, at: str) -> None:
    lost = {"message_id": "msg_2", "request_id": "req_2", "at": at, "counted_at": at}
    said = send(agent, READ, READ | lost).json()
    assert (said["new"], said["weeks_made"]) == (2, 1)


@pytest.mark.parametrize(
    ("at", "counted_at"),
    [
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2026-11-23T15:04:05Z", "9999-12-31T23:59:59Z"),
    ],
)
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_no_clock_keeps_the_chairman_from_the_records(
    agent: Agent, chairman_client: Client, at: str, counted_at: str, zone: str
) -> None:
    BudgetRuleFactory(timezone=zone)
    for _ in range(2):
        said = send(agent, READ | {"at": at, "counted_at": counted_at}).json()
    assert said["unchanged"] == 1
    for page in (
        "usagerecord/",
        "usagehour/",
        f"usagerecord/{UsageRecord.objects.get().pk}/change/",
    ):
        assert chairman_client.get(f"/admin/usage/{page}").status_code == 200, page


def test_the_same_again_changes_nothing_and_a_better_sight_improves(agent: Agent) -> None:
    send(agent, READ)
    assert send(agent, READ).json()["unchanged"] == 1
    assert send(agent, READ | {"output": 90, "final": True}).json()["improved"] == 1
    assert send(agent, READ).json()["unchanged"] == 1
    assert totals()["output"] == 90


def test_a_name_in_another_batch_names_the_sub_agent(agent: Agent) -> None:
    send(agent, READ)
    call = {"tool_use": "t1", "session": "s1", "evidence": 5}
    send(agent, calls=[call | {"sub_agent": "docmon"}])
    assert UsageRecord.objects.get().sub_agent == "unknown"
    send(agent, calls=[call | {"agent": "a1", "evidence": 4}])
    assert UsageRecord.objects.get().sub_agent == "DOCMON"
    name = {"session": "s1", "agent": "a1", "sub_agent": "security", "evidence": 1}
    send(agent, names=[name])
    assert UsageRecord.objects.get().sub_agent == "SECURITY"


def test_all_of_it_is_laid_to_an_sd_where_one_is_named(agent: Agent) -> None:
    assert send(agent, READ, sd="SD-A-1").status_code == 404
    assert not UsageRecord.objects.exists()
    sd = StrategicDirectiveFactory(code="SD-A-1")
    send(agent, READ, sd="sd-a-1", phase="plan")
    row = UsageRecord.objects.get()
    assert (row.sd, row.phase) == (sd, "PLAN")


@pytest.mark.parametrize("kind", ["requests", "names", "calls"])
def test_more_than_a_thousand_at_once_are_too_many(agent: Agent, kind: str) -> None:
    one = {
        "requests": READ,
        "names": {"session": "s", "agent": "a", "sub_agent": "x", "evidence": 1},
        "calls": {"tool_use": "t", "evidence": 1},
    }[kind]
    response = agent.post("usage/transcripts", {kind: [one] * 1_001})
    assert response.status_code == 413
    assert response.json() == {"error": "Send at most 1,000 requests, names and calls at a time."}
    assert not UsageRecord.objects.exists()
    assert agent.post("usage/transcripts", {kind: [one] * 1_000}).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"message_id": None, "request_id": None}, "needs its message_id or its request_id"),
        ({"message_id": "checkpoint:1:opus"}, "no message id of the Messages API"),
        ({"message_id": "m" * 101}, "“requests.0.message_id”"),
        ({"output": -1}, "“requests.0.output”"),
        ({"output": 10**12 + 1}, "“requests.0.output”"),
        ({"at": "yesterday"}, "“requests.0.at”"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "beyond all calendars"),
        ({"session": "a\0"}, "NUL"),
        ({"tier": "opus"}, "not something that can be set here"),
    ],
)
def test_what_cannot_be_counted_is_said_and_none_of_the_batch_is_stored(
    agent: Agent, wrong: dict[str, Any], said: str
) -> None:
    response = send(agent, READ | {"message_id": "msg_0", "request_id": "req_0"}, READ | wrong)
    assert response.status_code == 422
    assert said in response.json()["error"] or "requests.1" in response.json()["error"]
    assert not UsageRecord.objects.exists()


def test_history_gets_its_budget_weeks_and_the_year_1_does_not(agent: Agent) -> None:
    weeks = BudgetWeek.objects.count()
    said = send(agent, READ | {"at": "2026-09-28T09:30:00Z"}).json()
    assert said["weeks_made"] == BudgetWeek.objects.count() - weeks > 5
    said = send(
        agent, READ | {"message_id": "m0", "request_id": "r0", "at": "0001-02-01T00:00:00Z"}
    )
    assert said.json()["weeks_made"] == 0


def test_what_is_dated_more_than_a_day_ahead_counts_now(agent: Agent, now: datetime) -> None:
    send(agent, READ | {"at": "9999-12-31T23:59:59Z"})
    assert UsageRecord.objects.get().at == now
