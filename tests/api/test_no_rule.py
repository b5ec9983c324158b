"""No agent writes a rule: not inside a report, at no address, and not after a decision."""

import json
from decimal import Decimal
from typing import Any

import pytest

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule
from allocation.catalog.models import Price
from allocation.decisions.models import Decision
from allocation.floors.models import ModelFloor, Override
from tests.api.conftest import JSON, REQUEST, RUN, Agent, sentence

pytestmark = pytest.mark.django_db


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


def test_an_outcome_cannot_rewrite_what_was_decided(agent: Agent) -> None:
    decision = agent.post("recommend", RUN).json()["decision"]
    before = Decision.objects.values("recommended", "floor", "reason", "inputs").get()
    for more in ({"recommended": "haiku"}, {"model": "haiku"}, {"floor": "haiku"}):
        assert agent.post(f"decisions/{decision}/outcome", more).status_code == 422
    assert Decision.objects.values("recommended", "floor", "reason", "inputs").get() == before
