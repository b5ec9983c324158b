"""`budgetctl connect`, and then everything that it connected, against a server that runs."""

import json
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.claude_code.payloads import call, common, result, status_line
from tests.cli.conftest import Environment, Server, budgetctl

BEFORE = """{
    "model": "opus",
    "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
    "statusLine": {"type": "command", "command": "echo mine"}
}"""


@dataclass
class Machine:
    """A home with settings of its own, and the server on it."""

    environment: Environment
    url: str

    @property
    def settings(self) -> Path:
        return Path(self.environment["HOME"]) / ".claude" / "settings.json"

    @property
    def client(self) -> Path:
        return Path(self.environment["BUDGETCTL_HOME"]) / "claude-code"

    def connect(self, *arguments: str, code: int = 0) -> str:
        """Run the command; what it printed on both streams."""
        done = budgetctl(self.environment, "connect", "claude-code", "--url", self.url, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def hook(self, payload: dict[str, Any]) -> Any:
        """Run the installed hook command as Claude Code does."""
        settings = json.loads(self.settings.read_text())
        groups = settings["hooks"][payload["hook_event_name"]]
        (command,) = {each["hooks"][0]["command"] for each in groups}
        said = self._run(command, payload)
        return json.loads(said) if said else None

    def status_line(self, payload: dict[str, Any]) -> list[str]:
        """Run the installed status line."""
        settings = json.loads(self.settings.read_text())
        return self._run(settings["statusLine"]["command"], payload).splitlines()

    def _run(self, command: str, payload: dict[str, Any]) -> str:
        # Claude Code's environment knows nothing of ours.
        environment = {"PATH": self.environment["PATH"], "HOME": self.environment["HOME"]}
        done = subprocess.run(
            command,
            shell=True,
            input=json.dumps(payload),
            capture_output=True,
            text=True,
            env=environment,
            timeout=30,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout


@pytest.fixture(scope="module")
def machine(launch: Callable[..., Server], new_environment: Callable[[], Environment]) -> Machine:
    environment = new_environment()
    server = launch(environment)
    return Machine(environment, server.wait_until_it_serves().rstrip("/"))


@pytest.fixture(autouse=True)
def _settings(machine: Machine) -> None:
    """Each test begins with the same settings, not connected."""
    machine.settings.parent.mkdir(exist_ok=True)
    machine.connect("--undo", "--yes")
    for file in machine.settings.parent.iterdir():
        file.unlink()
    machine.settings.write_text(BEFORE)


def test_a_dry_run_shows_the_change_and_makes_nothing(machine: Machine) -> None:
    said = machine.connect("--dry-run")
    assert "+" in said
    assert "Agent|Task" in said
    assert machine.settings.read_text() == BEFORE
    assert not (machine.client / "connection.json").exists()
    assert "claude-code on" not in _tokens_in_force(machine)


def test_an_address_at_which_nobody_answers_is_said(machine: Machine) -> None:
    assert "Note:" not in machine.connect("--dry-run")
    said = machine.connect("--dry-run", "--url", "http://127.0.0.1:9")
    assert "Note: http://127.0.0.1:9 does not answer now (Connection refused)." in said


def test_without_a_yes_nothing_is_written(machine: Machine) -> None:
    said = machine.connect(code=1)  # there is no terminal to ask at
    assert "Nothing was changed: nobody said yes. Give --yes to write without asking." in said
    assert machine.settings.read_text() == BEFORE


def test_connected_a_second_time_nothing_changes(machine: Machine) -> None:
    machine.connect("--yes")
    once = machine.settings.read_bytes()
    assert "connected already" in machine.connect("--yes")
    assert machine.settings.read_bytes() == once
    assert _tokens_in_force(machine).count("claude-code on") == 1


def test_the_token_is_its_own_and_nobody_elses_to_read(machine: Machine) -> None:
    said = machine.connect("--yes")
    connection = json.loads((machine.client / "connection.json").read_text())
    assert connection["url"] == machine.url
    assert connection["token"] not in said
    for path in (machine.settings, machine.client / "connection.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    row = _token(machine, connection["token"])
    assert sorted(row["scopes"]) == ["hooks", "usage"]


def test_undo_restores_every_byte_and_ends_the_token(machine: Machine) -> None:
    machine.connect("--yes")
    token = json.loads((machine.client / "connection.json").read_text())["token"]
    assert "Revoked" in machine.connect("--undo", "--yes")
    assert machine.settings.read_text() == BEFORE
    assert _token(machine, token)["state"] == "revoked"
    assert "not connected" in machine.connect("--undo", "--yes")


def test_undo_shows_exactly_what_it_writes(machine: Machine) -> None:
    machine.settings.write_text('{"model":  "opus"}')  # not how we would write it
    machine.connect("--yes")
    connected = machine.settings.read_text()
    shown = machine.connect("--undo", "--dry-run")
    assert machine.settings.read_text() == connected
    assert '+{"model":  "opus"}' in shown.splitlines()
    machine.connect("--undo", "--yes")
    assert machine.settings.read_text() == '{"model":  "opus"}'


def test_undo_keeps_what_others_changed_since(machine: Machine) -> None:
    machine.connect("--yes")
    settings = json.loads(machine.settings.read_text())
    settings["model"] = "haiku"
    machine.settings.write_text(json.dumps(settings))
    machine.connect("--undo", "--yes")
    assert json.loads(machine.settings.read_text()) == {**json.loads(BEFORE), "model": "haiku"}


def test_undo_keeps_what_others_changed_between_two_connections(machine: Machine) -> None:
    machine.connect("--yes")
    settings = json.loads(machine.settings.read_text())
    settings["permissions"] = {"allow": ["Bash(make)"]}
    machine.settings.write_text(json.dumps(settings))
    machine.connect("--yes", "--fail-closed")
    machine.connect("--yes")
    machine.connect("--undo", "--yes")
    permissions = {"permissions": {"allow": ["Bash(make)"]}}
    assert json.loads(machine.settings.read_text()) == json.loads(BEFORE) | permissions


def test_a_file_that_was_not_there_is_not_there_again(machine: Machine) -> None:
    machine.settings.unlink()
    machine.connect("--yes")
    assert "+++ /dev/null" in machine.connect("--undo", "--yes")
    assert not machine.settings.exists()


def test_a_project_gets_hooks_only(machine: Machine, tmp_path: Path) -> None:
    machine.connect("--yes", "--project", str(tmp_path))
    settings = json.loads((tmp_path / ".claude" / "settings.local.json").read_text())
    assert set(settings) == {"hooks"}
    assert machine.settings.read_text() == BEFORE
    machine.connect("--undo", "--yes", "--project", str(tmp_path))
    assert not (tmp_path / ".claude" / "settings.local.json").exists()


def test_settings_that_cannot_be_written_leave_no_token(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / ".claude").symlink_to("/proc/nowhere")  # where nobody makes a folder
    said = machine.connect("--yes", "--project", str(tmp_path), code=1)
    assert "settings.local.json cannot be written" in said
    assert "claude-code on" not in _tokens_in_force(machine)
    assert not (machine.client / "connection.json").exists()
    machine.connect("--yes")
    kept = (machine.client / "connection.json").read_bytes()
    machine.connect("--yes", "--project", str(tmp_path), code=1)
    assert (machine.client / "connection.json").read_bytes() == kept


def test_a_home_that_cannot_be_written_is_said(machine: Machine, tmp_path: Path) -> None:
    there = machine.environment
    (tmp_path / "home").write_text("no folder")
    machine.environment = there | {"BUDGETCTL_HOME": str(tmp_path / "home")}
    said = machine.connect(
        "--yes", "--token", "bctl_00000000_some", "--url", "http://127.0.0.1:9", code=1
    )
    machine.environment = there
    assert "claude-code cannot be written: Not a directory." in said
    assert machine.settings.read_text() == BEFORE


def test_hooks_find_a_home_that_was_given_from_where_we_stand(machine: Machine) -> None:
    there = machine.environment
    machine.environment = there | {"BUDGETCTL_HOME": "beside"}
    said = machine.connect("--dry-run", "--token", "bctl_00000000_some", "--url", "http://h:9")
    machine.environment = there
    assert f"--home {Path.cwd() / 'beside'}" in said


def test_settings_with_comments_are_refused_in_one_line(machine: Machine) -> None:
    machine.settings.write_text("{ // mine\n}")
    said = machine.connect("--yes", code=1)
    assert "nothing was changed" in said
    assert len(said.strip().splitlines()) == 1
    assert machine.settings.read_text() == "{ // mine\n}"
    machine.settings.write_text(BEFORE)


def test_another_server_needs_its_token(machine: Machine) -> None:
    said = machine.connect("--url", "https://hub.example", "--yes", code=1)
    assert "Set BUDGETCTL_TOKEN, or give --token" in said


def test_a_token_that_the_server_ended_is_said_where_none_can_be_made(machine: Machine) -> None:
    there = machine.environment
    made = budgetctl(there, "token", "create", "elsewhere", "--json")
    token = json.loads(made.stdout)["token"]
    home = Path(there["HOME"]) / "another"
    # Another user of the machine: no database is theirs.
    machine.environment = there | {"BUDGETCTL_HOME": str(home), "BUDGETCTL_TOKEN": token}
    machine.connect("--yes")
    budgetctl(there, "token", "revoke", "elsewhere")
    nobodys = {"BUDGETCTL_HOME": str(home), "DATABASE_URL": f"sqlite:///{home}/none.sqlite3"}
    for environment in (machine.environment, there | nobodys):
        machine.environment = environment
        said = machine.connect("--yes", code=1)
        assert f"{machine.url} does not take the token that is set. Set BUDGETCTL_TOKEN" in said
    # Beside the database a new one could be made, and the variable would go before it.
    machine.environment = there | {"BUDGETCTL_TOKEN": token}
    assert "does not take the token that is set" in machine.connect("--yes", code=1)
    machine.environment = there


def test_a_token_that_would_go_in_the_clear_is_said(machine: Machine) -> None:
    said = machine.connect("--url", "http://hub.invalid", "--token", "bctl_x_y", "--dry-run")
    assert "http://hub.invalid is not https" in said


def test_the_connected_hook_steers_and_the_status_line_reads(machine: Machine) -> None:
    machine.connect("--yes")
    assert machine.hook(common("SessionStart", source="startup")) is None
    said = machine.hook(call("docmon", tool_use_id="toolu_connected"))["hookSpecificOutput"]
    assert said["updatedInput"]["model"] == "sonnet"
    assert machine.hook(result("docmon", tool_use_id="toolu_connected")) is None
    mine, ours = machine.status_line(status_line())
    assert mine == "mine"
    assert ours.startswith("● GREEN 0%")
    assert ours.endswith("plan 83%")


def test_the_status_line_brings_the_plan_to_the_server(machine: Machine) -> None:
    machine.connect("--yes")
    resets_at = int(time.time()) + 3600
    limits = {"seven_day": {"used_percentage": 64, "resets_at": resets_at}}
    machine.status_line(status_line(rate_limits=limits))
    kept = machine.client / "state.json"
    for _ in range(100):  # it tells the server when it has printed, and is gone by then
        if kept.exists() and "64%" in kept.read_text():
            break
        time.sleep(0.05)
    assert json.loads(kept.read_text())["plan"] == {"percent": "64%", "resets_at": resets_at}
    assert machine.status_line({})[-1].endswith("plan 64%")


def _tokens(machine: Machine) -> list[Any]:
    found = json.loads(budgetctl(machine.environment, "token", "list", "--json").stdout)
    tokens: list[Any] = found["tokens"]
    return tokens


def _tokens_in_force(machine: Machine) -> str:
    return json.dumps([row for row in _tokens(machine) if row["state"] == "in force"])


def _token(machine: Machine, clear: str) -> Any:
    (row,) = [row for row in _tokens(machine) if clear.startswith(row["prefix"])]
    return row
