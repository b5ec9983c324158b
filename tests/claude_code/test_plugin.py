"""The plugin folder says what `budgetctl connect` says, and the CLI's own validator takes it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from allocation.claude_code.connect.wanted import Choice, hook_entries

ROOT = Path(__file__).parents[2]
CLAUDE = os.environ.get("CLAUDE_CLI", "")


def test_the_hooks_are_those_that_connect_writes() -> None:
    hooks = json.loads((ROOT / "plugin" / "hooks" / "hooks.json").read_text())["hooks"]
    entries = hook_entries(Choice(url="", token=""))
    assert hooks == {event: [entry] for event, entry in entries.items()}


def test_the_marketplace_leads_to_the_plugin() -> None:
    market = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text())
    (plugin,) = market["plugins"]
    manifest = ROOT / plugin["source"] / ".claude-plugin" / "plugin.json"
    assert json.loads(manifest.read_text())["name"] == plugin["name"]


@pytest.mark.cli
@pytest.mark.skipif(not CLAUDE, reason="asked for with CLAUDE_CLI=/path/to/claude")
@pytest.mark.parametrize("folder", [".", "plugin"])
def test_the_validator_takes_it(folder: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [CLAUDE, "plugin", "validate", str(ROOT / folder), "--strict"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
