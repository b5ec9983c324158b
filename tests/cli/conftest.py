"""`budgetctl` as a process of its own, with an environment of its own."""

import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from allocation.api.operations import create_token
from budgetctl.cli import app
from tests.factories import NOW, UsageRecordFactory, rebuild_hours

SECONDS = 180  # a loaded machine is slow; nothing here waits that long unless something is wrong
BUDGETCTL = [sys.executable, "-c", "from budgetctl.cli import main; main()"]
Environment = dict[str, str]

# The keys of the next SD, wherever a command says it in JSON.
NEXT = {
    "sd", "title", "complexity", "critical", "status", "phase", "estimate", "projected",
    "remaining_after", "percent_after", "zone_now", "zone_after", "runs", "projected_80", "tokens",
    "besides", "zone_chances", "all_on_opus",
}  # fmt: skip


class Server:
    """A running `budgetctl start`. `lines` is what it has printed to standard output so far."""

    def __init__(self, environment: Environment, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*BUDGETCTL, "start", "--port", "0", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._printed: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._printed.put(line.rstrip("\n"))
        self._printed.put(None)

    def wait_until_it_serves(self) -> str:
        """The address that it prints."""
        while (line := self._printed.get(timeout=SECONDS)) is not None:
            self.lines.append(line)
            if line.startswith("Stop "):
                return self.value("Open")
        raise AssertionError(f"It ended: {self.lines} {self.errors()}")

    def value(self, label: str) -> str:
        """What stands behind a label."""
        (line,) = (line for line in self.lines if line.startswith(f"{label} "))
        return line.removeprefix(label).strip()

    def errors(self) -> str:
        assert self.process.stderr
        return self.process.stderr.read()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=SECONDS)
        self._reader.join()
        while (line := self._printed.get()) is not None:
            self.lines.append(line)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()


@pytest.fixture(scope="module")
def new_environment(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[], Environment]:
    """Makes an environment with an empty home, and on PostgreSQL an empty database."""

    def make() -> Environment:
        folder = tmp_path_factory.mktemp("start")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "BUDGETCTL_HOME": str(folder / "var"),
            # What stays in the folder that pytest was started in would be found by the settings.
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        if request.config.getoption("db") == "postgresql":
            server, name = os.environ["DATABASE_URL"], f"start_{uuid.uuid4().hex}"
            _execute(server, f"CREATE DATABASE {name}")
            request.addfinalizer(lambda: _execute(server, f"DROP DATABASE {name} WITH (FORCE)"))
            environment["DATABASE_URL"] = urlsplit(server)._replace(path=f"/{name}").geturl()
        return environment

    return make


def _execute(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Server]]:
    """Starts servers; those that still run at the end are ended."""
    servers: list[Server] = []

    def start(environment: Environment, *arguments: str) -> Server:
        servers.append(Server(environment, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def budgetctl(environment: Environment, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    return subprocess.run(
        [*BUDGETCTL, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ran]


@pytest.fixture
def cli(db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this process, at NOW, on this test's database."""
    monkeypatch.setattr("budgetctl.cli.clock.now", lambda: NOW)
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = app.run(arguments)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def burn(db: None) -> Callable[..., None]:
    """Uses tokens in the running week, on sonnet unless a model is named."""

    def use(tokens: int, **columns: Any) -> None:
        record = UsageRecordFactory(
            **{"at": NOW - timedelta(hours=1), "input": tokens, "output": 0, **columns}
        )
        rebuild_hours([record.at])

    return use


@pytest.fixture
def name_hub(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], str]:
    """Names a server in the environment, with a token for it; gives its address."""

    def name() -> str:
        _, token = create_token(name="laptop", actor="chairman", now=timezone.now())
        monkeypatch.setenv("BUDGETCTL_URL", f"{live_server.url}/")
        monkeypatch.setenv("BUDGETCTL_TOKEN", token)
        monkeypatch.setenv("BUDGETCTL_HOME", str(tmp_path / "laptop"))
        # Whoever looks for a database here finds none.
        opened = "budgetctl.cli.database.set_django_up"
        monkeypatch.setattr(opened, lambda **_: pytest.fail("opened"))
        return live_server.url

    return name


@pytest.fixture
def hub(name_hub: Callable[[], str]) -> str:
    """The address of a server that the environment names."""
    return name_hub()
