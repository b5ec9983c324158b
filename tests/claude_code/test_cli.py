"""The real Claude Code, connected by `budgetctl connect` and steered. Asked for, it runs with

    CLAUDE_CLI=/path/to/claude pytest -m cli tests/claude_code

against a scripted Messages API on loopback, in a home that is thrown away, with a dummy key. To be
sure that it talks to nobody else, run that in a network namespace with loopback only.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.claude_code.messages_api import INPUT, OUTPUT, MessagesApi
from tests.cli.conftest import Environment, Server, budgetctl

CLAUDE = os.environ.get("CLAUDE_CLI", "")
pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(not CLAUDE, reason="asked for with CLAUDE_CLI=/path/to/claude"),
]

AGENT = "---\nname: {name}\ndescription: looks at things\nmodel: opus\n---\nLook at it.\n"


@dataclass
class Fleet:
    """A home with Claude Code in it, connected, and the server that it is connected to."""

    environment: Environment
    url: str
    project: Path

    def budgetctl(self, *arguments: str) -> str:
        """Run a command of ours."""
        done = budgetctl(self.environment, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def claude(self, agent: str) -> MessagesApi:
        """Run Claude Code once, in which the main thread calls the sub-agent."""
        with MessagesApi(agent) as api:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": self.environment["HOME"],
                "ANTHROPIC_BASE_URL": api.url,
                "ANTHROPIC_API_KEY": "sk-ant-api03-dummy",
                "DISABLE_AUTOUPDATER": "1",
            }
            done = subprocess.run(
                [
                    CLAUDE,
                    "-p",
                    "please delegate",
                    "--allowedTools",
                    "Agent Task",
                    "--model",
                    "opus",
                ],
                cwd=self.project,
                env=environment,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=180,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        return api

    def decisions(self) -> list[Any]:
        """The decisions over the API, newest first."""
        token = json.loads(self.budgetctl("token", "create", f"t{time.time_ns()}", "--json"))
        request = Request(
            f"{self.url}/api/v1/decisions", headers={"Authorization": f"Bearer {token['token']}"}
        )
        with urlopen(request) as response:
            found: list[Any] = json.load(response)["decisions"]
        return found

    def totals(self) -> Any:
        """What was counted, by sub-agent."""
        found = json.loads(self.budgetctl("usage", "totals", "--by", "sub-agent", "--json"))
        return {row["key"]: row for row in found["rows"]}


@pytest.fixture
def fleet(
    launch: Callable[..., Server],
    new_environment: Callable[[], Environment],
    tmp_path: Path,
) -> Iterator[Fleet]:
    environment = new_environment()
    server = launch(environment, "--no-watch")
    agents = tmp_path / "project" / ".claude" / "agents"
    agents.mkdir(parents=True)
    for name in ("docmon", "security"):
        (agents / f"{name}.md").write_text(AGENT.format(name=name))
    url = server.wait_until_it_serves().rstrip("/")
    yield Fleet(environment, url, agents.parents[1])
    server.close()


@pytest.mark.parametrize("transport", ["--command", "--http"])
def test_a_sub_agent_runs_on_the_decided_tier_and_is_counted_once(
    fleet: Fleet, transport: str
) -> None:
    fleet.budgetctl("connect", "claude-code", "--url", fleet.url, transport, "--yes")
    api = fleet.claude("docmon")
    ran_on = [model for model, is_agent in api.requests if is_agent]
    assert len(ran_on) == 1
    assert "sonnet" in ran_on[0], "its front matter says opus, budgetctl decided sonnet"

    (decision,) = fleet.decisions()
    assert (decision["sub_agent"], decision["model"]) == ("DOCMON", "sonnet")
    assert (decision["observed"], decision["mismatch"]) == (ran_on[0], "followed")

    by_telemetry = fleet.totals()
    assert by_telemetry["DOCMON"]["records"] == 1
    summary = json.loads(fleet.budgetctl("usage", "import", "--json"))
    assert summary["files"] >= 2
    assert summary["new"] == 0, "telemetry and transcript meet in one record"
    for counted in (by_telemetry, fleet.totals()):
        assert sum(row["records"] for row in counted.values()) == len(api.requests)
        raw = sum(row["input"] + row["output"] for row in counted.values())
        assert raw == len(api.requests) * (INPUT + OUTPUT)


@pytest.mark.parametrize("transport", ["--command", "--http"])
def test_a_run_that_is_deferred_does_not_run(fleet: Fleet, transport: str) -> None:
    fleet.budgetctl("connect", "claude-code", "--url", fleet.url, transport, "--yes")
    fleet.claude("docmon")
    fleet.budgetctl("set-limit", "100")  # all of it is used: RED
    api = fleet.claude("security")
    assert not [model for model, is_agent in api.requests if is_agent]
    told = json.dumps(api.results)
    assert "budgetctl deferred security" in told
    assert fleet.decisions()[0]["outcome"] == "defer"


def test_without_a_server_the_run_goes_on_and_is_told_later(
    fleet: Fleet, launch: Callable[..., Server]
) -> None:
    fleet.budgetctl("connect", "claude-code", "--url", "http://127.0.0.1:9", "--yes")
    api = fleet.claude("docmon")
    (ran_on,) = [model for model, is_agent in api.requests if is_agent]
    assert "opus" in ran_on
    fleet.budgetctl("connect", "claude-code", "--url", fleet.url, "--yes")
    fleet.claude("security")
    for _ in range(50):  # the queue is sent once the answer is given
        told = {row["sub_agent"]: row for row in fleet.decisions()}
        if len(told) == 2:
            break
        time.sleep(0.1)
    assert "unsteered" in told["DOCMON"]["override_reason"]
    assert told["SECURITY"]["mismatch"] == "followed"
