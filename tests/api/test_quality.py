"""What agents report of reviews, test runs and security checks."""

from datetime import timedelta
from typing import Any

import pytest

from allocation.audit.models import AuditEntry
from allocation.reports.models import QualityEvent
from tests.api.conftest import Agent
from tests.factories import NOW, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db


def test_a_review_is_logged_with_whose_work_it_was(agent: Agent) -> None:
    StrategicDirectiveFactory(code="SD-A-001")
    review = {
        "kind": "review",
        "failed": 1,
        "sd": "sd-a-001",
        "sub_agent": "docmon",
        "phase": "exec",
        "tier": "Haiku",
        "at": (NOW - timedelta(hours=1)).isoformat(),
    }
    response = agent.post("quality", review)
    assert response.status_code == 201, response.content
    said = response.json()
    row = QualityEvent.objects.get()
    assert said["event"] == row.pk
    assert (row.kind, row.passed, row.failed, row.phase) == ("review", 0, 1, "EXEC")
    assert (said["sd"], said["sub_agent"], said["tier"]) == ("SD-A-001", "DOCMON", "haiku")
    assert str(row.sd) == "SD-A-001"
    assert (row.at, row.actor) == (NOW - timedelta(hours=1), "agent runner")
    assert AuditEntry.objects.filter(action="quality event log", actor=row.actor).count() == 1


def test_the_same_key_logs_once(agent: Agent) -> None:
    run = {"kind": "e2e", "passed": 40, "failed": 2}
    first, again = (agent.post("quality", run, key="run-7").json() for _ in range(2))
    assert first == again
    assert QualityEvent.objects.count() == 1
    for other in ({"failed": 3}, {"tier": "opus"}, {"note": "Another one."}):
        assert agent.post("quality", run | other, key="run-7").status_code == 409


@pytest.mark.parametrize(
    ("reported", "said"),
    [
        ({"kind": "review", "passed": 2}, "review"),
        ({"kind": "security", "passed": 1, "failed": 0}, "A security check counts issues"),
        ({"kind": "security"}, "Say in failed how many issues the security check found"),
        ({"kind": "e2e"}, "test"),
        ({"kind": "opinion", "passed": 1}, "kind"),
        ({"kind": "review", "passed": 1, "sub_agent": "nobody"}, "No sub-agent is called “nobody”"),
        ({"kind": "review", "passed": 1, "tier": "gold"}, "There is no tier “gold”."),
        ({"kind": "review", "passed": 1, "at": "2036-01-01T00:00:00Z"}, "in the future"),
        ({"kind": "review", "passed": 1, "weight": 3}, "weight"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    agent: Agent, reported: dict[str, Any], said: str
) -> None:
    response = agent.post("quality", reported)
    assert response.status_code == 422
    assert said in response.json()["error"]
    assert not QualityEvent.objects.exists()


def test_an_sd_that_does_not_exist_is_not_found(agent: Agent) -> None:
    response = agent.post("quality", {"kind": "review", "passed": 1, "sd": "SD-NONE-1"})
    assert response.status_code == 404
