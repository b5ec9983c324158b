"""The status line: what it says of the last known state, and when it tells the server."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from allocation.claude_code.client import state, status
from allocation.claude_code.client.telling import tell
from tests.claude_code.client import connect, known_state, run
from tests.claude_code.payloads import status_line
from tests.claude_code.servers import HANGS_SECONDS, FakeServer, hangs, ok


@pytest.mark.parametrize(
    ("changed", "plan", "expected"),
    [
        ({}, "", "◆ ORANGE 88% · 60k left · out Tue 00:07 · plan 83%"),
        ({}, "84%", "◆ ORANGE 88% · 60k left · out Tue 00:07 · plan 84%"),
        ({"zone": "YELLOW", "percent": "7%", "out": ""}, "9%", "▲ YELLOW 7% · 60k left · plan 9%"),
        ({"zone": "GREEN", "plan": {}}, "", "● GREEN 88% · 60k left · out Tue 00:07"),
        ({"zone": "RED", "left": "60k over", "out": "", "plan": {}}, "", "⯃ RED 88% · 60k over"),
        ({"enabled": False}, "", "○ budgetctl is off · plan 83%"),
        ({"plan": {"percent": "83%", "resets_at": 1}, "out": ""}, "", "◆ ORANGE 88% · 60k left"),
    ],
)  # fmt: skip
def test_the_line(changed: dict[str, Any], plan: str, expected: str) -> None:
    now = time.time()
    kept = {**known_state(**changed), "saved": now}
    assert state.status_line(kept, plan=plan, now=now) == expected


def test_an_old_state_says_how_old_it_is() -> None:
    now = time.time()
    kept = known_state(plan={})
    lines = [
        state.status_line({**kept, "saved": now - minutes * 60}, plan="", now=now)
        for minutes in (14, 16, 300, 5000)
    ]
    assert [line.rpartition(" · ")[2] for line in lines] == [
        "out Tue 00:07",
        "16 min old",
        "5 h old",
        "3 d old",
    ]


def test_a_server_steers_no_terminal_through_it() -> None:
    kept = {"saved": 1, "enabled": True, "zone": "\x1b[31m", "percent": "\x9b", "left": "\u202e"}
    assert state.status_line(kept, plan="", now=1) == "○ �[31m � · �"


def test_without_a_state_it_says_so() -> None:
    assert state.status_line({}, plan="", now=1) == "budgetctl: nothing heard yet"
    assert state.status_line({}, plan="83%", now=1) == "budgetctl: nothing heard yet · plan 83%"


def test_it_tells_the_server_when_something_changed_or_it_was_a_while(folder: Path) -> None:
    said = status.understood(json.dumps(status_line()).encode())
    with FakeServer(lambda _: ok({"state": known_state()})) as server:
        connect(folder, server.url)
        assert status.is_due(said, str(folder))
        tell(said, str(folder))
        assert not status.is_due(said, str(folder))
        other = status.understood(json.dumps(status_line(seven_day=84)).encode())
        assert status.is_due(other, str(folder))
    ((path, _, body),) = server.requests
    assert path == "/hooks/status-line"
    assert body["rate_limits"] == status_line()["rate_limits"]
    assert "/home/dev" not in json.dumps(body)
    assert state.load(str(folder))["zone"] == "ORANGE"


def test_a_wrapped_status_line_is_printed_first_with_the_same_input(folder: Path) -> None:
    connect(folder, "http://127.0.0.1:1")
    state.save(str(folder), known_state(plan={}))
    wrap = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"version\"])'"
    lines = run(folder, "statusline", status_line(), "--wrap", wrap).splitlines()
    assert lines == ["2.1.330", "◆ ORANGE 88% · 60k left · out Tue 00:07 · plan 83%"]


@pytest.mark.parametrize("wrap", ["exit 3", "/no/such/command", "kill -9 $$"])
def test_a_wrapped_status_line_that_fails_leaves_ours(folder: Path, wrap: str) -> None:
    connect(folder, "http://127.0.0.1:1")
    lines = run(folder, "statusline", status_line(), "--wrap", wrap).splitlines()
    assert lines == ["budgetctl: nothing heard yet · plan 83%"]


def test_a_server_that_hangs_does_not_hold_it_up(folder: Path) -> None:
    with FakeServer(hangs) as server:
        connect(folder, server.url)
        began = time.monotonic()
        run(folder, "statusline", status_line())
        assert time.monotonic() - began < HANGS_SECONDS


@pytest.mark.parametrize("used", ["NaN", "1e999", "true", "-1", '"83"'])
def test_a_share_of_the_plan_that_is_none_is_left_out(folder: Path, used: str) -> None:
    said = f'{{"rate_limits": {{"seven_day": {{"used_percentage": {used}}}}}}}'
    assert "plan" not in status.line(status.understood(said.encode()), str(folder))
