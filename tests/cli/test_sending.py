"""usage import on a machine that shares a server: read here, counted there, once."""

import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from allocation.api import wire
from allocation.usage.models import AgentCall, AgentRun, UsageHour, UsageRecord
from allocation.usage.transcripts import unread
from budgetctl.cli import remote, sending
from budgetctl.cli.refusals import Refused
from budgetctl.cli.remote import Hub
from budgetctl.cli.sending import Sent
from tests.cli.conftest import Cli, Ran
from tests.factories import StrategicDirectiveFactory
from tests.usage.transcripts import (
    SESSION,
    append,
    call,
    name_agent,
    progress,
    response,
    result,
    text,
    totals,
    write,
)

LINES = 12


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    """A folder with every kind of evidence: names, halves of calls, partial counts, copies."""
    folder = tmp_path / "projects"
    main = write(
        folder / f"{SESSION}.jsonl",
        response("msg_1", output=1, final=False),
        response("msg_1", output=90, minute=1),
        response("msg_2", request_id="req_2", model="claude-next-9", content=call("t1", "docmon")),
        result("t1", "a2"),
        progress("t2", "a3", {}),
        {"type": "assistant", "usage": "no counts"},
    )
    agents = main.with_suffix("") / "subagents"
    for number in (1, 2, 3):
        own = {"agent": f"a{number}", "request_id": f"req_a{number}"}
        path = agents / f"agent-a{number}.jsonl"
        write(path, response(f"msg_a{number}", output=number, write_1h=7, **own))
    name_agent(agents / "agent-a1.jsonl", "security")
    more = (
        response(f"msg_m{number}", request_id=None, session="s2", minute=number)
        for number in range(LINES)
    )
    write(folder / "s2.jsonl", response("msg_1", output=90, session="s2", minute=5), *more)
    return folder


def stored() -> list[Any]:
    """Everything that an import stores, but for the ids of the rows."""
    tables: Sequence[Any] = (UsageRecord, UsageHour, AgentRun, AgentCall)
    columns = [
        [field.name for field in table._meta.fields if field.name != "id"] for table in tables
    ]
    return [
        sorted(map(repr, table.objects.values_list(*names)))
        for table, names in zip(tables, columns, strict=True)
    ]


