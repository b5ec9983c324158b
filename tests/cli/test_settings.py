"""What the environment says of where things are kept, and how it is refused where it cannot be."""

import os
from pathlib import Path

import pytest

from budgetctl import home, settings
from tests.cli.conftest import budgetctl


@pytest.fixture
def said(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BUDGETCTL_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%41b", "a+b c"])
def test_the_database_is_in_the_home_whatever_that_is_called(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(settings, "HOME", Path("/srv", name))
    monkeypatch.setenv("DATABASE_URL", "")  # said, and nothing said
    assert settings._database("DATABASE_URL")["NAME"] == f"/srv/{name}/budgetctl.sqlite3"


def test_a_home_may_begin_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("BUDGETCTL_HOME", "~/budget")
    assert home.home() == Path("/home/me/budget")


def test_an_empty_home_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUDGETCTL_HOME", "")
    assert home.home() == home.BASE_DIR / "var"


def test_a_level_of_the_log_may_be_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert settings._log_level() == "DEBUG"
    monkeypatch.setenv("LOG_LEVEL", "")
    assert settings._log_level() == "WARNING"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("BUDGETCTL_HOME", "~nobodyhere/x", "begins with ~nobodyhere, and there is no such user."),
        ("DATABASE_URL", "rubbish", "DATABASE_URL must begin with postgres:// or sqlite:///."),
        ("DATABASE_URL", "mysql://me@host/x", "must begin with postgres:// or sqlite:///."),
        (
            "DATABASE_URL",
            "postgres://me:pass/word@host/x",
            "DATABASE_URL must be as postgres://user:password@host/name, with signs such as / and "
            "# of a password written as %2F and %23.",
        ),
        ("EMAIL_URL", "me@host", "EMAIL_URL must be as smtp+tls://user:password@host:587."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL."),
    ],
)
@pytest.mark.parametrize("command", [("status",), ("usage", "import", "."), ("start",)])
def test_what_cannot_be_used_is_one_line(
    said: dict[str, str], variable: str, value: str, sentence: str, command: tuple[str, ...]
) -> None:
    result = budgetctl(said | {variable: value}, *command)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith(f"{sentence}\n")
    assert result.stderr.count("\n") == 1, result.stderr
