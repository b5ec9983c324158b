"""What the API refuses: strangers, missing scopes, bad shapes, and every attempt to make a rule."""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client

from allocation.api.models import Scope
from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule
from allocation.catalog.models import Price
from allocation.decisions.models import Decision
from allocation.floors.models import ModelFloor, Override
from allocation.usage.models import UsageRecord
from tests.api.conftest import JSON, Agent

pytestmark = pytest.mark.django_db

RUN = {"sub_agent": "TESTING", "phase": "EXEC", "complexity": 3}
REQUEST = {"model": "claude-haiku-4-5", "usage": {"input_tokens": 1}}
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


def sentence(response: Any) -> str:
    """The one sentence of a refusal, which says nothing else and shows no trace."""
    said = json.loads(response.content)
    assert list(said) == ["error"]
    assert "Traceback" not in said["error"]
    assert said["error"].count("\n") == 0
    return str(said["error"])


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


def rules() -> list[Any]:
    """Everything that only the Chairman may write."""
    tables = (BudgetRule, ModelFloor, Price, Override)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.mark.parametrize(
    "more",
    [
        {"limit": 10**9},
        {"reserve_percent": 0},
        {"floor": "haiku"},
        {"tier": "opus"},
        {"override": "opus"},
        {"price": 0},
        {"enabled": False},
        {"meter": "all tokens"},
        {"actor": "chairman"},
        {"zone_bounds": {"yellow": 99}},
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("recommend", RUN),
        ("usage", REQUEST),
        ("usage/transcripts", {"requests": []}),
        ("sds", {"code": "SD-X-1"}),
        ("checkpoints", {"sd": "SD-X-1", "kind": "sd_start_lead"}),
    ],
)
def test_an_agent_cannot_slip_a_rule_into_a_report(
    agent: Agent, path: str, body: dict[str, Any], more: dict[str, Any]
) -> None:
    before = rules()
    response = agent.post(path, body | more)
    assert response.status_code == 422
    assert "cannot be set" in sentence(response) or "not something" in sentence(response)
    assert rules() == before


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "path",
    [
        "/admin/budgets/budgetrule/1/change/",
        "/admin/floors/modelfloor/add/",
        "/admin/floors/modelfloor/1/change/",
        "/admin/floors/override/add/",
        "/admin/catalog/price/add/",
        "/admin/api/agenttoken/",
        "/tokens/",
        "/tokens/new/",
        "/api/v1/limit",
        "/api/v1/limits",
        "/api/v1/floors",
        "/api/v1/floors/1",
        "/api/v1/prices",
        "/api/v1/overrides",
        "/api/v1/switch",
        "/api/v1/tokens",
        "/api/v1/status",
        "/api/v1/decisions",
        "/api/v1/decisions/1",
        "/api/v1/sds/SD-X-1",
    ],
)
def test_an_agent_finds_no_door_to_a_rule(agent: Agent, method: str, path: str) -> None:
    before = rules()
    data: dict[str, Any] = {"limit": 1, "tier": "haiku", "enabled": False, "name": "mine"}
    send = getattr(agent.client, method)
    response = (
        send(path, data) if method == "get" else send(path, json.dumps(data), content_type=JSON)
    )
    reads = {f"/api/v1/{name}" for name in ("status", "decisions", "decisions/1", "sds/SD-X-1")}
    assert response.status_code in ({422} if method == "get" and path in reads else {302, 404, 405})
    if response.status_code == 302:
        assert "/login/" in response["Location"]
    assert rules() == before
    assert not AuditEntry.objects.exclude(action="token creation").exists()
    assert BudgetRule.objects.get().limit == Decimal(500_000)


def test_an_outcome_says_on_a_page_what_it_said(agent: Agent) -> None:
    decision = agent.post("recommend", RUN).json()["decision"]
    outcome = {"observed": "evil\u202esupo", "override_reason": "a\n\x1b[31mb\u2066"}
    said = agent.post(f"decisions/{decision}/outcome", outcome).json()
    assert (said["observed"], said["override_reason"]) == ("evil�supo", "a\n�[31mb�")


def test_an_outcome_cannot_rewrite_what_was_decided(agent: Agent) -> None:
    decision = agent.post("recommend", RUN).json()["decision"]
    before = Decision.objects.values("recommended", "floor", "reason", "inputs").get()
    for more in ({"recommended": "haiku"}, {"model": "haiku"}, {"floor": "haiku"}):
        assert agent.post(f"decisions/{decision}/outcome", more).status_code == 422
    assert Decision.objects.values("recommended", "floor", "reason", "inputs").get() == before
