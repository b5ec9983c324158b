"""`budgetctl connect` once more, with another address: what becomes of the first token."""

import json
from pathlib import Path

import pytest

from allocation.api.models import AgentToken
from budgetctl.cli.app import run

pytestmark = pytest.mark.django_db

NOBODY = "http://127.0.0.1:9"
OTHER = "http://localhost:9"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BUDGETCTL_URL", "BUDGETCTL_TOKEN", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BUDGETCTL_HOME", str(tmp_path / "budget"))
    return tmp_path


def connect(*arguments: str) -> None:
    assert run(["connect", "claude-code", "--yes", *arguments]) == 0


def in_force() -> list[str]:
    return [row.name for row in AgentToken.objects.filter(revoked_at__isnull=True)]


def test_no_second_token_is_left_behind(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connect("--url", NOBODY)
    (first,) = AgentToken.objects.all()
    connect("--url", OTHER)
    assert f"Revoked: the token {first.shown}, in whose place" in capsys.readouterr().out
    assert len(in_force()) == 1
    kept = json.loads((home / "budget" / "claude-code" / "connection.json").read_text())
    assert kept["url"] == OTHER
    assert not kept["token"].startswith(first.shown)
    connect("--undo")
    assert in_force() == []
    assert not (home / ".claude" / "settings.json").exists()


def test_a_token_that_was_given_is_not_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "create", "given", "--json"]) == 0
    token = json.loads(capsys.readouterr().out)["token"]
    connect("--url", NOBODY, "--token", token)
    connect("--url", OTHER)
    assert "given" in in_force()


def test_a_token_that_other_settings_hold_is_not_ended(tmp_path: Path) -> None:
    connect("--url", NOBODY, "--http", "--project", str(tmp_path))
    connect("--url", OTHER)
    assert len(in_force()) == 2


@pytest.mark.parametrize("content", [None, "{}"])
def test_settings_that_somebody_emptied_leave_no_token_behind(
    home: Path, content: str | None
) -> None:
    connect("--url", NOBODY)
    settings = home / ".claude" / "settings.json"
    settings.unlink()
    if content is not None:
        settings.write_text(content)
    connect("--undo", "--dry-run")
    assert len(in_force()) == 1
    connect("--undo")
    assert in_force() == []
    assert not (home / "budget" / "claude-code" / "connection.json").exists()
    assert settings.exists() == (content is not None)


def test_a_project_is_told_what_is_not_set_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect("--url", NOBODY, "--project", str(tmp_path))
    said = capsys.readouterr().out
    assert "Telemetry and the status line are set for the user only" in said
    assert "start again" not in said
