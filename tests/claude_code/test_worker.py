"""`budgetctl start`, `worker` and `sync-agents` as processes: what they read and write."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.claude_code.test_watch import line
from tests.cli.conftest import Environment, Server, budgetctl


@pytest.fixture(scope="module")
def environment(
    launch: Callable[..., Server], new_environment: Callable[[], Environment]
) -> Environment:
    """A home with a transcript, and a server that watches it."""
    made = new_environment()
    transcript(made).parent.mkdir(parents=True)
    transcript(made).write_text(line(1) + "\n")
    launch(made).wait_until_it_serves()
    return made


def transcript(environment: Environment) -> Path:
    return Path(environment["HOME"]) / ".claude" / "projects" / "-p" / "s1.jsonl"


def records(environment: Environment) -> int:
    done = budgetctl(environment, "usage", "totals", "--json")
    found: dict[str, Any] = json.loads(done.stdout)["total"]
    return int(found["records"])


def wait_for(environment: Environment, number: int) -> None:
    for _ in range(40):
        if records(environment) == number:
            return
        time.sleep(0.2)
    assert records(environment) == number


def test_the_server_reads_transcripts_as_they_are_written(environment: Environment) -> None:
    wait_for(environment, 1)
    with transcript(environment).open("a") as file:
        file.write(line(2) + "\n")
    wait_for(environment, 2)


@pytest.mark.parametrize("command", ["tick", "worker --once"])
def test_a_tick_does_what_is_due_and_ends(environment: Environment, command: str) -> None:
    done = budgetctl(environment, *command.split())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_definitions_get_the_current_tier(environment: Environment, tmp_path: Path) -> None:
    agents = tmp_path / ".claude" / "agents"
    agents.mkdir(parents=True)
    definition = agents / "x.md"
    definition.write_bytes(b"---\r\nname: security\r\ncolor: red\r\n---\r\nBody\xff")
    (agents / "notes.md").write_text("No front matter.")
    shown = budgetctl(environment, "sync-agents", str(tmp_path), "--dry-run")
    assert "would be   x.md: opus" in shown.stdout
    assert b"model" not in definition.read_bytes()
    written = budgetctl(environment, "sync-agents", str(tmp_path))
    assert "skipped    notes.md" in written.stdout
    assert definition.read_bytes() == (
        b"---\r\nname: security\r\nmodel: opus\r\ncolor: red\r\n---\r\nBody\xff"
    )
    again = budgetctl(environment, "sync-agents", str(agents), "--json")
    assert json.loads(again.stdout)["definitions"] == [
        {"file": "notes.md", "name": None, "tier": None, "done": "skipped"},
        {"file": "x.md", "name": "security", "tier": "opus", "done": "unchanged"},
    ]
    nowhere = budgetctl(environment, "sync-agents", str(tmp_path / "none"))
    assert (nowhere.returncode, len(nowhere.stderr.splitlines())) == (1, 1)


def test_files_that_are_no_definitions_are_left_alone(
    environment: Environment, tmp_path: Path
) -> None:
    skill = tmp_path / ".claude" / "skills" / "x" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: x\n---\n")
    refused = budgetctl(environment, "sync-agents", str(tmp_path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "has no folder .claude/agents" in refused.stderr
    assert skill.read_text() == "---\nname: x\n---\n"
    (tmp_path / "agents").mkdir()
    empty = budgetctl(environment, "sync-agents", str(tmp_path / "agents"))
    assert (empty.returncode, empty.stdout[:25]) == (0, "There are no definitions ")


def test_a_definition_leads_nowhere_else_and_holds_nobody_up(
    environment: Environment, tmp_path: Path
) -> None:
    agents = tmp_path / ".claude" / "agents"
    agents.mkdir(parents=True)
    outside = tmp_path / "SKILL.md"
    outside.write_text("---\nname: security\n---\n")
    (agents / "a.md").symlink_to(outside)
    os.mkfifo(agents / "b.md")
    (agents / "bb.md").symlink_to("bb.md")
    (agents / "c\x1b[31m.md").write_text("---\nname: security\n---\n")
    done = budgetctl(environment, "sync-agents", str(tmp_path))
    assert done.stdout.splitlines() == [
        "skipped    a.md: a link out of agents; name the folder that it leads to",
        "skipped    b.md: no file",
        "skipped    bb.md: no file",
        "written    c�[31m.md: opus",
    ]
    assert outside.read_text() == "---\nname: security\n---\n"
