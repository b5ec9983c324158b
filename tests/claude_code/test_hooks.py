"""The hook endpoint: what it decides, answers and keeps."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from allocation.budgets.operations import switch
from allocation.claude_code.models import HarnessSession, HookDefaults, UnsteeredRun
from allocation.decisions.models import Decision
from tests.claude_code.conftest import Hook, Post, use_share
from tests.claude_code.payloads import (
    AGENT_ID,
    SESSION,
    TOOLS,
    call,
    common,
    result,
    started,
    stopped,
)
from tests.factories import (
    StrategicDirectiveFactory,
    SubAgentAliasFactory,
    SubAgentFactory,
)


def model_of(answer: Any) -> str:
    """The model in an answer."""
    model: str = answer["hookSpecificOutput"]["updatedInput"]["model"]
    return model


@pytest.mark.parametrize(("version", "tool"), TOOLS.items())
def test_a_call_is_decided_stored_and_answered(hook: Hook, version: str, tool: str) -> None:
    use_share(75)
    answer = hook(call("docmon", tool=tool))
    decision = Decision.objects.get()
    assert model_of(answer) == "haiku"
    assert decision.key == "toolu_01"
    assert decision.recommended
    assert decision.recommended.name == "haiku"
    assert (decision.sub_agent, decision.phase, decision.complexity) == ("DOCMON", "EXEC", 3)
    assert (decision.zone, decision.actor) == ("YELLOW", "agent claude-code on here")
    assert decision.session_id == SESSION


@pytest.mark.parametrize("elsewhere", [{}, {"session_id": "5e55105e-0000-4000-8000-000000000002"}])
def test_another_call_of_the_same_id_gets_an_answer_of_its_own(
    hook: Hook, elsewhere: dict[str, str]
) -> None:
    agent = "docmon" if elsewhere else "security"
    other, came = (
        call(agent) | elsewhere,
        result(agent, resolvedModel="claude-opus-5-5") | elsewhere,
    )
    assert model_of(hook(call("docmon"))) == "sonnet"
    use_share(75)
    answer = hook(other)
    assert model_of(answer) == ("haiku" if elsewhere else "opus")  # of the zone now, by its floor
    assert hook(other) == answer
    assert model_of(hook(call("docmon"))) == "sonnet"
    hook(came)
    first, second = Decision.objects.order_by("pk")
    assert (first.key, first.observed, second.observed) == ("toolu_01", "", "claude-opus-5-5")


def test_a_result_of_another_session_is_not_laid_to_a_call_of_the_same_id(hook: Hook) -> None:
    hook(call("docmon"))
    hook(result("docmon", resolvedModel="claude-opus-5-5") | {"session_id": "another"})
    assert Decision.objects.get().observed == ""


def test_the_same_call_again_gets_the_same_answer(hook: Hook) -> None:
    first = hook(call("docmon"))
    use_share(99)
    assert hook(call("docmon")) == first
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("percent", "agent", "tier"),
    [
        (10, "docmon", "sonnet"),
        (10, "security", "opus"),
        (90, "docmon", "haiku"),
        (90, "database", "sonnet"),
        (97, "docmon", "haiku"),
        (97, "database", "sonnet"),
        (97, "security", None),
    ],
)
def test_the_zone_and_the_floor_decide(
    hook: Hook, percent: int, agent: str, tier: str | None
) -> None:
    use_share(percent)
    said = hook(call(agent))["hookSpecificOutput"]
    if tier is None:
        assert said["permissionDecision"] == "deny"
        assert "opus" in said["permissionDecisionReason"]
        assert Decision.objects.get().outcome == "defer"
    else:
        assert said["updatedInput"]["model"] == tier


def test_an_alias_leads_to_its_sub_agent(hook: Hook) -> None:
    security = SubAgentFactory(code="SECURITY")
    SubAgentAliasFactory(sub_agent=security, name="security-reviewer")
    assert model_of(hook(call("Security_Reviewer"))) == "opus"


def test_an_unregistered_type_gets_the_default_floor(hook: Hook) -> None:
    use_share(90)
    assert model_of(hook(call("made-up"))) == "haiku"
    assert Decision.objects.get().sub_agent == "made-up"


def test_disabled_answers_nothing_and_stores_nothing(hook: Hook) -> None:
    switch(enabled=False, actor="chairman", now=timezone.now())
    assert hook(call()) == {}
    assert not Decision.objects.exists()


def test_the_model_that_the_call_asks_for_is_kept(hook: Hook) -> None:
    hook(call("docmon", model="opus"))
    assert Decision.objects.get().requested == "opus"


@pytest.mark.parametrize(
    ("headers", "sd", "phase", "complexity"),
    [
        ({}, "SD-ONE-001", "PLAN", 5),
        ({"X_Budgetctl_SD": "sd-two-001"}, "SD-TWO-001", "LEAD", 1),
        ({"X_Budgetctl_SD": "SD-TWO-001", "X_Budgetctl_Phase": "exec"}, "SD-TWO-001", "EXEC", 1),
        ({"X_Budgetctl_Phase": "LEAD"}, "SD-ONE-001", "LEAD", 5),
        ({"X_Budgetctl_SD": "SD-NONE-1"}, None, "EXEC", 3),
        ({"X_Budgetctl_Phase": "nonsense", "X_Budgetctl_SD": "SD-NONE-1"}, None, "EXEC", 3),
    ],
)
def test_the_sd_is_the_one_named_or_the_one_in_progress(
    hook: Hook, headers: dict[str, str], sd: str | None, phase: str, complexity: int
) -> None:
    StrategicDirectiveFactory(code="SD-ONE-001", phase="PLAN", complexity=5)
    StrategicDirectiveFactory(
        code="SD-TWO-001", phase="LEAD", complexity=1, status="paused", started_at=timezone.now()
    )
    hook(call("docmon"), **headers)
    decision = Decision.objects.get()
    assert (decision.sd.code if decision.sd else None) == sd
    assert (decision.phase, decision.complexity) == (phase, complexity)


def test_a_run_without_an_sd_is_refused_while_the_only_sd_is_paused(hook: Hook) -> None:
    StrategicDirectiveFactory(code="SD-PAUSED-001", phase="EXEC", status="paused")
    answer = hook(call("docmon"))["hookSpecificOutput"]
    assert answer["permissionDecision"] == "deny"
    assert "SD-PAUSED-001" in answer["permissionDecisionReason"]


def test_of_two_in_progress_none_is_taken_and_the_defaults_hold(hook: Hook) -> None:
    StrategicDirectiveFactory(phase="PLAN")
    StrategicDirectiveFactory(phase="LEAD")
    HookDefaults.objects.update(phase="LEAD", complexity=5)
    hook(call("docmon"))
    decision = Decision.objects.get()
    assert (decision.sd, decision.phase, decision.complexity) == (None, "LEAD", 5)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (call("fork"), "fork"),
        (call("docmon", resume=AGENT_ID), "resumed"),
        (stopped(folder="subagents/workflows/wf_1"), "workflow"),
    ],
)
def test_what_cannot_be_steered_is_kept_as_such(
    hook: Hook, payload: dict[str, Any], why: str
) -> None:
    assert hook(payload) == {}
    assert hook(payload) == {}
    assert UnsteeredRun.objects.get().why == why
    assert not Decision.objects.exists()


def test_sessions_are_heard(hook: Hook) -> None:
    hook(common("SessionStart", source="startup"), X_Budgetctl_Machine="hub")
    session = HarnessSession.objects.get()
    assert (session.session_id, session.machine, session.project) == (SESSION, "hub", "proj")
    assert session.hook_at == session.last_heard
    assert session.ended_at is None
    hook(common("SessionEnd", reason="other"))
    session.refresh_from_db()
    assert session.ended_at is not None
    hook(common("SessionStart", source="resume"))
    session.refresh_from_db()
    assert session.ended_at is None


def test_our_client_gets_the_verdict_and_the_state(post: Post) -> None:
    use_share(72)
    body = json.loads(post("/hooks/claude-code", call("docmon"), X_Budgetctl_Client="1").content)
    assert body["verdict"] == {
        "outcome": "use",
        "tier": "haiku",
        "zone": "YELLOW",
        "reason": "Yellow zone: saving tokens, haiku instead of sonnet.",
    }
    state = body["state"]
    assert (state["enabled"], state["zone"], state["percent"]) == (True, "YELLOW", "72%")
    assert state["left"] == "280k left"
    assert state["answers"]["SECURITY"]["EXEC"][:2] == ["use", "opus"]
    assert state["answers"][""]["PLAN"][:2] == ["use", "haiku"]
    fresh = post("/hooks/claude-code", started(), X_Budgetctl_Client="1", X_Budgetctl_State="3")
    assert json.loads(fresh.content) == {"verdict": None}


def test_queued_events_are_kept_once_with_what_was_answered(post: Post) -> None:
    use_share(90)
    before = timezone.now() - timedelta(hours=1)
    queued = [
        {"at": before.timestamp(), "payload": call("docmon"), "answered": "haiku"},
        {"at": before.timestamp(), "payload": call("docmon", tool_use_id="b"), "answered": "opus"},
        {"at": before.timestamp(), "payload": call("docmon", tool_use_id="c"), "answered": ""},
        {"at": before.timestamp(), "payload": call("docmon", tool_use_id="d"), "answered": None},
        {"at": before.timestamp(), "payload": call("docmon", tool_use_id="e"), "answered": "<b>"},
        {"at": "nonsense", "payload": result("docmon", resolvedModel="claude-haiku-5-5")},
        {"payload": "broken"},
        7,
    ]
    for _ in range(2):
        response = post("/hooks/queued", {"events": queued})
        assert json.loads(response.content) == {"kept": 6, "skipped": 2}
    followed, *others = (Decision.objects.get(key=key) for key in ("toolu_01", "b", "c", "d", "e"))
    assert abs(followed.at - before) < timedelta(seconds=1)
    assert (followed.override_reason, followed.mismatch) == ("", "followed")
    assert [other.override_reason for other in others] == [
        "The server was away: the last known state gave opus.",
        "The server was away and nothing was known: the run went on unsteered.",
        "The server was away: the last known state refused the run.",
        "The server was away: the last known state gave another.",
    ]


@pytest.mark.django_db(transaction=True)
def test_the_same_call_at_the_same_moment_is_decided_once(post: Post, token: str) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        try:
            answers.append(post("/hooks/claude-code", call("docmon")).content)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("path", ["claude-code", "queued", "status-line", "state", "health"])
def test_another_method_is_refused_as_all_else_is(client: Client, path: str) -> None:
    refused = client.get(f"/hooks/{path}")
    assert (refused.status_code, refused["Allow"]) == (405, "POST")
    assert refused.json() == {"error": "This address takes POST, not GET."}
