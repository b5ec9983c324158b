"""What the tests of `budgetctl hook` share: a connection, a last known state, ways to run it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from allocation.claude_code.client import state
from allocation.claude_code.client.hook import answer_hook

CLIENT = [sys.executable, "-I", "-S", str(Path(state.__file__).with_name("__main__.py"))]


def known_state(**changed: Any) -> dict[str, Any]:
    """What a server would have said a moment ago."""
    now = time.time()
    return {
        "at": now,
        "until": now + 3600,
        "enabled": True,
        "zone": "ORANGE",
        "percent": "88%",
        "left": "60k left",
        "out": "out Tue 00:07",
        "plan": {"percent": "83%", "resets_at": now + 3600},
        "phase": "EXEC",
        "names": {"security": "SECURITY"},
        "answers": {
            "SECURITY": {"EXEC": ["defer", None, "Its floor is opus."]},
            "": {
                "EXEC": ["use", "haiku", "Orange zone: haiku is enough."],
                "PLAN": ["use", "sonnet", "A floor."],
            },
        },
        **changed,
    }


def connect(folder: Path, url: str) -> None:
    """What `budgetctl connect` leaves."""
    folder.mkdir(exist_ok=True)
    (folder / "connection.json").write_text(json.dumps({"url": url, "token": "bctl_x_y"}))


def ask(folder: Path, payload: dict[str, Any], *, fail_closed: bool = False) -> Any:
    """Run the hook on an event; what it prints, as JSON, or None."""
    answer = answer_hook(json.dumps(payload).encode(), str(folder), fail_closed=fail_closed)
    assert answer.code == 0
    return json.loads(answer.output) if answer.output else None


def run(folder: Path, command: str, payload: Any, *arguments: str) -> str:
    """The client as a process of its own."""
    done = subprocess.run(
        [*CLIENT, command, "--home", str(folder.parent), *arguments],
        input=json.dumps(payload).encode(),
        capture_output=True,
        timeout=30,
        check=True,
        env={"PATH": os.environ["PATH"], "LOG_LEVEL": "DEBUG"},
    )
    assert done.stderr == b""
    return done.stdout.decode()
