"""The checks of `budgetctl doctor`: tables over facts, and the command against a server."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from allocation.claude_code.connect import checks
from allocation.claude_code.connect.merge import connected
from allocation.claude_code.connect.wanted import Choice
from budgetctl.cli.doctor import _machine
from tests.claude_code.servers import FakeServer, ok
from tests.cli.conftest import Environment, Server, budgetctl

NOW = datetime(2026, 11, 18, 20, tzinfo=UTC)
CONNECTED = connected({}, Choice(url="http://127.0.0.1:8000", token="bctl_0_1")).settings
OFF = CONNECTED | {"disableAllHooks": True}
PROJECT = connected({}, Choice(url="x", token="x", own_env=False), with_status_line=False).settings


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"user": CONNECTED}, {"Hooks": True, "Status line": True, "Telemetry": True}),
        ({"user": {}}, {"Hooks": False, "Status line": False, "Telemetry": None}),
        (
            {"user": {}, "project": PROJECT},
            {"Hooks": True, "Status line": None, "Telemetry": None},
        ),
        (
            {"user": {"hooks": CONNECTED["hooks"]}},
            {"Hooks": True, "Status line": False, "Telemetry": None},
        ),
        (
            {"user": {**CONNECTED, "hooks": {"PreToolUse": CONNECTED["hooks"]["PreToolUse"]}}},
            {"Hooks": False, "Status line": True, "Telemetry": True},
        ),
        ({"user": OFF}, {"Hooks": False, "Status line": True, "Telemetry": True}),
        ({}, {"Settings": False}),
    ],
)
def test_settings(files: dict[str, Any], expected: dict[str, bool | None]) -> None:
    assert {each.what: each.ok for each in checks.check_settings(files)} == expected


@pytest.mark.parametrize(
    ("url", "ok"), [("", True), ("http://127.0.0.1:8000", True), ("http://127.0.0.1:8001", False)]
)
def test_telemetry_that_goes_to_another_server_is_a_fault(url: str, ok: bool) -> None:
    found = {each.what: each.ok for each in checks.check_settings({"user": CONNECTED}, url)}
    assert found["Telemetry"] is ok


@pytest.mark.parametrize(
    ("headers", "authorization"),
    [
        ("Authorization=Bearer bctl_0_1", "Bearer bctl_0_1"),
        ("x-team=a=b, authorization=Bearer%20bctl_0_1", "Bearer bctl_0_1"),
        ("x-team=a", ""),
        ("", ""),
    ],
)
def test_what_telemetry_is_sent_with_is_read_as_exporters_do(
    headers: str, authorization: str
) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a/otlp", "OTEL_EXPORTER_OTLP_HEADERS": headers}
    assert checks.telemetry_of({"env": env}) == ("http://a/otlp", authorization)


def test_telemetry_of_a_project_is_not_taken_for_that_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    (tmp_path / ".claude").mkdir()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a/otlp"}
    (tmp_path / ".claude" / "settings.json").write_text(json.dumps({"env": env}))
    monkeypatch.chdir(tmp_path)
    findings, telemetry = _machine()
    assert telemetry is None
    assert [each.ok for each in findings if each.what == "Telemetry"] == [None]


def test_a_script_that_is_gone_is_a_fault() -> None:
    moved = connected({}, Choice(url="x", token="x", script="/old place/budgetctl")).settings
    files = {"user": moved, "project": CONNECTED}
    (gone,) = checks.check_commands(files, lambda script: script == "budgetctl")
    assert (gone.ok, gone.said) == (False, "/old place/budgetctl is not there, or cannot be run")
    (there,) = checks.check_commands(files, lambda script: True)
    assert there.ok
    broken = {"hooks": {"PreToolUse": [{"hooks": [{"command": "budgetctl hook 'x"}]}]}}
    assert checks.check_commands({"user": broken}, lambda script: False) == []
    assert checks.check_commands({"user": {}}, lambda script: False) == []


@pytest.mark.parametrize(
    ("matcher", "fault"),
    [
        ("Agent", True),
        ("Bash|Task", True),
        ("Bash, Agent", True),
        ("^Ag", True),
        ("Bash", False),
        ("AgentX", False),
        ("*", False),
        ("", False),
        (None, False),
        ("[", False),
    ],
)
def test_another_hook_on_the_same_calls(matcher: str | None, fault: bool) -> None:
    group = {"matcher": matcher, "hooks": [{"type": "command", "command": "other"}]}
    settings = {"hooks": {"PreToolUse": [*CONNECTED["hooks"]["PreToolUse"], group]}}
    assert checks.check_other_hooks({"user": settings}).ok is not fault


@pytest.mark.parametrize("group", [5, {}, {"matcher": 5, "hooks": 7}, {"hooks": [5, None]}])
def test_a_group_of_hooks_that_is_none_is_passed_over(group: Any) -> None:
    files = {"user": {"hooks": {"PreToolUse": [group]}}}
    assert checks.check_other_hooks(files).ok
    assert checks.check_settings(files)[0].said.startswith("not hooked: PreToolUse")


@pytest.mark.parametrize(
    ("value", "version", "ok"),
    [
        ("", None, True),
        ("inherit", (2, 1, 242), True),
        ("sonnet", (2, 1, 242), False),
        ("sonnet", (2, 1, 250), False),
        ("sonnet", (2, 1, 251), True),
        ("sonnet", (2, 1, 330), True),
        ("sonnet", None, None),
    ],
)
def test_the_variable_that_beats_a_hook(
    value: str, version: checks.Version | None, ok: bool | None
) -> None:
    assert checks.check_subagent_model(["", value], version).ok is ok


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.1.330 (Claude Code)\n", (2, 1, 330)), ("", None), ("claude: not found", None)],
)
def test_versions(text: str, expected: checks.Version | None) -> None:
    assert checks.read_version(text) == expected


def test_what_cannot_be_read_may_be_no_transcript() -> None:
    assert checks.check_transcripts(2, []).ok is True
    assert checks.check_transcripts(0, []).ok is None
    finding = checks.check_transcripts(2, ["loop (too many levels of symbolic links)"])
    assert finding.ok is False
    assert "a link to nowhere" in finding.mend


@pytest.mark.parametrize(("seconds", "ok"), [(0, True), (60, True), (61, False), (-86_400, False)])
def test_the_clock(seconds: int, ok: bool) -> None:
    assert checks.check_clock(NOW + timedelta(seconds=seconds), NOW).ok is ok


def _health(*, is_sent: bool = True, **said: Any) -> dict[str, bool | None]:
    health = {"observed": 0, "silent": 0, "hook_at": "", "telemetry_at": "", **said}
    return {each.what: each.ok for each in checks.check_health(health, NOW, is_sent=is_sent)}


def test_what_the_server_has_heard() -> None:
    assert _health() == {"Model truth": None, "Hooks heard": None}
    at, before = NOW.isoformat(), (NOW - timedelta(hours=3)).isoformat()
    assert _health(observed=9, hook_at=at, telemetry_at=at) == {
        "Model truth": True,
        "Hooks heard": True,
        "Telemetry heard": True,
    }
    assert _health(observed=9, silent=1, hook_at=at, telemetry_at=before) == {
        "Model truth": False,
        "Hooks heard": True,
        "Telemetry heard": False,
    }
    assert _health(hook_at=at)["Telemetry heard"] is False
    assert _health(hook_at=at, is_sent=False)["Telemetry heard"] is None


def test_the_command_says_what_is_wrong_and_how_to_mend_it(
    launch: Callable[..., Server], new_environment: Callable[[], Environment]
) -> None:
    environment = new_environment()
    nothing = budgetctl(environment, "doctor")
    assert nothing.returncode == 1
    assert "budgetctl connect claude-code" in nothing.stdout

    server = launch(environment)
    url = server.wait_until_it_serves().rstrip("/")
    done = budgetctl(environment, "connect", "claude-code", "--url", url, "--yes")
    assert done.returncode == 0, done.stderr
    found = budgetctl(environment, "doctor", "--json")
    said = json.loads(found.stdout)
    assert found.returncode == 0, said
    assert said["faults"] == 0
    assert {"Server", "Token", "Clock", "Hooks", "Status line", "Telemetry token"} <= {
        each["what"] for each in said["checks"] if each["ok"]
    }

    ours = _name(environment)
    hooks = json.loads(
        budgetctl(environment, "token", "create", "x", "--scope", "hooks", "--json").stdout
    )
    settings = Path(environment["HOME"]) / ".claude" / "settings.json"
    written = json.loads(settings.read_text())
    written["env"]["OTEL_EXPORTER_OTLP_HEADERS"] = f"Authorization=Bearer%20{hooks['token']}"
    settings.write_text(json.dumps(written))
    narrow = budgetctl(environment, "doctor").stdout
    assert "FAULT  Telemetry token: is revoked, expired, unknown, or lacks the scope" in narrow
    assert "ok     Token" in narrow

    budgetctl(environment, "token", "revoke", ours)
    revoked = budgetctl(environment, "doctor")
    assert revoked.returncode == 1
    assert "FAULT  Token" in revoked.stdout

    server.close()
    away = budgetctl(environment, "doctor")
    assert f"FAULT  Server: {url} does not answer (Connection refused)" in away.stdout
    assert "--url ADDRESS" in " ".join(away.stdout.split())
    assert "?      Telemetry token: where it is sent to does not answer" in away.stdout
    settings.write_text("{ // broken")
    assert "is not plain JSON" in " ".join(budgetctl(environment, "doctor").stdout.split())
    settings.write_text('{"hooks": null}')
    said = "".join(budgetctl(environment, "doctor").stdout.split())
    assert f"{settings}:itshooksarenotlistsbyevent" in said


def test_an_address_with_a_password_is_a_fault_and_not_shown(
    new_environment: Callable[[], Environment],
) -> None:
    address = {"BUDGETCTL_URL": "http://me:hidden@127.0.0.1:9", "BUDGETCTL_TOKEN": "bctl_x_y"}
    ran = budgetctl(new_environment() | address, "doctor")
    assert "FAULT  Server: the address is none of http or https, or has a password" in ran.stdout
    assert "hidden" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("url", "mend"),
    [
        ("http://127.0.0.1:9", "Start it: budgetctl start. If it is at another address, set BUDG"),
        ("http://hub.invalid", "Start it there. If it is at another address, set BUDGETCTL_URL"),
        ("http://127.0.0.1:8x", "the port of the address is no number up to 65535"),
        ("http://127.0.0.1:99999", "the port of the address is no number up to 65535"),
    ],
)
def test_a_server_that_is_away_is_started_where_it_is(
    url: str, mend: str, new_environment: Callable[[], Environment]
) -> None:
    given = {"BUDGETCTL_URL": url, "BUDGETCTL_TOKEN": "bctl_x_y"}
    assert mend in " ".join(budgetctl(new_environment() | given, "doctor").stdout.split())


@pytest.mark.parametrize(
    "answer",
    [{}, {"at": 1e300}, {"at": 1, "observed": {"of": 1}}, {"at": 1, "hook_at": "yesterday"}],
)
def test_a_server_that_is_another_is_a_fault(answer: dict[str, Any], tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SECRET_KEY": "s"}
    with FakeServer(lambda _: ok(answer)) as server:
        environment |= {"BUDGETCTL_URL": server.url, "BUDGETCTL_TOKEN": "bctl_x_y"}
        ran = budgetctl(environment, "doctor")
    assert f"FAULT  Server: {server.url} does not answer as budgetctl does" in ran.stdout
    assert (ran.returncode, ran.stderr) == (1, "")


def test_a_home_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SECRET_KEY": "s"}
    said = budgetctl(environment, "doctor").stdout
    assert f"okLocalstate:iskeptin{tmp_path}" in "".join(said.split())
    (tmp_path / "file").touch()
    environment["BUDGETCTL_HOME"] = str(tmp_path / "file")
    assert "FAULT  Local state" in budgetctl(environment, "doctor").stdout


def test_transcripts_are_counted_without_the_files_that_name_an_agent(
    new_environment: Callable[[], Environment],
) -> None:
    environment = new_environment()
    agents = Path(environment["HOME"]) / ".claude" / "projects" / "-a" / "s" / "subagents"
    agents.mkdir(parents=True)
    (agents / "agent-1.jsonl").touch()
    (agents / "agent-1.meta.json").write_text("{}")
    assert "Transcripts: 1 can be read" in budgetctl(environment, "doctor").stdout


def _name(environment: Environment) -> str:
    tokens = json.loads(budgetctl(environment, "token", "list", "--json").stdout)["tokens"]
    name: str = tokens[0]["name"]
    return name
