"""`budgetctl hook --fail-closed`: which calls it blocks, and what it says then."""

import json
import subprocess
import sys
from pathlib import Path
from time import time

import pytest

from allocation.claude_code.client import state
from allocation.claude_code.client.hook import BLOCKED, answer_hook
from tests.claude_code.client import ask, connect, known_state
from tests.claude_code.payloads import call, common, result, started
from tests.claude_code.servers import FakeServer, ok


def test_fail_closed_blocks_a_call_that_nobody_answers_and_nothing_else(folder: Path) -> None:
    connect(folder, "http://127.0.0.1:1")
    blocked = answer_hook(json.dumps(call()).encode(), str(folder), fail_closed=True)
    assert (blocked.code, blocked.error, blocked.output) == (2, BLOCKED, "")
    for payload in (started(), result(), call("fork"), common("SessionEnd")):
        assert ask(folder, payload, fail_closed=True) is None
    state.save(str(folder), known_state())
    assert ask(folder, call("docmon"), fail_closed=True)
    state.save(str(folder), known_state(enabled=False))
    assert ask(folder, call("docmon"), fail_closed=True) is None


def test_a_refusal_that_blocks_does_not_say_that_the_server_is_away(folder: Path) -> None:
    with FakeServer(lambda _: b"HTTP/1.1 401 No\r\n\r\n{}") as server:
        connect(folder, server.url)
        blocked = answer_hook(json.dumps(call()).encode(), str(folder), fail_closed=True)
    assert blocked.code == 2
    assert blocked.error.startswith("budgetctl answers 401 and decides nothing")


def test_an_answer_of_another_server_decides_nothing(folder: Path) -> None:
    with FakeServer(lambda _: ok({"detail": "Hello"})) as server:
        connect(folder, server.url)
        blocked = answer_hook(json.dumps(call()).encode(), str(folder), fail_closed=True)
        let_through = answer_hook(json.dumps(call()).encode(), str(folder))
    assert blocked.code == 2
    assert blocked.error.startswith("budgetctl cannot be reached")
    assert (let_through.code, let_through.output) == (0, "")
    assert len((folder / "queue.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(("option", "code"), [("--fail-closed", 2), ("", 0)])
def test_a_hook_that_breaks_blocks_where_it_was_set_up_to(
    folder: Path, option: str, code: int
) -> None:
    connect(folder, "http://127.0.0.1:9")
    state = {"saved": time(), "at": time(), "until": time() + 99, "enabled": True}
    state |= {"answers": {"": {"EXEC": ["use", "haiku", "why"]}}, "phase": ["not a phase"]}
    (folder / "state.json").write_text(json.dumps(state))
    command = [sys.executable, "-m", "allocation.claude_code.client", "hook", option]
    ran = subprocess.run(
        [*command, "--home", str(folder.parent)],
        input=json.dumps(call()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (code, "")
    assert ran.stderr.startswith("budgetctl broke and decides nothing") == bool(code)
