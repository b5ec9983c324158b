"""What the tests of the API share: tokens, a client that sends one, and what was counted."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from allocation.api.models import AgentToken, Scope
from allocation.api.operations import create_token
from allocation.api.v1 import api
from allocation.usage.models import UsageRecord

JSON = "application/json"
# The least that can be asked, and the least that can be reported.
RUN = {"sub_agent": "TESTING", "phase": "EXEC", "complexity": 3}
REQUEST = {"model": "claude-haiku-4-5", "usage": {"input_tokens": 1}}


@cache
def contract() -> dict[str, Any]:
    """What openapi.json says of each address."""
    paths: dict[str, Any] = api.get_openapi_schema()["paths"]
    return paths


def as_said(method: str, path: str, response: HttpResponse) -> HttpResponse:
    """The answer, with a status that the contract has for its address."""
    for address, operations in contract().items():
        number = re.sub(r"\{number\}", "[0-9]+", address)
        if not re.fullmatch(re.sub(r"\{code\}", "[^/]+", number), f"/api/v1/{path}"):
            continue
        known = {int(code) for code in operations.get(method, {"responses": {}})["responses"]}
        assert response.status_code in known | {405, 500}, (method, path, response.content)
    return response


class Agent:
    """A harness with a token. Answers are Django's responses; `data` is their JSON."""

    def __init__(self, token: AgentToken, clear: str) -> None:
        self.token = token
        self.clear = clear
        self.client = Client(headers={"Authorization": f"Bearer {clear}"})

    def get(self, path: str, **query: Any) -> HttpResponse:
        return as_said("get", path, self.client.get(f"/api/v1/{path}", query))

    def post(self, path: str, body: Any, *, key: str | None = None) -> HttpResponse:
        headers = {"Idempotency-Key": key} if key else {}
        response = self.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type=JSON, headers=headers
        )
        return as_said("post", path, response)

    def otlp(
        self, signal: str, body: bytes, *, kind: str = JSON, encoding: str = ""
    ) -> HttpResponse:
        headers = {"Content-Type": kind}  # the test client leaves it out where there is no body
        if encoding:
            headers["Content-Encoding"] = encoding
        return self.client.post(f"/otlp/v1/{signal}", body, content_type=kind, headers=headers)


@pytest.fixture
def make_agent(db: None, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[..., Agent]:
    """Makes agents with some scopes; the server's clock stands at `now`."""
    monkeypatch.setattr(timezone, "now", lambda: now)

    def make(*scopes: str, name: str = "runner") -> Agent:
        token, clear = create_token(name=name, actor="chairman", now=now, scopes=scopes)
        return Agent(token, clear)

    return make


@pytest.fixture
def agent(make_agent: Callable[..., Agent]) -> Agent:
    """An agent that may do whatever an agent may."""
    return make_agent(*Scope.values)


def totals() -> dict[str, int]:
    """What all records add up to."""
    rows = UsageRecord.objects.all()
    return {
        "records": len(rows),
        "input": sum(row.input for row in rows),
        "output": sum(row.output for row in rows),
        "written": sum(row.cache_write_5m + row.cache_write_1h for row in rows),
        "read": sum(row.cache_read for row in rows),
    }


def sentence(response: Any) -> str:
    """The one sentence of a refusal, which says nothing else and shows no trace."""
    said = json.loads(response.content)
    assert list(said) == ["error"]
    assert "Traceback" not in said["error"]
    assert said["error"].count("\n") == 0
    return str(said["error"])
