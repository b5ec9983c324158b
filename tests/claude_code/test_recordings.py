"""What the real Claude Code sent, replayed through the endpoints. Asked for, it runs with

    CLAUDE_RECORDINGS=/path/to/folder pytest tests/claude_code/test_recordings.py

where the folder has one for each recorded run, with any of: `projects` (transcripts), `otlp.jsonl`
(telemetry: path and body), `hooklog.jsonl` (what hooks were given), `status.jsonl` (what the status
line was given) and `stream-json.jsonl` (what was printed, with the CLI's own sums at its end). The
scripted server behind them answered its n-th request as message `msg_<n>_…` with 1,000 n to
1,000 n + 2 tokens of input, 100 n + 7 of output, 5 n read from the cache, 10 n written to it for
5 minutes and 20 n for an hour.
"""

import json
import os
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from allocation.claude_code.models import PlanReading
from allocation.claude_code.operations import observe_from_usage
from allocation.decisions.models import Decision
from allocation.policy.model_truth import Truth
from allocation.policy.recommend import Outcome
from allocation.usage.models import UsageHour, UsageRecord
from allocation.usage.operations import import_transcripts
from tests.claude_code.conftest import Post, use_share
from tests.factories import SubAgentAliasFactory, SubAgentFactory

FOLDER = Path(os.environ.get("CLAUDE_RECORDINGS", ""))
CASES = sorted(FOLDER.glob("*/")) if FOLDER.name else []
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not CASES, reason="asked for with CLAUDE_RECORDINGS=/path/to/folder"),
    pytest.mark.parametrize("case", CASES, ids=lambda case: case.name),
]

Json = dict[str, Any]
KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def objects(path: Path) -> Iterator[Json]:
    """The JSON objects of a file, however they are set in lines."""
    text, decode, at = path.read_text() if path.exists() else "", json.JSONDecoder().raw_decode, 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        found, at = decode(text, at)
        yield found


def calls(case: Path) -> list[Json]:
    """The calls of sub-agents that hooks were asked about."""
    events = objects(case / "hooklog.jsonl")
    return [e for e in events if e.get("hook_event_name") == "PreToolUse" and is_agent(e)]


def is_agent(event: Json) -> bool:
    """Whether a hook is about a sub-agent."""
    return event.get("tool_name") in {"Agent", "Task"}


def replay_transcripts(case: Path, post: Post) -> None:
    """As the watcher does."""
    import_transcripts(paths=[case / "projects"], now=timezone.now())


def replay_telemetry(case: Path, post: Post) -> None:
    """As the exporter does."""
    for sent in objects(case / "otlp.jsonl"):
        answer = post(f"/otlp{sent['path']}", sent["body"]).json()
        assert answer.get("partialSuccess", {}).get("rejectedLogRecords", "0") == "0"


def replay_hooks(case: Path, post: Post) -> None:
    """As the settings of `budgetctl connect` have it."""
    for event in objects(case / "hooklog.jsonl"):
        if event["hook_event_name"] != "UserPromptSubmit":
            assert post("/hooks/claude-code", event).status_code == 200
    for status in objects(case / "status.jsonl"):
        assert post("/hooks/status-line", status).status_code == 200


SOURCES: dict[str, Callable[[Path, Post], None]] = {
    "transcripts": replay_transcripts,
    "telemetry": replay_telemetry,
    "hooks": replay_hooks,
}
ORDERS = [*permutations(SOURCES)]


def own_sums(case: Path) -> dict[str, list[int]]:
    """What the CLI itself counted by model: input, output, read from and written to the cache."""
    told = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
    results = (line for line in objects(case / "stream-json.jsonl") if line["type"] == "result")
    return {
        model: [used[kind] for kind in told]
        for result in results
        for model, used in result["modelUsage"].items()
    }


