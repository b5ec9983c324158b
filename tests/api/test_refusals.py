"""What the API refuses: strangers, missing scopes and bad shapes, and what it says then."""

import gzip
import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client

from allocation.api.models import Scope
from allocation.decisions.models import Decision
from allocation.usage.models import UsageRecord
from tests.api.conftest import JSON, REQUEST, RUN, Agent, sentence

pytestmark = pytest.mark.django_db

NEEDS = [
    ("get", "status", None, "read"),
    ("get", "week", None, "read"),
    ("get", "forecast", None, "read"),
    ("get", "next", None, "read"),
    ("get", "sds", None, "read"),
    ("get", "sds/SD-X-1", None, "read"),
    ("get", "sds/SD-X-1/check", None, "read"),
    ("get", "decisions", None, "read"),
    ("get", "decisions/1", None, "read"),
    ("post", "recommend", RUN, "decisions"),
    ("post", "decisions/1/outcome", {"result": "passed"}, "decisions"),
    ("post", "usage", REQUEST, "usage"),
    ("post", "usage/transcripts", {"requests": []}, "usage"),
    ("post", "sds", {"code": "SD-X-1"}, "checkpoints"),
    ("post", "checkpoints", {"sd": "SD-X-1", "kind": "sd_start_lead"}, "checkpoints"),
    ("post", "quality", {"kind": "review", "passed": 1}, "decisions"),
]


def call(client: Client, method: str, path: str, body: Any) -> Any:
    data = {} if method == "get" else {"data": json.dumps(body), "content_type": JSON}
    return getattr(client, method)(f"/api/v1/{path}", **data)


@pytest.mark.parametrize(("method", "path", "body", "scope"), NEEDS)
def test_without_a_token_there_is_nothing(
    client: Client, method: str, path: str, body: Any, scope: str
) -> None:
    response = call(client, method, path, body)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert "agent token" in sentence(response)


@pytest.mark.parametrize(("method", "path", "body", "scope"), NEEDS)
def test_a_session_of_the_web_is_no_token(
    chairman_client: Client, method: str, path: str, body: Any, scope: str
) -> None:
    assert call(chairman_client, method, path, body).status_code == 401


@pytest.mark.parametrize(("method", "path", "body", "scope"), NEEDS)
def test_every_address_needs_its_scope(
    make_agent: Callable[..., Agent], method: str, path: str, body: Any, scope: str
) -> None:
    agent = make_agent(*(set(Scope.values) - {scope}))
    response = call(agent.client, method, path, body)
    assert response.status_code == 403
    assert f"“{scope}”" in sentence(response)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"sub_agent": NaN}', 400),
        (b'{"sub_agent": "\\ud800"}', 400),
        (b"5", 422),
        (b"null", 422),
        (b"[]", 422),
        (json.dumps([RUN] * 1001).encode(), 422),
        (json.dumps(RUN | {"complexity": 6}).encode(), 422),
        (json.dumps(RUN | {"complexity": "3"}).encode(), 422),
        (json.dumps(RUN | {"phase": "TEST"}).encode(), 422),
        (json.dumps(RUN | {"zone": "BLUE"}).encode(), 422),
        (json.dumps(RUN | {"sub_agent": "NOBODY"}).encode(), 422),
        (json.dumps(RUN | {"sub_agent": "a\0"}).encode(), 422),
        (json.dumps(RUN | {"sd": "SD-NONE-1"}).encode(), 404),
        (json.dumps(RUN | {"requested": "gpt"}).encode(), 422),
        (json.dumps({"sub_agent": "TESTING"}).encode(), 422),
    ],
)
def test_a_body_that_cannot_be_answered_gets_a_sentence(
    agent: Agent, body: bytes, status: int
) -> None:
    response = agent.client.post(
        "/api/v1/recommend", body, content_type=JSON, headers={"Content-Type": JSON}
    )
    assert response.status_code == status
    assert sentence(response)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "The body: List should have at least 1 item, not 0."),
        ([RUN] * 1001, "The body: List should have at most 1000 items, not 1001."),
        ([1], "“0” must be an object."),
        ([RUN, RUN | {"sub_agent": "NOBODY"}], "“1”: No sub-agent is called “NOBODY”."),
        (RUN | {"sub_agent": "NOBODY"}, "No sub-agent is called “NOBODY”."),
        (None, "The body is missing, or is no object that can be taken here."),
    ],
)
def test_a_list_is_not_said_to_be_none(agent: Agent, body: Any, told: str) -> None:
    assert sentence(agent.post("recommend", body)).startswith(told)


def test_a_body_must_be_json_by_its_type(agent: Agent) -> None:
    response = agent.client.post("/api/v1/recommend", json.dumps(RUN), content_type="text/plain")
    assert response.status_code == 415
    assert "application/json" in sentence(response)


def test_a_body_beyond_ten_megabytes_is_refused(agent: Agent) -> None:
    large = json.dumps({"model": "m", "text": "x" * 11_000_000}).encode()
    assert agent.client.post("/api/v1/usage", large, content_type=JSON).status_code == 413
    packed = agent.client.post(
        "/api/v1/usage",
        gzip.compress(large),
        content_type=JSON,
        headers={"Content-Encoding": "gzip"},
    )
    assert packed.status_code == 413
    assert "10 MB" in sentence(packed)


def test_a_body_larger_than_a_form_may_be_is_taken(agent: Agent) -> None:
    text = "x" * 6_000_000
    assert agent.post("usage", {"model": "claude-haiku-4-5", "text": text}).status_code == 200
    assert UsageRecord.objects.get().unsplit == 1_500_000


@pytest.mark.parametrize("path", ["", "nothing", "limits", "floors/1"])
def test_an_address_that_is_none_says_so_in_json(agent: Agent, path: str) -> None:
    response = agent.get(path)
    assert response.status_code == 404
    assert sentence(response)


def test_a_wrong_method_is_said_in_json(agent: Agent) -> None:
    response = agent.get("recommend")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "POST" in sentence(response)


def test_a_database_that_is_away_is_said_to_be(agent: Agent) -> None:
    with mock.patch("allocation.api.v1.standing_at", side_effect=OperationalError("locked")):
        response = agent.get("status")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert sentence(response)


def test_a_fault_of_ours_shows_no_trace(agent: Agent, settings: Any) -> None:
    settings.DEBUG = True
    with mock.patch("allocation.api.v1.standing_at", side_effect=KeyError("secret detail")):
        response = agent.get("status")
    assert response.status_code == 500
    assert "secret detail" not in sentence(response)
