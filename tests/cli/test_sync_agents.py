"""`budgetctl sync-agents` where a definition cannot be written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from budgetctl.cli import sync_agents
from tests.cli.conftest import Ran

pytestmark = pytest.mark.django_db

Cli = Callable[..., Ran]


def test_a_definition_that_cannot_be_written_holds_up_no_other(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    for name in ("a", "b"):
        (agents / f"{name}.md").write_text("---\nname: docmon\n---\n")
    write = sync_agents._write

    def refuse(path: Path, content: bytes) -> None:
        if path.name == "a.md":
            raise PermissionError(13, "Permission denied", str(path))
        write(path, content)

    monkeypatch.setattr(sync_agents, "_write", refuse)
    ran = cli("sync-agents", str(agents))
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["skipped", "a.md:"],
        ["written", "b.md:"],
    ]
    assert (ran.code, ran.err) == (
        1,
        f"budgetctl: {agents / 'a.md'}: Permission denied. All others are done.\n",
    )
    again = cli("sync-agents", str(agents), "--json")
    assert [each["done"] for each in again.json["definitions"]] == ["skipped", "unchanged"]