def sums(records: list[UsageRecord]) -> dict[str, list[int]]:
    """The same, of what was stored."""
    by_model: dict[str, list[int]] = {}
    for row in records:
        written = row.cache_write_5m + row.cache_write_1h
        counts = (row.input, row.output, row.cache_read, written)
        known = by_model.get(row.model, [0] * 4)
        by_model[row.model] = [a + b for a, b in zip(known, counts, strict=True)]
    return by_model


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_whatever_comes_first_and_again_each_request_counts_once(
    case: Path, order: tuple[str, ...], post: Post
) -> None:
    for source in (*order, *order):
        SOURCES[source](case, post)
    records = [*UsageRecord.objects.all()]
    for row in records:
        n = int((row.message_id or "").split("_")[1])
        counts = [getattr(row, kind) for kind in KINDS]
        assert counts[0] - 1000 * n in {0, 1, 2}
        assert counts[2:] == [5 * n, 10 * n, 20 * n]
        # Some versions write no more than the beginning of a response into their transcripts.
        assert row.output == 100 * n + 7 or not row.output_final
    if (case / "otlp.jsonl").exists():
        assert sums(records) == own_sums(case)
    assert len({row.message_id for row in records}) == len(records) > 0
    rolled = UsageHour.objects.values_list(*KINDS)
    assert [*map(sum, zip(*rolled, strict=True))] == [
        sum(getattr(row, kind) for row in records) for kind in KINDS
    ]


def test_each_sub_agent_has_its_name(case: Path, post: Post) -> None:
    for replay in SOURCES.values():
        replay(case, post)
    named = {
        meta.name.split(".")[0].removeprefix("agent-"): json.loads(meta.read_text())["agentType"]
        for meta in case.glob("projects/**/*.meta.json")
    }
    rows = [*UsageRecord.objects.exclude(agent_id="")]
    assert named.keys() <= {row.agent_id for row in rows}
    for row in rows:
        assert row.agent_type == named.get(row.agent_id, row.agent_type) != ""


def test_each_call_is_decided_once_and_answered_with_the_whole_input(
    case: Path, post: Post
) -> None:
    use_share(72)
    asked = calls(case)
    for call in asked:
        answers = [post("/hooks/claude-code", call).json() for _ in range(2)]
        said = answers[0]["hookSpecificOutput"]
        decision = Decision.objects.get(key=call["tool_use_id"])
        assert decision.recommended
        assert answers[0] == answers[1]
        assert said["updatedInput"] == {**call["tool_input"], "model": decision.recommended.name}
    assert Decision.objects.count() == len(asked)


def test_each_call_is_denied_where_its_floor_can_no_longer_be_paid(case: Path, post: Post) -> None:
    use_share(120)
    SubAgentAliasFactory(sub_agent=SubAgentFactory(code="SECURITY"), name="security-reviewer")
    reviews = [c for c in calls(case) if c["tool_input"]["subagent_type"] == "security-reviewer"]
    for call in reviews:
        said = post("/hooks/claude-code", call).json()["hookSpecificOutput"]
        assert said["permissionDecision"] == "deny"
        assert "updatedInput" not in said
        assert Decision.objects.get(key=call["tool_use_id"]).outcome == Outcome.DEFER


def test_what_really_ran_is_held_against_each_decision(case: Path, post: Post) -> None:
    use_share(72)
    replay_hooks(case, post)
    replay_transcripts(case, post)
    observe_from_usage(now=timezone.now())
    results = [e for e in objects(case / "hooklog.jsonl") if e["hook_event_name"] == "PostToolUse"]
    ended = [e["tool_response"]["agentId"] for e in results if is_agent(e)]
    decisions = [*Decision.objects.exclude(agent_id="")]
    assert sorted(decision.agent_id for decision in decisions) == sorted(ended)
    for decision in decisions:
        records = UsageRecord.objects.filter(agent_id=decision.agent_id)
        ran_on = {*records.values_list("model", flat=True)}
        # A departure that a hook told of stays, also where a gateway answered as was decided.
        assert decision.observed in ran_on or decision.mismatch == Truth.SILENT_MISMATCH


def test_what_the_plan_says_of_itself_is_kept_as_a_reading(case: Path, post: Post) -> None:
    replay_hooks(case, post)
    told = [s["rate_limits"] for s in objects(case / "status.jsonl") if s.get("rate_limits")]
    assert PlanReading.objects.exists() == bool(told)
