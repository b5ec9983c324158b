"""Which sub-agent a request is counted for, and when that becomes known later."""

from collections.abc import Callable
from datetime import datetime
from itertools import permutations
from pathlib import Path

import pytest

from allocation.usage.models import AgentCall, AgentRun, UsageRecord
from allocation.usage.operations import import_transcripts
from allocation.usage.transcripts.attribution import AgentCall as CallHalf
from allocation.usage.transcripts.attribution import AgentName, Evidence, read_meta
from allocation.usage.transcripts.importing import ImportSummary
from tests.usage.transcripts import (
    SESSION,
    append,
    by_sub_agent,
    call,
    name_agent,
    progress,
    response,
    result,
    text,
    totals,
    write,
)

pytestmark = pytest.mark.django_db

Import = Callable[[], ImportSummary]


@pytest.fixture
def main(tmp_path: Path) -> Path:
    return tmp_path / f"{SESSION}.jsonl"


@pytest.fixture
def agent(main: Path) -> Path:
    """The transcript of the sub-agent a1, which has responded once."""
    path = main.with_suffix("") / "subagents" / "agent-a1.jsonl"
    return write(path, response("msg_a", request_id="req_a", agent="a1", output=50))


@pytest.fixture
def run(tmp_path: Path, now: datetime) -> Import:
    return lambda: import_transcripts(paths=[tmp_path], now=now)


def test_a_sub_agent_that_nothing_names_is_unknown_and_not_main(agent: Path, run: Import) -> None:
    run()
    assert by_sub_agent() == {"unknown": 50}


def test_the_meta_file_names_it(agent: Path, run: Import) -> None:
    name_agent(agent, "security")
    run()
    assert by_sub_agent() == {"SECURITY": 50}


def test_a_meta_file_that_comes_later_moves_what_was_counted(agent: Path, run: Import) -> None:
    run()
    name_agent(agent, "doc_mon")
    run()
    assert by_sub_agent() == {"doc_mon": 50}
    name_agent(agent, "docmon").write_text("{}")
    run()
    assert by_sub_agent() == {"doc_mon": 50}
    assert totals()["records"] == 1


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b"[]", b'{"agentType": 3}'])
def test_a_broken_meta_file_says_nothing(agent: Path, run: Import, broken: bytes) -> None:
    agent.with_suffix(".meta.json").write_bytes(broken)
    run()
    assert by_sub_agent() == {"unknown": 50}


def test_a_meta_file_outside_the_usual_folders_asks_the_transcript_beside_it(
    tmp_path: Path, run: Import
) -> None:
    flat = write(tmp_path / "agent-a1.jsonl", response(agent="a1"))
    name_agent(flat, "docmon")
    name_agent(tmp_path / "agent-a2.jsonl", "of no transcript")
    run()
    assert by_sub_agent() == {"DOCMON": 7}
    assert AgentRun.objects.count() == 1


