"""The contract: /api/v1/openapi.json names every address, and the shape of every answer."""

from django.test import Client


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


def test_the_contract_says_what_each_answer_holds(client: Client) -> None:
    contract = client.get("/api/v1/openapi.json").json()
    for path in contract["paths"].values():
        for operation in path.values():
            answered = {**operation["responses"]}
            schema = answered.get("200", answered.get("201"))["content"]["application/json"]
            shapes = schema["schema"].get("anyOf", [schema["schema"]])
            assert all("$ref" in shape.get("items", shape) for shape in shapes), operation
