"""What openapi.json says of each address, and that a message is taken only as it says."""

from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import Agent, contract

pytestmark = pytest.mark.django_db


def refusal(response: Any) -> str:
    """The one sentence of a refusal."""
    return str(response.json()["error"])


def test_the_contract_is_there_for_everybody_to_read(client: Client) -> None:
    contract = client.get("/api/v1/openapi.json").json()
    assert contract["openapi"].startswith("3.1")
    assert set(contract["paths"]) == {
        f"/api/v1/{path}"
        for path in (
            "status",
            "week",
            "forecast",
            "next",
            "recommend",
            "usage",
            "usage/transcripts",
            "decisions",
            "decisions/{number}",
            "decisions/{number}/outcome",
            "sds",
            "sds/{code}",
            "sds/{code}/check",
            "checkpoints",
            "quality",
        )
    }


BODY = {400, 413, 415}


@pytest.mark.parametrize(
    ("path", "method", "scope", "refused"),
    [
        ("status", "get", "read", set()),
        ("week", "get", "read", set()),
        ("forecast", "get", "read", set()),
        ("next", "get", "read", set()),
        ("decisions", "get", "read", {404}),
        ("decisions/{number}", "get", "read", {404}),
        ("sds", "get", "read", set()),
        ("sds/{code}", "get", "read", {404}),
        ("sds/{code}/check", "get", "read", {404}),
        ("recommend", "post", "decisions", BODY | {404, 409}),
        ("usage", "post", "usage", BODY),
        ("usage/transcripts", "post", "usage", BODY | {404}),
        ("decisions/{number}/outcome", "post", "decisions", BODY | {404}),
        ("sds", "post", "checkpoints", BODY | {409}),
        ("checkpoints", "post", "checkpoints", BODY | {404, 409}),
        ("quality", "post", "decisions", BODY | {404, 409}),
    ],
)
def test_the_contract_says_which_scope_is_needed_and_which_refusals_come(
    client: Client, path: str, method: str, scope: str, refused: set[int]
) -> None:
    contract = client.get("/api/v1/openapi.json").json()
    said = contract["paths"][f"/api/v1/{path}"][method]
    assert said["security"] == [{"Bearer": [scope]}]
    codes = {int(code) for code in said["responses"]} - {200, 201}
    assert codes == refused | {401, 403, 422, 503}


def test_a_key_of_the_address_that_the_contract_has_not_is_refused(agent: Agent) -> None:
    for address, operations in contract().items():
        path = address.removeprefix("/api/v1/").format(number=1, code="SD-X-1")
        for method, operation in operations.items():
            unknown = getattr(agent.client, method)(
                f"{address.format(number=1, code='X')}?sub_agent=A"
            )
            assert unknown.status_code == 422, path
            assert refusal(unknown) == "“sub_agent” is not something that can be asked for here."
            known = [
                said["name"] for said in operation.get("parameters", []) if said["in"] == "query"
            ]
            for name in known:
                answer = agent.get(path, **{name: "1"})
                assert "asked for here" not in answer.text, (path, name)


def test_the_contract_says_what_each_answer_holds(client: Client) -> None:
    contract = client.get("/api/v1/openapi.json").json()
    for path in contract["paths"].values():
        for operation in path.values():
            answered = {**operation["responses"]}
            schema = answered.get("200", answered.get("201"))["content"]["application/json"]
            shapes = schema["schema"].get("anyOf", [schema["schema"]])
            assert all("$ref" in shape.get("items", shape) for shape in shapes), operation


@pytest.mark.parametrize("at", [20261123, 1764324000.5, True, "20261123", "yesterday", ["2026"]])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("usage", {"model": "claude-haiku-4-5", "characters": 4}),
        ("checkpoints", {"sd": "SD-X-1"}),
        ("quality", {"kind": "review", "passed": 1}),
    ],
)
def test_a_moment_is_not_guessed_from_a_number(
    agent: Agent, path: str, body: dict[str, Any], at: Any
) -> None:
    response = agent.post(path, body | {"at": at})
    assert response.status_code == 422
    assert refusal(response) == "“at”: Write a moment such as 2026-11-23T15:04:05Z."


def test_of_a_list_the_item_is_named_that_a_rule_refuses(agent: Agent) -> None:
    fine, wrong = {"model": "claude-haiku-4-5", "characters": 4}, {"model": "claude-haiku-4-5"}
    assert refusal(agent.post("usage", [fine, wrong])).startswith("“1”: Give usage")
    assert refusal(agent.post("usage", wrong)).startswith("Give usage")
    requests = [{"message_id": "m", "at": "2026-11-23T15:04:05Z"}, {"at": "2026-11-23T15:04:05Z"}]
    said = refusal(agent.post("usage/transcripts", {"requests": requests}))
    assert said.startswith("“requests.1”: A request needs its message_id")
