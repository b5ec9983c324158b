"""How the command line finds its commands and how it ends."""

import logging
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.recorder import MigrationRecorder

from allocation.budgets.models import BudgetWeek
from allocation.policy.errors import RuleError
from budgetctl import schema
from budgetctl.cli import app, serving
from budgetctl.cli.database import NEWER, NOT_SET_UP, open_database
from budgetctl.cli.examples import EXAMPLES
from budgetctl.cli.refusals import Refused


@pytest.fixture
def try_out(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of commands that a test may fill; `budgetctl try-out` runs its `command`."""
    module = ModuleType("try_out")
    monkeypatch.setitem(sys.modules, "try_out", module)
    monkeypatch.setitem(app.COMMANDS, "try-out", "try_out:command")
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    return module


def raising(error: Exception) -> object:
    def command() -> None:
        """Fail."""
        raise error

    return command


def test_help_lists_every_command_and_imports_no_django() -> None:
    code = (
        "import sys; from budgetctl.cli.app import run; code = run(['--help']);"
        "assert 'django' not in sys.modules; sys.exit(code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    for command in app.COMMANDS:
        assert f" {command} " in result.stdout


def test_every_command_shows_examples_and_each_can_be_typed() -> None:
    root = app.Commands(name="budgetctl")
    for name in app.COMMANDS:
        command = root.get_command(None, name)
        paths = {
            f"{name} {inner}": each for inner, each in getattr(command, "commands", {}).items()
        }
        for path, each in (paths or {name: command}).items():
            lines = EXAMPLES[path]
            assert each.epilog.endswith("\n".join(lines))
            for line in lines:
                words = shlex.split(line.partition(" < ")[0])
                start = ["budgetctl", *path.split()]
                assert words[: len(start)] == start
                each.make_context(path, words[len(start) :])


def _in_documents() -> list[str]:
    """The command lines of ours that the documents say to type."""
    root = Path(__file__).parents[2]
    texts = [path.read_text() for path in (root / "README.md", *sorted(root.glob("docs/*.md")))]
    blocks = re.findall(r"^```\w*\n(.*?)^```", "\n".join(texts), re.MULTILINE | re.DOTALL)
    typed = re.compile(r"^(?:\.venv/bin/)?budgetctl ([^#|\n]+)", re.MULTILINE)
    return [line.strip() for block in blocks for line in typed.findall(block)]


@pytest.mark.parametrize("line", _in_documents())
def test_what_the_documents_say_to_type_can_be_typed(line: str) -> None:
    command: Any = app.Commands(name="budgetctl")
    words = shlex.split(line)
    while command is not None and hasattr(command, "get_command"):
        command = command.get_command(typer.Context(command), words.pop(0))
    assert command is not None
    command.make_context(line, words)


def test_help_fills_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "60")
    assert app.run(["connect", "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("Other hooks"))
    assert len(lines[start]) > 40
    assert len(lines[start + 1]) > 40


@pytest.mark.parametrize("words", [[], ["usage"], ["usage", "import"], ["status"]])
def test_help_shows_no_value_behind_a_switch(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--help" in said
    assert "<bool>" not in said


def test_the_entry_point_imports_neither_typer_nor_django() -> None:
    code = "import sys, budgetctl.cli; assert not {'typer', 'rich', 'django'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("budgetctl 0.")


def test_a_command_that_works_ends_with_0(
    try_out: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    try_out.command = lambda: print("done")
    assert app.run(["try-out"]) == 0
    assert capsys.readouterr().out == "done\n"


def test_a_group_of_commands_is_found_too(
    try_out: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    group = typer.Typer()
    group.command("one")(lambda: print("one"))
    group.command("two")(raising(Refused("No two.")))
    try_out.command = group
    assert app.run(["try-out", "one"]) == 0
    assert app.run(["try-out", "two"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("one\n", "budgetctl: No two.\n")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Refused("No such\n  thing."), "No such thing."),
        (RuleError("A limit must be positive."), "A limit must be positive."),
        (RuleError("No SD \x1b[31m\u202e."), "No SD �[31m�."),
        (ValidationError("Not so."), "Not so."),
        (ValidationError({"complexity": ["From 1 to 5."], "__all__": ["No."]}),
         "complexity: From 1 to 5. No."),
        (OperationalError("database is locked"),
         "The database is busy with another writer. Nothing was stored; try again."),
        (OperationalError("attempt to write a readonly database"),
         "The database is read-only, so nothing was stored. Give the user that runs budgetctl the "
         "right to write to it."),
        (OperationalError("database or disk is full"),
         "The disk is full, so what was under way was not stored. Make room, and try again."),
        (OperationalError('could not extend file "base/1": No space left on device'),
         "The disk is full, so what was under way was not stored. Make room, and try again."),
        (OperationalError("disk I/O error"),
         "The disk cannot be written to or read. What was under way was not stored; see whether it "
         "is full, and try again."),
        (ProgrammingError('relation "x" does not exist\nLINE 1'), NOT_SET_UP),
        (OperationalError('FATAL:  database "x" does not exist'),
         'The database refuses us: FATAL: database "x" does not exist. Check DATABASE_URL.'),
        (OperationalError(), "The database does not answer: OperationalError"),
        (ImproperlyConfigured("Set the X."), "The settings do not work: Set the X."),
        (OSError(28, "No space left on device"),
         "The disk is full, so what was under way was not stored. Make room, and try again."),
        (IsADirectoryError(21, "Is a directory", "/some/folder"), "/some/folder: Is a directory."),
        (KeyError("lost"), "Something went wrong that should not: KeyError: 'lost' "
         "(run it again with LOG_LEVEL=DEBUG to see where)."),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line_and_exit_1(
    error: Exception, line: str, try_out: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    try_out.command = raising(error)
    assert app.run(["try-out"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"budgetctl: {line}\n")


def test_a_stack_trace_is_to_be_had(try_out: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    try_out.command = raising(KeyError("lost"))
    with pytest.raises(KeyError):
        app.run(["try-out"])


@pytest.mark.parametrize("arguments", [["nonsense"], ["try-out", "--nonsense"], ["try-out", "bad"]])
def test_wrong_usage_ends_with_2(
    arguments: list[str], try_out: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(what: str = typer.Argument("")) -> None:
        raise typer.BadParameter("It cannot be read.")

    try_out.command = command
    assert app.run(arguments) == 2
    assert "Usage: budgetctl" in capsys.readouterr().err


def test_a_command_may_choose_its_own_exit_code(try_out: ModuleType) -> None:
    try_out.command = raising(typer.Exit(1))
    assert app.run(["try-out"]) == 1


@pytest.mark.django_db
def test_a_database_of_this_version_opens() -> None:
    assert schema.missing() == set()
    open_database()


@pytest.mark.django_db
def test_a_database_of_a_newer_version_does_not_open() -> None:
    MigrationRecorder(connection).record_applied("usage", "9999_from_the_future")
    assert schema.unknown() == {("usage", "9999_from_the_future")}
    with pytest.raises(Refused, match=NEWER):
        open_database()


@pytest.mark.django_db
def test_a_whole_app_that_is_not_known_means_a_newer_version() -> None:
    MigrationRecorder(connection).record_applied("teams", "0001_initial")
    assert schema.unknown() == {("teams", "0001_initial")}


@pytest.mark.django_db
def test_old_migrations_of_others_mean_nothing() -> None:
    MigrationRecorder(connection).record_applied("axes", "0001_merged_since")
    assert schema.unknown() == set()


@pytest.mark.django_db
def test_a_database_of_an_older_version_does_not_open() -> None:
    MigrationRecorder.Migration.objects.filter(app="budgets", name="0002_shipped_facts").delete()
    assert schema.missing() == {("budgets", "0002_shipped_facts")}
    with pytest.raises(Refused, match=NOT_SET_UP):
        open_database()


@pytest.mark.sqlite_only("there is no file on a server")
def test_looking_for_a_database_does_not_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "none.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", str(path))
    with pytest.raises(Refused, match=NOT_SET_UP):
        open_database()
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
def test_a_tick_opens_the_week_that_runs() -> None:
    serving.tick_once()
    serving.tick_once()
    assert BudgetWeek.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_fails_is_logged_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*, now: object) -> None:
        raise OperationalError("database is locked\nand more")

    monkeypatch.setattr("allocation.dashboard.tick.tick", fail)
    with caplog.at_level(logging.ERROR):
        serving.tick_once()
    assert caplog.messages == ["Scheduled work failed: OperationalError: database is locked"]
    assert caplog.records[0].exc_info in (None, False)
