"""A token, a client that speaks as a hook does, and the folder of `budgetctl hook`."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from allocation.api.operations import create_token
from allocation.claude_code.situation import forget
from tests.cli.conftest import launch, new_environment
from tests.factories import BudgetWeekFactory, UsageRecordFactory, rebuild_hours

# Fixtures of the command line that the tests here ask for too.
__all__ = ["launch", "new_environment"]

Post = Callable[..., HttpResponse]
Hook = Callable[..., Any]


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    """Factories write without audit entries, so what hooks keep would not notice."""
    forget()


@pytest.fixture
def token(db: None) -> str:
    """A token for hooks and telemetry."""
    _, clear = create_token(
        name="claude-code on here",
        actor="chairman",
        now=timezone.now(),
        scopes=["hooks", "usage"],
    )
    return clear


@pytest.fixture
def post(token: str) -> Post:
    """Posts an object with the token; headers are given by keywords."""
    client = Client(enforce_csrf_checks=True)

    def send(path: str, body: Any, **headers: str) -> HttpResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(  # type: ignore[return-value]
            path,
            body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}", **given},
        )

    return send


@pytest.fixture
def hook(post: Post) -> Hook:
    """Posts an event as an HTTP hook and gives the answer."""

    def send(payload: dict[str, Any], **headers: str) -> Any:
        response = post("/hooks/claude-code", payload, **headers)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    return send


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's folder; nothing of ours in the environment."""
    for name in ("BUDGETCTL_URL", "BUDGETCTL_TOKEN", "BUDGETCTL_SD", "BUDGETCTL_PHASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("OTEL_RESOURCE_ATTRIBUTES", raising=False)
    return tmp_path / "claude-code"


def use_share(percent: int) -> None:
    """Open a week around now in which so much of the limit is used."""
    now = timezone.now()
    BudgetWeekFactory(start=now - timedelta(days=2), end=now + timedelta(days=5), limit=1_000_000)
    UsageRecordFactory(
        at=now - timedelta(hours=1), input=percent * 10_000, model="claude-sonnet-4-5"
    )
    rebuild_hours([now - timedelta(hours=1)])
    forget()
