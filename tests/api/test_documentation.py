"""docs/api.md: every example does what is said of it, in the order in which it stands there."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from allocation.api.models import Scope
from allocation.policy.model_truth import Truth
from allocation.policy.phases import CheckpointKind
from allocation.policy.quality import EventKind
from allocation.policy.recommend import Outcome
from tests.api.conftest import Agent

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
_BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)


def send(agent: Agent, line: str) -> HttpResponse:
    """What a line with curl sends, sent by the test client."""
    variables = {
        "$api": "/api/v1",
        "$auth": f"Authorization: Bearer {agent.clear}",
        "$json": "Content-Type: application/json",
    }
    words = shlex.split(line)
    for name, value in variables.items():
        words = [word.replace(name, value) for word in words]
    given = list(pairwise(words))
    headers = dict(value.split(": ", 1) for word, value in given if word == "-H")
    body = next((value for word, value in given if word == "-d"), None)
    (address,) = [word for word in words if word.startswith("/api/v1/")]
    if body is None:
        return Client().get(address, headers=headers)
    kind = headers.pop("Content-Type", "application/x-www-form-urlencoded")
    return Client().post(address, body, content_type=kind, headers=headers)


def keys(value: Any) -> Any:
    """The keys of an answer, all the way down."""
    if isinstance(value, dict):
        return {name: keys(each) for name, each in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value else None


def test_the_examples_can_be_typed_and_answer_what_is_shown(agent: Agent) -> None:
    said: list[Any] = []
    for language, block in _BLOCK.findall(PAGE.read_text()):
        if language == "json":
            shown, answered = json.loads(block), said[-1]
            assert keys(shown) == keys(answered)
            stable = shown.keys() - {"decision", "at", "actor"}
            assert {name: answered[name] for name in stable} == {
                name: shown[name] for name in stable
            }
        for line in re.findall("^curl.*", block, re.MULTILINE):
            command, _, expected = line.partition("  # ")
            newest = agent.get("decisions", size=1).json()["decisions"]
            number = newest[0]["decision"] if newest else 1
            answer = send(agent, command.replace("/decisions/1/", f"/decisions/{number}/"))
            assert answer.status_code in ({int(expected)} if expected else {200, 201}), line
            said.append(answer.json())
    assert len(said) > 15


def test_every_address_and_every_word_of_an_answer_is_on_the_page(client: Client) -> None:
    page = PAGE.read_text()
    for path in client.get("/api/v1/openapi.json").json()["paths"]:
        known = path.removeprefix("/api/v1").replace("{number}", "NUMBER").replace("{code}", "")
        assert known.rstrip("/") in page.replace("SD-API-001", ""), path
    words = [*Scope.values, *Outcome, *Truth, *CheckpointKind, *EventKind]
    assert [word for word in words if f"`{word}`" not in page] == []
