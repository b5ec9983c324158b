"""checkpoints: what was logged, and what of it is taken back."""

from datetime import timedelta

import pytest

from allocation.audit.models import AuditEntry
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.sheet_import import import_sheet
from allocation.directives.models import Status, StrategicDirective
from tests.checkpoints.test_sheet_import import row
from tests.cli.conftest import Cli
from tests.factories import NOW, ChairmanFactory, StrategicDirectiveFactory


@pytest.fixture
def logged(cli: Cli) -> Checkpoint:
    """LEAD to PLAN of SD-A-1 with 24,000 tokens, after its start."""
    ChairmanFactory()
    StrategicDirectiveFactory(code="SD-A-1")
    cli("log", "SD-A-1")
    cli("log", "SD-A-1", "--tokens", "24k", "--mix", "haiku=30,sonnet=70", "--note", "Oh")
    return Checkpoint.objects.get(kind="lead_to_plan")


@pytest.fixture
def imported(db: None) -> AuditEntry:
    rows = [row(ended_at=NOW - timedelta(days=9)), row(line=3, ended_at=NOW - timedelta(days=8))]
    entry = import_sheet(rows=rows, actor="chairman", now=NOW).entry
    return AuditEntry.objects.get(pk=entry)


def test_the_log_is_listed_newest_first_with_its_numbers(cli: Cli, logged: Checkpoint) -> None:
    lines = cli("checkpoints", "list").out.splitlines()
    assert lines[:3] == [
        f"{logged.pk:<7}Wed 18 Nov 2026, 12:00: LEAD to PLAN of SD-A-1, 24,000 tokens in LEAD",
        "       (haiku 30%, sonnet 70%)",
        "       Oh",
    ]
    found = cli("checkpoints", "list", "sd-a-1", "--last", "1", "--json").json["checkpoints"]
    assert [each["checkpoint"] for each in found] == [logged.pk]
    StrategicDirectiveFactory(code="SD-B-1")
    assert "No checkpoint is logged yet." in cli("checkpoints", "list", "SD-B-1").out


def test_a_checkpoint_is_withdrawn_in_the_chairmans_name(cli: Cli, logged: Checkpoint) -> None:
    ran = cli("checkpoints", "withdraw", f"{logged.pk}", "--reason", "A slip", "--yes")
    assert ran.code == 0
    assert ran.out.startswith("Withdrew LEAD to PLAN of SD-A-1. The week stands at 0%, Green:")
    assert StrategicDirective.objects.get().phase == "LEAD"
    entry = AuditEntry.objects.get(action="checkpoint withdrawal")
    assert (entry.actor, entry.reason) == ("chairman", "A slip")
    ran = cli("checkpoints", "withdraw", f"{logged.pk}", "--reason", "A slip", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert "or it is withdrawn already" in ran.err


def test_a_script_is_told_what_was_withdrawn(cli: Cli, logged: Checkpoint) -> None:
    ran = cli("checkpoints", "withdraw", f"{logged.pk}", "--reason", "A slip", "--yes", "--json")
    assert (ran.json["checkpoint"], ran.json["tokens"]) == (logged.pk, 24_000)
    assert (ran.json["sd_status"], ran.json["sd_phase"]) == ("in_progress", "LEAD")


@pytest.mark.parametrize(("typed", "left"), [(b"y\n", 1), (b"n\n", 2), (b"", 2)])
def test_it_says_what_goes_and_asks(typed: bytes, left: int, cli: Cli, logged: Checkpoint) -> None:
    ran = cli("checkpoints", "withdraw", f"{logged.pk}", "--reason", "A slip", stdin=typed)
    assert "logged by chairman, Wed 18 Nov 2026, 12:00." in ran.err
    assert "As if it and its 24,000 tokens had never been logged." in ran.err
    assert Checkpoint.objects.count() == left
    assert ("nobody said yes" in ran.err, ran.code) == (left == 2, left - 1)


def test_an_import_is_undone(cli: Cli, imported: AuditEntry) -> None:
    number = f"{imported.pk}"
    assert "2 checkpoints of 1 SD by chairman, 2 left" in cli("checkpoints", "imports").out
    found = cli("checkpoints", "imports", "--json").json["imports"]
    assert [(each["import"], each["left"]) for each in found] == [(imported.pk, 2)]
    ran = cli("checkpoints", "undo-import", number, stdin=b"\n")
    assert "The 2 checkpoints left of it will be withdrawn" in ran.err
    assert Checkpoint.objects.count() == 2
    ran = cli("checkpoints", "undo-import", number, "--yes", "--reason", "Last year’s")
    assert ran.out.startswith("Undid the import: withdrew 2 checkpoints. The week stands at 0%")
    assert not StrategicDirective.objects.exists()
    assert AuditEntry.objects.get(action="checkpoint sheet undo").reason == "Last year’s"
    assert "nothing left" in cli("checkpoints", "imports").out
    ran = cli("checkpoints", "undo-import", number)
    assert (ran.code, ran.err) == (1, "budgetctl: Nothing of this import is left to undo.\n")


def test_a_script_undoes_an_import(cli: Cli, imported: AuditEntry) -> None:
    ran = cli("checkpoints", "undo-import", f"{imported.pk}", "--yes", "--json")
    assert ran.json == {"import": imported.pk, "withdrawn": 2}


def test_nothing_imported_is_said(cli: Cli) -> None:
    assert cli("checkpoints", "imports").out == "No sheet was imported yet.\n"
    assert cli("checkpoints", "imports", "--json").json == {"imports": []}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("withdraw", "0", "--reason", "x", "--yes"), "There is no checkpoint 0, or it"),
        (("undo-import", "0", "--yes"), "There is no import 0."),
        (("list", "SD-NONE"), "There is no SD called “SD-NONE”."),
    ],
)
def test_what_is_not_there_is_refused(arguments: tuple[str, ...], said: str, cli: Cli) -> None:
    ran = cli("checkpoints", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err


def test_without_a_reason_nothing_is_withdrawn(cli: Cli, logged: Checkpoint) -> None:
    ran = cli("checkpoints", "withdraw", f"{logged.pk}")
    assert (ran.code, ran.err) == (1, "budgetctl: Say why: a withdrawal needs a reason.\n")
    assert Checkpoint.objects.filter(pk=logged.pk).exists()


def test_a_paused_sd_waits_on_when_its_start_is_withdrawn(cli: Cli, logged: Checkpoint) -> None:
    start = Checkpoint.objects.get(kind="sd_start_lead")
    StrategicDirective.objects.update(status=Status.PAUSED)
    for each in (logged, start):
        assert cli("checkpoints", "withdraw", f"{each.pk}", "--reason", "x", "--yes").code == 0
    assert StrategicDirective.objects.get().status == Status.PAUSED


@pytest.mark.parametrize("arguments", [("withdraw",), ("withdraw", "x"), ("undo-import",), ()])
def test_what_cannot_be_read_is_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    assert cli("checkpoints", *arguments).code == 2


@pytest.mark.parametrize("command", ["list", "withdraw 1", "imports", "undo-import 1"])
def test_an_agents_token_does_none_of_it_elsewhere(command: str, cli: Cli, hub: str) -> None:
    ran = cli("checkpoints", *command.split())
    assert (ran.code, ran.out) == (1, "")
    assert "works only where the database is" in ran.err