@pytest.mark.parametrize(
    "folder", ["s1/subagents", "s1/subagents/workflows/wf_1", "subagents/x/s1/subagents"]
)
def test_the_session_is_the_folder_above_that_of_the_sub_agents(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    meta = name_agent(tmp_path / folder / "agent-a1.jsonl", "docmon")
    assert read_meta(meta) == AgentName("s1", "a1", "docmon", Evidence.META_FILE)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_of_two_agents_for_one_call_the_surer_counts(order: tuple[int, ...]) -> None:
    halves = [
        CallHalf("toolu_1", "s1", "retro"),
        CallHalf("toolu_1", "s2", "", "a2", Evidence.PROGRESS),
        CallHalf("toolu_1", "s3", "", "a3", Evidence.PARENT),
    ]
    first, second, third = (halves[place] for place in order)
    named = first.joined(second).joined(third).name
    assert named == AgentName("s3", "a3", "retro", Evidence.PARENT)


def test_its_own_lines_name_it(agent: Path, run: Import) -> None:
    append(agent, text(response("msg_b", request_id=None, agent="a1", attributionAgent="testing")))
    run()
    assert by_sub_agent() == {"TESTING": 57}


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("kind", ["result", "typed result", "background", "progress"])
def test_its_parent_names_it_whatever_is_read_first(
    main: Path, agent: Path, run: Import, kind: str, order: tuple[int, ...]
) -> None:
    outcome = {
        "result": result("toolu_1", "a1"),
        "typed result": result("toolu_1", "a1", agentType="security"),
        "background": result("toolu_1", "a1", status="async_launched", isAsync=True),
        "progress": progress("toolu_1", "a1", response("msg_a", agent="a1")),
    }[kind]
    sub_agents_own = agent.read_bytes()
    agent.unlink()
    steps = [
        lambda: append(main, text(response(content=call("toolu_1", "security")))),
        lambda: append(main, text(outcome)),
        lambda: append(agent, sub_agents_own),
    ]
    for step in order:
        steps[step]()
        run()
    assert by_sub_agent() == {"": 7, "SECURITY": 50}


def test_a_nested_sub_agent_is_named_by_the_one_that_called_it(agent: Path, run: Import) -> None:
    calling = response(
        "msg_b", request_id=None, agent="a1", content=call("t", "docmon", name="Agent")
    )
    append(agent, text(calling, result("t", "a2")))
    write(agent.with_name("agent-a2.jsonl"), response(agent="a2"))
    run()
    assert by_sub_agent() == {"DOCMON": 7, "unknown": 57}


def test_the_surer_evidence_stays(main: Path, agent: Path, run: Import) -> None:
    write(main, response(content=call("toolu_1", "retro")), result("toolu_1", "a1"))
    run()
    assert by_sub_agent()["RETRO"] == 50
    append(agent, text(response("msg_b", request_id=None, agent="a1", attributionAgent="testing")))
    run()
    assert by_sub_agent()["TESTING"] == 57
    name_agent(agent, "security")
    run()
    append(agent, text(response("msg_c", request_id=None, agent="a1", attributionAgent="testing")))
    append(main, text(result("toolu_9", "a1", agentType="risk")))
    run()
    assert by_sub_agent() == {"": 7, "SECURITY": 64}
    assert AgentRun.objects.get().evidence == Evidence.META_FILE


def test_one_agent_id_may_be_two_sub_agents_in_two_sessions(tmp_path: Path, run: Import) -> None:
    for session, name in (("one", "security"), ("two", "docmon")):
        line = response(session, request_id=None, session=session, agent="a1")
        name_agent(write(tmp_path / session / "subagents" / "agent-a1.jsonl", line), name)
    run()
    assert by_sub_agent() == {"DOCMON": 7, "SECURITY": 7}


def test_the_summary_of_a_thread_is_its_own_request(agent: Path, run: Import) -> None:
    compact = response("msg_c", request_id=None, agent="acompact-4711", output=3)
    write(agent.with_name("agent-acompact-4711.jsonl"), compact)
    run()
    assert by_sub_agent() == {"": 3, "unknown": 50}


def test_a_line_without_agent_id_takes_that_of_its_file(agent: Path, run: Import) -> None:
    line = response("msg_b", request_id=None, isSidechain=True)
    append(agent, text(line))
    name_agent(agent, "docmon")
    run()
    assert by_sub_agent() == {"DOCMON": 57}


@pytest.mark.parametrize(
    "odd",
    [
        {"toolUseResult": "no object", "x": {"agentId": "a1"}},
        {"toolUseResult": {"agentId": 7}},
        {"toolUseResult": {"agentId": ""}},
        {"toolUseResult": {"agentId": "a1"}, "message": {"content": "no blocks"}},
        {"toolUseResult": {"agentId": "a1"}, "message": {"content": []}},
        {"type": "progress", "data": 5, "usage": {}},
        {"type": "progress", "data": {}, "usage": {}},
        {"type": "user", "toolUseResult": {"usage": {}, "agentId": "a1"}, "message": {}},
    ],
)
def test_lines_of_another_shape_name_nobody(
    main: Path, agent: Path, run: Import, odd: dict[str, object]
) -> None:
    write(main, {"sessionId": SESSION, "type": "user"} | odd)
    assert run().unreadable == 0
    assert not AgentRun.objects.exists()
    assert not AgentCall.objects.exists()


def test_calls_of_another_shape_count_and_name_nobody(main: Path, run: Import) -> None:
    odd = [{"type": "tool_use", "id": "t", "name": "Task", "input": {"subagent_type": 3}}]
    other = [{"type": "tool_use", "id": "u", "name": "Bash", "input": {"subagent_type": "x"}}]
    write(main, response(content=odd), response("msg_2", request_id=None, content=other))
    assert run().new == 2
    assert not AgentCall.objects.exists()


def test_names_longer_than_a_column_are_cut(agent: Path, run: Import) -> None:
    name_agent(agent, "x" * 300)
    run()
    assert UsageRecord.objects.get().agent_type == "x" * 100