def test_what_was_sent_counts_as_if_it_had_been_read_there(
    cli: Cli, projects: Path, name_hub: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = cli("usage", "import", str(projects), "--json")
    read = stored()
    for table in (UsageRecord, UsageHour, AgentRun, AgentCall):
        table.objects.all().delete()
    name_hub()
    monkeypatch.setattr(wire, "batches", partial(wire.batches, most=2))
    there = cli("usage", "import", str(projects), "--json")
    assert there.code == 0, there.err
    assert stored() == read
    assert there.json | {"weeks_made": 0} == here.json | {"weeks_made": 0}
    assert (there.json["new"], there.json["unknown_models"]) == (17, {"claude-next-9": 1})


def test_again_nothing_is_sent_and_then_what_is_new(
    hub: str, cli: Cli, projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "RECORDS     17 new" in cli("usage", "import", str(projects)).out
    with monkeypatch.context() as patch:
        patch.setattr(wire, "batches", lambda _: pytest.fail("sent"))
        assert "0 with something new" in cli("usage", "import", str(projects)).out
    append(projects / "s2.jsonl", text(response("msg_new", request_id="req_new", session="s2")))
    found = cli("usage", "import", str(projects), "--json").json
    assert (found["files_read"], found["lines"], found["new"]) == (1, 1, 1)


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_what_is_cut_off_in_the_middle_goes_on_and_loses_and_doubles_nothing(
    number: int,
    arrived: bool,
    cli: Cli,
    projects: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "batches", partial(wire.batches, most=3))
    monkeypatch.setattr(unread, "PIECE", 1_500)
    post, sent = Hub.post, []

    def break_off(to: Hub, path: str, body: Any) -> Any:
        if "requests" in body:
            sent.append(body)
        said = post(to, path, body) if len(sent) < number or arrived else {}
        if len(sent) >= number:
            raise Refused("The line is dead.")
        return said

    with monkeypatch.context() as patch:
        patch.setattr(Hub, "post", break_off)
        ran = cli("usage", "import", str(projects))
    assert ran.code == 1
    assert len(sent) == number
    assert all(len(part) <= 3 for body in sent for part in body.values() if isinstance(part, list))
    assert cli("usage", "import", str(projects)).code == 0
    assert totals()["records"] == 17
    assert totals()["output"] == 90 + 7 + 1 + 2 + 3 + LINES * 7


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("BUDGETCTL_TOKEN=bctl_wrong", "This token is not known. Make one on the page Tokens."),
        ("BUDGETCTL_URL=http://127.0.0.1:9", "http://127.0.0.1:9 cannot be reached: "),
        (
            "BUDGETCTL_HOME=/dev/null",
            "How far each transcript was sent cannot be kept in /dev/null/claude-code (Not a "
            "directory). Set BUDGETCTL_HOME to a folder that you may write to.",
        ),
    ],
)
def test_a_refused_token_a_server_away_or_a_home_that_is_none_is_one_sentence_and_loses_nothing(
    setting: str, said: str, cli: Cli, projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(*setting.split("="))
        ran = cli("usage", "import", str(projects))
    assert (ran.code, ran.out) == (1, "")
    last = ran.err.splitlines()[-1]  # the server of this test shares our standard error
    assert last.startswith(f"budgetctl: {said}")
    assert last.endswith("Nothing is lost: the same command goes on where it stopped.")
    assert cli("usage", "import", str(projects), "--json").json["new"] == 17


def test_with_an_sd_everything_is_sent_again_and_laid_to_it(
    hub: str, cli: Cli, projects: Path
) -> None:
    cli("usage", "import", str(projects))
    asked = ("usage", "import", str(projects), "--sd", "sd-a-1", "--phase", "plan")
    ran = cli(*asked)
    assert ran.code == 1
    assert "budgetctl: There is no SD called “sd-a-1”. Nothing is lost" in ran.err
    sd = StrategicDirectiveFactory(code="SD-A-1")
    assert "0 new, 17 improved, 0 unchanged" in cli(*asked).out
    assert UsageRecord.objects.filter(sd=sd, phase="PLAN").count() == 17


def test_each_server_has_bookmarks_of_its_own(hub: str, cli: Cli, projects: Path) -> None:
    cli("usage", "import", str(projects))
    assert Sent(hub).known([])
    assert not Sent("https://elsewhere.example").known([])


def test_files_that_are_gone_are_forgotten(hub: str, cli: Cli, projects: Path) -> None:
    cli("usage", "import", str(projects))
    (projects / "s2.jsonl").unlink()
    assert not [path for path in Sent(hub).known([]) if path.endswith("s2.jsonl")]


def test_bookmarks_that_cannot_be_read_cost_time_alone(
    hub: str, cli: Cli, projects: Path, tmp_path: Path
) -> None:
    cli("usage", "import", str(projects))
    (file,) = (tmp_path / "laptop" / "claude-code").glob("sent-*.json")
    assert json.loads(file.read_bytes())["url"] == hub
    assert file.stat().st_mode & 0o777 == 0o600
    for kept in ("", "{", "[]", '{"files": {"a": 5}}', '{"files": 1}'):
        file.write_text(kept)
        again = cli("usage", "import", str(projects)).out
        assert "0 new, 0 improved, 17 unchanged" in again, kept


def test_a_home_that_cannot_be_written_is_said_before_anything_is_sent(
    hub: str, cli: Cli, projects: Path, tmp_path: Path
) -> None:
    (tmp_path / "laptop").write_text("a file, and no folder")
    ran = cli("usage", "import", str(projects))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("budgetctl: ")
    assert ran.err.count("\n") == 1
    assert not UsageRecord.objects.exists()


def test_a_folder_that_is_none_is_refused_as_it_is_here(hub: str, cli: Cli, tmp_path: Path) -> None:
    ran = cli("usage", "import", str(tmp_path / "nowhere"))
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)


def test_moments_go_over_the_line_to_the_microsecond() -> None:
    at = datetime(2026, 11, 18, 9, 30, 0, 123_456, tzinfo=UTC)
    reading = wire.Reading([wire.Observation("m", None, "transcript", at, at)])
    (batch,) = wire.batches(reading)
    assert batch["requests"][0]["at"] == "2026-11-18T09:30:00.123456+00:00"


@pytest.fixture
def config(projects: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes the folder the one of Claude Code."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(projects.parent))
    monkeypatch.setenv("HOME", str(projects.parent / "nobody"))
    return projects


def test_a_worker_sends_once_for_cron(hub: str, cli: Cli, config: Path) -> None:
    assert cli("worker", "--once") == Ran(0, "", "")
    assert totals()["records"] == 17
    assert cli("worker", "--no-watch").code == 2


def test_a_worker_without_transcripts_has_nothing_to_do(
    hub: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli("worker", "--once").code == 0


def test_a_worker_says_once_that_the_server_is_away_and_goes_on_when_it_is_back(
    hub: str, cli: Cli, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWAY_SECONDS", "WATCH_SECONDS"):
        monkeypatch.setattr(sending, name, 0.01)
    post, stopped, said, tries = Hub.post, threading.Event(), list[str](), list[str]()

    def twice_away(to: Hub, path: str, body: Any) -> Any:
        tries.append(path)
        if len(tries) <= 2:
            raise Refused("It is away.")
        return post(to, path, body)

    def say(words: str) -> None:
        said.append(words)
        if len(said) == 2:
            append(config / "s2.jsonl", text(response("msg_new", request_id="r", session="s2")))
            threading.Timer(0.3, stopped.set).start()

    monkeypatch.setattr(Hub, "post", twice_away)
    to = remote.hub()
    assert to
    sending.keep_sending(to, stopped, say)
    away, back = said
    assert away == "It is away. Nothing is lost: it is tried again and again."
    assert back == f"{hub} takes them again."
    assert totals()["records"] == 18
