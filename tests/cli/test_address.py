"""An address, a token or a proxy in the environment with which no server is reached."""

import os
from pathlib import Path

import pytest

from allocation.claude_code.client.home import connection
from budgetctl.cli.remote import hub
from tests.cli.conftest import Cli, budgetctl


def test_an_address_without_a_token_and_without_a_database_asks_for_the_token(
    tmp_path: Path,
) -> None:
    environment = {"PATH": os.environ["PATH"], "BUDGETCTL_HOME": str(tmp_path)}
    ran = budgetctl(environment | {"BUDGETCTL_URL": "http://127.0.0.1:9"}, "status")
    assert ran.returncode == 1
    assert "BUDGETCTL_TOKEN is not set" in ran.stderr
    assert "budgetctl start" not in ran.stderr


@pytest.mark.parametrize("token", ["bctl_x_y\r", "bctl_x_\u20ac"])
def test_a_token_that_no_header_can_hold_is_said(
    token: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGETCTL_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BUDGETCTL_TOKEN", token)
    ran = cli("status")
    assert (ran.code, ran.err.partition(" in it")[0]) == (
        1,
        "budgetctl: BUDGETCTL_TOKEN has characters",
    )


def test_a_proxy_that_is_away_is_not_taken_for_the_server(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUDGETCTL_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_x_y")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:7")
    monkeypatch.delenv("no_proxy", raising=False)
    assert "through the proxy that http_proxy names (no_proxy=127.0.0.1" in cli("status").err
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert "127.0.0.1:9 cannot be reached: Connection refused." in cli("status").err


@pytest.mark.parametrize("end", ["", "/", "/api/v1", "/api/v1/"])
def test_the_address_of_the_api_is_that_of_the_server(
    end: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BUDGETCTL_URL", f" https://budget.example/fleet{end}")
    monkeypatch.setenv("BUDGETCTL_TOKEN", "bctl_x_y")
    found = [hub(), connection(str(tmp_path))]
    assert [to and to.url for to in found] == ["https://budget.example/fleet"] * 2
