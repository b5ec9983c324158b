"""What the hook endpoint refuses, and what it takes without a fault."""

import json
from typing import Any

import pytest
from django.utils import timezone

from allocation.api.models import AgentToken
from allocation.api.operations import create_token, revoke_token
from allocation.decisions.models import Decision
from tests.claude_code.conftest import Post
from tests.claude_code.payloads import call, common


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"hook_event_name": 7}', 400),
        (b"[" * 100_000, 400),
        (b'{"hook_event_name": "\xff"}', 400),
        (b" " * (8 * 1024 * 1024 + 1), 413),
    ],
)
def test_what_is_no_event_is_refused_in_one_sentence(post: Post, body: bytes, status: int) -> None:
    response = post("/hooks/claude-code", body)
    assert response.status_code == status
    (sentence,) = json.loads(response.content).values()
    assert sentence.endswith(".")
    assert "Traceback" not in sentence


@pytest.mark.parametrize(
    "payload",
    [
        common("PreToolUse", tool_name="Agent", tool_input="text", tool_use_id=7),
        common("PostToolUse", tool_name="Agent", tool_response=["x"], tool_use_id="toolu\0x"),
        common("PreToolUse", tool_name="Agent", tool_input={"subagent_type": "\ud800\0" * 300}),
        common("SubagentStart", agent_id=None, agent_type={}),
        {"hook_event_name": "Nonsense" * 1000},
    ],
)
def test_hostile_events_are_taken_without_a_fault(post: Post, payload: dict[str, Any]) -> None:
    assert post("/hooks/claude-code", payload).status_code == 200


def test_without_a_token_that_may_nothing_is_done(client: Any, post: Post, token: str) -> None:
    def asked(clear: str) -> int:
        headers = {"Authorization": f"Bearer {clear}"}
        answer = client.post(
            "/hooks/claude-code", call(), content_type="application/json", headers=headers
        )
        return int(answer.status_code)

    assert asked("") == 401
    other = create_token(name="x", actor="chairman", now=timezone.now(), scopes=["read"])[1]
    assert asked(other) == 403
    row = AgentToken.objects.get(name="claude-code on here")
    revoke_token(token=row, actor="chairman", now=timezone.now())
    assert asked(token) == 401
    assert not Decision.objects.exists()
