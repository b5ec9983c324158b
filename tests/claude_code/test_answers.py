"""From payloads to what is asked, and from verdicts to answers: tables over pure functions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.claude_code.client.answers import hook_answer
from allocation.claude_code.client.payload import (
    agent_asked,
    essentials,
    is_call,
    why_not_steerable,
)
from tests.claude_code.payloads import TOOLS, call, common, result, started, status_line, stopped

USE = {"outcome": "use", "tier": "haiku", "zone": "ORANGE", "reason": "Orange zone: saving."}


@pytest.mark.parametrize(("version", "tool"), TOOLS.items())
def test_a_call_is_answered_with_its_whole_input(version: str, tool: str) -> None:
    payload = call(tool=tool, model="opus", run_in_background=True)
    answer: Any = hook_answer(payload, USE)
    said = answer["hookSpecificOutput"]
    assert is_call(payload)
    assert said["updatedInput"] == {**payload["tool_input"], "model": "haiku"}
    assert said["hookEventName"] == "PreToolUse"
    assert "permissionDecision" not in said, "that is the user's"
    assert said["additionalContext"] == (
        "budgetctl: zone Orange, security-reviewer runs on haiku. Orange zone: saving."
    )


@pytest.mark.parametrize("outcome", ["defer", "pause"])
def test_a_run_that_is_put_off_is_denied_with_what_to_do(outcome: str) -> None:
    verdict = {"outcome": outcome, "tier": None, "zone": "RED", "reason": "Its floor is opus."}
    answer: Any = hook_answer(call(), verdict)
    said = answer["hookSpecificOutput"]
    assert said["permissionDecision"] == "deny"
    assert "Its floor is opus." in said["permissionDecisionReason"]
    assert "Chairman" in said["permissionDecisionReason"]
    assert "\n" not in said["permissionDecisionReason"]
    assert "updatedInput" not in said


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        {},
        {"outcome": "off", "tier": "opus"},
        {"outcome": "use", "tier": None},
        # A tier that somebody added in the catalogue: the tool would refuse the whole call.
        {"outcome": "use", "tier": "mythos"},
        {"outcome": "use", "tier": "claude-haiku-4-5-20251001"},
    ],
)
def test_what_cannot_be_said_is_not_said(verdict: dict[str, Any] | None) -> None:
    assert hook_answer(call(), verdict) == {}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (call(), True),
        (call(tool="Task"), True),
        (call(tool="Workflow"), False),
        (call(tool="Bash"), False),
        (result(), False),
        (started(), False),
        (common("SessionStart", source="startup"), False),
    ],
)
def test_only_a_call_of_a_sub_agent_is_steered(payload: dict[str, Any], expected: bool) -> None:
    assert is_call(payload) is expected


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (call(), ""),
        (call(None), ""),
        (call("fork"), "fork"),
        (call("docmon", resume="a55093f"), "resumed"),
    ],
)
def test_forks_and_resumed_agents_keep_their_model(payload: dict[str, Any], why: str) -> None:
    assert why_not_steerable(payload) == why


def test_a_call_without_a_type_runs_the_general_sub_agent() -> None:
    assert agent_asked(call(None)) == "general-purpose"


def test_prompts_answers_and_paths_stay_on_the_machine() -> None:
    for payload in (call(), result(content=[{"text": "a secret"}]), stopped(), status_line()):
        sent = json.dumps(essentials(payload))
        for private in ("Please", "secret", "/home/dev", "review code"):
            assert private not in sent


def test_a_name_says_on_a_page_what_it_says_to_claude_code() -> None:
    seen = essentials(call("x\u202ey\x1b\ud800"))
    assert seen["tool_input"]["subagent_type"] == "x�y��"


def test_a_run_of_a_workflow_is_known_by_where_it_writes() -> None:
    assert essentials(stopped(folder="subagents/workflows/wf_1"))["in_workflow"] is True
    assert "in_workflow" not in essentials(stopped())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(sorted(result(modelsUsed=[]) | stopped() | {"in_workflow": 1, "x": 1}))


@given(st.dictionaries(names, anything))
def test_essentials_of_anything_are_storable_and_their_own_essentials(
    payload: dict[str, Any],
) -> None:
    seen = essentials(payload)
    assert essentials(seen) == seen
    json.dumps(seen).encode()
    assert "\\u0000" not in json.dumps(seen)
