"""`budgetctl hook`: servers that answer, die, hang and talk nonsense."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from allocation.claude_code.client import spool, state
from allocation.claude_code.client.hook import answer_hook
from tests.claude_code.client import ask, connect, known_state, run
from tests.claude_code.payloads import call
from tests.claude_code.servers import FakeServer, Request, hangs, ok

HAIKU = {"outcome": "use", "tier": "haiku", "zone": "RED", "reason": "Red zone: haiku."}


def queued(folder: Path) -> list[Any]:
    """The events in the queue."""
    path = folder / "queue.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_verdict_becomes_an_answer_and_the_state_is_kept(folder: Path) -> None:
    with FakeServer(lambda _: ok({"verdict": HAIKU, "state": known_state()})) as server:
        connect(folder, server.url)
        answer = ask(folder, call())
    assert answer["hookSpecificOutput"]["updatedInput"]["model"] == "haiku"
    assert answer["hookSpecificOutput"]["updatedInput"]["prompt"] == "Please review."
    kept = folder / "state.json"
    assert json.loads(kept.read_text())["zone"] == "ORANGE"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not queued(folder)


def test_it_says_who_asks_and_for_what(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "a=b,sd_id=SD-OTEL-001,phase=PLAN")
    monkeypatch.setenv("BUDGETCTL_PHASE", "LEAD")
    with FakeServer(lambda _: ok({"verdict": None})) as server:
        connect(folder, f"{server.url}/hub")
        assert ask(folder, call()) is None
    ((path, headers, body),) = server.requests
    assert path == "/hub/hooks/claude-code"
    assert headers["Authorization"] == "Bearer bctl_x_y"
    assert (headers["X-Budgetctl-SD"], headers["X-Budgetctl-Phase"]) == ("SD-OTEL-001", "LEAD")
    assert "prompt" not in body["tool_input"]


def dead(_: Request) -> bytes | None:
    return None


BAD = {
    "a server that closes": dead,
    "a server that hangs": hangs,
    "garbage": lambda _: b"\x00\xff" * 100,
    "no JSON": lambda _: b"HTTP/1.1 200 OK\r\n\r\n<html>",
    "a list": lambda _: ok([1]),
    "an answer that breaks off": lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
    "a fault": lambda _: b"HTTP/1.1 500 Oh\r\n\r\n{}",
    "a busy database": lambda _: b"HTTP/1.1 503 Oh\r\n\r\n{}",
    "a redirect": lambda _: b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n",
}


@pytest.fixture(params=[*BAD, "no server"])
def away(request: pytest.FixtureRequest, folder: Path) -> Iterator[None]:
    """A connection to a server that does not answer as one."""
    if request.param == "no server":
        connect(folder, "http://127.0.0.1:1")
        yield
        return
    with FakeServer(BAD[request.param]) as server:  # type: ignore[arg-type]
        connect(folder, server.url)
        yield


@pytest.mark.usefixtures("away")
def test_without_a_server_the_run_goes_on_and_the_event_waits(folder: Path) -> None:
    began = time.monotonic()
    assert ask(folder, call()) is None
    assert time.monotonic() - began < 3
    (event,) = queued(folder)
    assert event["answered"] == ""
    assert event["payload"]["tool_use_id"] == "toolu_01"
    assert "prompt" not in json.dumps(event)


@pytest.mark.usefixtures("away")
def test_without_a_server_the_last_known_state_answers(folder: Path) -> None:
    state.save(str(folder), known_state())
    said = ask(folder, call("docmon"))["hookSpecificOutput"]
    assert said["updatedInput"]["model"] == "haiku"
    assert "last known state" in said["additionalContext"]
    assert queued(folder)[0]["answered"] == "haiku"


@pytest.mark.parametrize(
    ("agent", "phase", "changed", "expected"),
    [
        ("docmon", "", {}, "haiku"),
        ("docmon", "PLAN", {}, "sonnet"),
        ("docmon", "LEAD", {}, "haiku"),
        ("Security", "", {}, "deny"),
        ("fork", "", {}, None),
        ("docmon", "", {"enabled": False}, None),
        ("docmon", "", {"until": 0}, None),
        ("docmon", "", {"answers": {}}, None),
        ("docmon", "", {"answers": {"": {"EXEC": "x"}}}, None),
        ("docmon", "", {"at": "soon"}, None),
    ],
)
def test_what_the_last_known_state_says(  # noqa: PLR0917 - a table's columns
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    agent: str,
    phase: str,
    changed: dict[str, Any],
    expected: str | None,
) -> None:
    connect(folder, "http://127.0.0.1:1")
    monkeypatch.setenv("BUDGETCTL_PHASE", phase)
    state.save(str(folder), known_state(**changed))
    answer = ask(folder, call(agent))
    said = answer["hookSpecificOutput"] if answer else {}
    found = said.get("permissionDecision") or said.get("updatedInput", {}).get("model")
    assert found == expected


def test_the_servers_clock_counts_where_ours_is_a_day_off(folder: Path) -> None:
    connect(folder, "http://127.0.0.1:1")
    day = 24 * 3600
    ahead = known_state(at=time.time() + day, until=time.time() + day + 60)
    state.save(str(folder), ahead)
    assert ask(folder, call("docmon")) is not None
    state.save(str(folder), ahead | {"until": time.time() + day - 60})
    assert ask(folder, call("docmon")) is None


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_is_refused_is_not_queued(folder: Path, status: int) -> None:
    with FakeServer(lambda _: b"HTTP/1.1 %d No\r\n\r\n{}" % status) as server:
        connect(folder, server.url)
        state.save(str(folder), known_state())
        assert ask(folder, call()) is None
    assert not queued(folder)


@pytest.mark.parametrize("stdin", [b"", b"nonsense", b"[]", b"7", b"[" * 100_000, b"\xff"])
def test_what_is_no_event_is_passed_over(folder: Path, stdin: bytes) -> None:
    connect(folder, "http://127.0.0.1:1")
    answer = answer_hook(stdin, str(folder))
    assert (answer.output, answer.code) == ("", 0)
    assert not queued(folder)


def test_a_home_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "file" / "claude-code"
    folder.parent.write_text("in the way")
    os.environ |= {"BUDGETCTL_URL": "http://127.0.0.1:1", "BUDGETCTL_TOKEN": "x"}
    try:
        assert ask(folder, call()) is None
    finally:
        del os.environ["BUDGETCTL_URL"], os.environ["BUDGETCTL_TOKEN"]


def test_the_process_answers_and_sends_the_queue_afterwards(folder: Path) -> None:
    connect(folder, "http://127.0.0.1:1")
    assert run(folder, "hook", call(tool_use_id="first")) == ""
    with FakeServer(lambda _: ok({"verdict": HAIKU})) as server:
        connect(folder, server.url)
        answer = json.loads(run(folder, "hook", call()))
        for _ in range(100):
            if not spool.is_waiting(str(folder)):
                break
            time.sleep(0.05)
    assert answer["hookSpecificOutput"]["updatedInput"]["model"] == "haiku"
    assert [path for path, _, _ in server.requests] == ["/hooks/claude-code", "/hooks/queued"]


def test_the_client_imports_nothing_heavy() -> None:
    listed = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import allocation.claude_code.client.run\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", listed, str(Path(__file__).parents[2])],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"django", "typer", "pathlib", "typing", "dataclasses", "http.client", "ssl", "urllib",
             "subprocess", "inspect", "email", "logging", "tempfile", "asyncio"}  # fmt: skip
    assert heavy & set(done.stdout.split()) == set()
