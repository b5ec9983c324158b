"""Commands on a server elsewhere: here a real one, reached by address and token alone."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from allocation.api.operations import create_token
from allocation.budgets.models import BudgetWeek
from allocation.budgets.operations import switch
from allocation.checkpoints.models import Checkpoint
from allocation.decisions.models import Decision
from allocation.directives.models import StrategicDirective
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from budgetctl.cli import remote
from tests.cli.conftest import Cli
from tests.factories import (
    NOW,
    WEEK_START,
    BudgetRuleFactory,
    MeterFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    TierFactory,
)


@pytest.fixture(params=["tokens", "US dollars"])
def a_week(
    burn: Callable[..., None], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """A week of which there is much to say, at the same moment here and on the server."""
    monkeypatch.setattr("allocation.api.v1.timezone", SimpleNamespace(now=lambda: NOW))
    for week in range(3):
        start = WEEK_START - timedelta(days=7 * week)
        burn(100_000, at=start + timedelta(hours=2), sub_agent="TESTING")
        make_forecasts(now=start + timedelta(hours=24, minutes=5))
    score_closed_weeks(now=NOW)
    burn(333_333, at=NOW - timedelta(hours=3), model="claude-opus-4-5-20251101")
    BudgetWeek.objects.filter(start=WEEK_START).update(reserve_percent=10)
    if request.param == "US dollars":
        BudgetRuleFactory(
            meter=MeterFactory(name="US dollars", weighting="dollars"), limit=Decimal("12.50")
        )
    OverrideFactory(sub_agent=SubAgentFactory(code="TESTING"), tier=TierFactory(name="opus"))
    StrategicDirectiveFactory(code="SD-A-1", title="Faster “starts”", complexity=5, phase="PLAN")


@pytest.mark.usefixtures("a_week")
def test_a_server_elsewhere_says_what_the_database_here_says(
    cli: Cli, name_hub: Callable[[], str]
) -> None:
    asked = [
        [*command.split(), *json]
        for command in (
            "status",
            "next",
            "check sd-a-1",
            "forecast",
            "recommend security --sd sd-a-1 --zone ORANGE",
            "recommend security --phase EXEC --complexity 5 --critical --zone RED",
        )
        for json in ([], ["--json"])
    ]
    here = [cli(*each) for each in asked]
    name_hub()
    for each, ran in zip(asked, here, strict=True):
        assert cli(*each) == ran, each
        assert ran.code == 0
        assert len(ran.out.splitlines()) >= 3


def test_status_says_how_the_week_of_the_server_stands(hub: str, cli: Cli) -> None:
    text = cli("status")
    assert text.code == 0, text.err
    assert "● GREEN" in text.out
    assert "0 / 500k (0%), 500,000 left" in text.out
    assert cli("status", "--json").json["zone"] == "GREEN"


def test_check_of_an_sd_that_is_unknown_or_over_is_refused_by_the_server(
    hub: str, cli: Cli
) -> None:
    ran = cli("check", "SD/../NOBODY?")
    assert (ran.code, ran.out) == (1, "")
    StrategicDirectiveFactory(code="SD-OLD-001", status="completed", phase="")
    ran = cli("check", "SD-OLD-001")
    assert (ran.code, ran.out) == (1, "")
    assert "SD-OLD-001 is completed: nothing of it is still ahead." in ran.err


def test_a_recommendation_is_logged_there_in_the_name_of_the_token(hub: str, cli: Cli) -> None:
    ran = cli("recommend", "security", "--phase", "exec", "--complexity", "3")
    assert ran.code == 0, ran.err
    decision = Decision.objects.get()
    assert decision.actor == "agent laptop"
    assert f"run on {decision.recommended}" in ran.out
    assert f"logged as decision {decision.pk}" in ran.out
    asked = ("recommend", "docmon", "--phase", "PLAN", "--complexity", "2", "--zone", "red")
    assert cli(*asked, "--json").json["decision"] is None


def test_a_batch_is_answered_line_by_line(hub: str, cli: Cli) -> None:
    good = {"sub_agent": "docmon", "phase": "PLAN", "complexity": 2, "zone": "RED"}
    lines = [json.dumps(good), "", "[]", json.dumps(good | {"sub_agent": "nobody"})]
    ran = cli("recommend", "--batch", "-", stdin="\n".join(lines).encode())
    first, second, third = map(json.loads, ran.out.splitlines())
    assert (ran.code, first["model"], first["decision"]) == (1, "haiku", None)
    assert second == {"error": "The line is no JSON object."}
    assert third["error"].startswith("No sub-agent is called “nobody”.")


def test_definitions_get_the_tiers_of_the_server(
    name_hub: Callable[[], str], cli: Cli, tmp_path: Path
) -> None:
    name_hub()
    definition = tmp_path / "agents" / "security.md"
    definition.parent.mkdir()
    definition.write_text("---\nname: security\n---\nBody")
    ran = cli("sync-agents", str(definition.parent))
    assert ran.out == "written    security.md: opus\n", ran.err
    assert definition.read_text() == "---\nname: security\nmodel: opus\n---\nBody"
    switch(enabled=False, actor="chairman", now=NOW)
    off = cli("sync-agents", str(definition.parent))
    assert (off.code, off.out) == (1, "")
    assert off.err == "budgetctl: budgetctl is off: the definitions stay as they are.\n"


def test_sds_are_proposed_and_listed(hub: str, cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-OLD-001", status="completed", phase="")
    ran = cli("sd", "new", "SD-NEW-001", "--complexity", "4", "--priority", "High")
    assert ran.out == f"SD-NEW-001 is proposed on {hub}.\n", ran.err
    assert StrategicDirective.objects.get(code="SD-NEW-001").complexity == 4
    assert [sd["sd"] for sd in cli("sd", "list", "--json").json["sds"]] == ["SD-NEW-001"]
    assert "SD-OLD-001  completed; complexity" in cli("sd", "list", "--all").out


def test_a_checkpoint_is_the_usual_one_where_none_is_named(hub: str, cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-NEW-001", status="in_progress", phase="PLAN")
    ran = cli("log", "SD-NEW-001", "--tokens", "20k", "--mix", "sonnet=100", "--note", "well")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("SD-NEW-001: PLAN to EXEC logged, 20,000 tokens in PLAN (")
    ran = cli("handoff", "SD-NEW-001", "EXEC", "PLAN", "--tokens", "5000", "--json")
    assert (ran.code, ran.json["sd_phase"]) == (0, "PLAN")
    assert Checkpoint.objects.filter(actor="agent laptop").count() == 2


def test_a_moment_without_an_offset_is_on_the_owners_clock(
    hub: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    BudgetRuleFactory(timezone="Asia/Kolkata")
    StrategicDirectiveFactory(code="SD-NEW-001", status="in_progress", phase="LEAD")
    ran = cli("log", "SD-NEW-001", "--tokens", "5000", "--at", "2026-01-05T14:00")
    assert ran.code == 0, ran.err
    assert Checkpoint.objects.get().at == datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    _, token = create_token(name="narrow", actor="chairman", now=NOW, scopes=["checkpoints"])
    monkeypatch.setenv("BUDGETCTL_TOKEN", token)
    ran = cli("log", "SD-NEW-001", "--tokens", "6000", "--at", "2026-01-05T15:00")
    assert ran.code == 1
    assert "has no scope “read”, which this needs. Or give --at with an offset, as in" in ran.err
    ran = cli("log", "SD-NEW-001", "--tokens", "6000", "--at", "2026-01-05T15:00+05:30")
    assert ran.code == 0, ran.err


def test_what_the_server_refuses_is_its_own_sentence(
    hub: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = cli("log", "SD-NONE-001", "--tokens", "1000")
    assert ran.code == 1
    # The server of this test shares our standard error.
    assert ran.err.endswith("budgetctl: There is no SD called “SD-NONE-001”.\n")
    monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_wrong")
    ran = cli("status")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("budgetctl: This token is not known. Make one on the page Tokens.\n")


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, bytes], str]]:
    """Makes a server that has one answer, and that the environment names; gives its address."""
    servers: list[HTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{servers[-1].server_port}"
        monkeypatch.setenv("BUDGETCTL_URL", url)
        monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_x_y")
        return url

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "{} does not answer as budgetctl does."),
        (200, b"[]", "{} does not answer as budgetctl does."),
        (200, b"{}", "The server does not say “week”: is it budgetctl, of this version?"),
        (500, b"{}", "{} answers 500: is it budgetctl, and its whole address?"),
        (302, b"", "{} answers 302: is it budgetctl, and its whole address?"),
        (502, b"Bad gateway", "{} answers 502: is it budgetctl, and its whole address?"),
    ],
)
def test_a_server_that_is_another_is_said_in_one_sentence(
    status: int, body: bytes, said: str, cli: Cli, stranger: Callable[[int, bytes], str]
) -> None:
    url = stranger(status, body)
    ran = cli("status")
    assert (ran.code, ran.err) == (1, f"budgetctl: {said.format(url)}\n")


@pytest.mark.parametrize(
    ("answers", "said"),
    [(True, "broke off before it had answered."), (False, "has not answered within 0.2 seconds.")],
)
def test_a_server_that_breaks_off_or_is_silent_is_said_in_one_sentence(
    answers: bool, said: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off() -> None:
        with server.accept()[0] as line:
            line.recv(65_536)

    if not answers:
        monkeypatch.setattr(remote, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("BUDGETCTL_URL", url)
        monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_x_y")
        if answers:
            Thread(target=break_off, daemon=True).start()
        ran = cli("status")
    assert (ran.code, ran.err) == (1, f"budgetctl: {url} {said}\n")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9 cannot be reached: Connection refused."),
        ("file:///etc/passwd", "BUDGETCTL_URL must be an address such as https://"),
        ("http://me:secret@127.0.0.1:9", "BUDGETCTL_URL must be an address such as https://"),
        ("http://[::1", "BUDGETCTL_URL must be an address such as https://"),
        (
            "http://127.0.0.1:99999",
            "BUDGETCTL_URL must be an address such as https://budget.example: the port of the "
            "address is no number up to 65535.",
        ),
    ],
)
def test_an_address_that_leads_nowhere_is_said_in_one_sentence(
    url: str, said: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGETCTL_URL", url)
    monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_x_y")
    ran = cli("status")
    assert ran.code == 1
    assert ran.err.startswith(f"budgetctl: {said}")


@pytest.mark.parametrize("command", ["set-limit 5", "audit", "token list", "usage totals"])
def test_a_command_that_needs_the_database_takes_no_other_one_for_it(
    command: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGETCTL_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_x_y")
    ran = cli(*command.split())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("budgetctl: This command works only where the database is")


def test_an_address_without_a_token_changes_nothing(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGETCTL_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("BUDGETCTL_TOKEN", raising=False)
    assert cli("status").code == 0
