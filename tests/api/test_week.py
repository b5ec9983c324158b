"""What the API says of the running week, and what its contract promises of that."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.directives.models import Status
from tests.api.conftest import Agent
from tests.factories import StrategicDirectiveFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("status", "Standing"),
        ("week", "Week"),
        ("forecast", "Outlook"),
        ("next", "Plan"),
        ("sds/{code}/check", "Plan"),
    ],
)
def test_the_contract_has_the_shape_of_each_answer(client: Client, path: str, shape: str) -> None:
    contract = client.get("/api/v1/openapi.json").json()
    answers = contract["paths"][f"/api/v1/{path}"]["get"]["responses"]
    said = answers["200"]["content"]["application/json"]["schema"]
    assert said == {"$ref": f"#/components/schemas/{shape}"}
    assert "zone" in contract["components"]["schemas"][shape]["required"]
    assert answers["503"]["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal")


def test_next_is_null_where_no_sd_waits(agent: Agent) -> None:
    said = agent.get("next").json()
    assert said["next_sd"] is None
    assert said["forecast"]["too_early"] == "Too early to say: nothing is used yet this week."


def test_check_is_of_one_sd_in_capitals_or_not(agent: Agent) -> None:
    StrategicDirectiveFactory(code="SD-A-1", estimate=85_000)
    said = agent.get("sds/sd-a-1/check").json()["next_sd"]
    assert (said["sd"], said["estimate"], said["zone_after"]) == ("SD-A-1", 85_000, "GREEN")
    assert {run["sub_agent"] for run in said["runs"]} > {"SECURITY", "TESTING"}


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("SD-NONE-1", 404, "There is no SD called “SD-NONE-1”."),
        ("SD-DONE-1", 422, "SD-DONE-1 is completed: nothing of it is still ahead."),
    ],
)
def test_what_cannot_be_checked_gets_a_sentence(
    agent: Agent, code: str, status: int, said: str
) -> None:
    StrategicDirectiveFactory(code="SD-DONE-1", status=Status.COMPLETED, phase="")
    response = agent.get(f"sds/{code}/check")
    assert (response.status_code, response.json()) == (status, {"error": said})


@pytest.mark.parametrize("path", ["week", "forecast", "next", "sds/SD-A-0/check"])
def test_an_answer_takes_as_many_queries_however_much_there_is(agent: Agent, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            response: Any = agent.get(path)
        assert response.status_code == 200
        return len(captured)

    StrategicDirectiveFactory(code="SD-A-0")
    agent.get(path)  # what is kept in the process is read once
    few = queries()
    for number in range(1, 6):
        StrategicDirectiveFactory(code=f"SD-A-{number}")
    assert queries() <= few
