"""`budgetctl statusline`: the line, made from the last known state without the network.

Whether the server is to be told as well is decided here (`is_due`); telling.py does it.
"""

import json
import os
from time import time

from allocation.claude_code.client import state
from allocation.claude_code.client.home import read_json
from allocation.claude_code.client.payload import Json, essentials, within

# The server is told at least so often: so it knows that the session is alive, and its answer keeps
# the last known state fresh.
EVERY_SECONDS = 30
WRAPPED_SECONDS = 5


def line(said: Json, folder: str) -> str:
    """The line for what Claude Code said on standard input."""
    week = within(within(said, "rate_limits"), "seven_day")
    used = week.get("used_percentage")
    # Not of what is no share: JSON may hold NaN, and true is a number too.
    is_share = isinstance(used, int | float) and used is not True and 0 <= used <= 1000
    plan = f"{used:.0f}%" if is_share else ""
    return state.status_line(state.load(folder), plan=plan, now=time())


def understood(stdin: bytes) -> Json:
    """What Claude Code said, cut down to what is sent; empty if it is no object."""
    try:
        said = json.loads(stdin)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {**essentials(said), "rate_limits": within(said, "rate_limits")}


def is_due(said: Json, folder: str) -> bool:
    """Whether the server is to be told: something changed, or it was a while ago."""
    last = read_json(os.path.join(folder, "status.json"))
    sent = last.get("sent")
    if not isinstance(sent, int | float) or abs(time() - sent) > EVERY_SECONDS:
        return True
    return any(last.get(name) != said.get(name) for name in ("session_id", "rate_limits"))


def wrapped(command: str, stdin: bytes) -> str:
    """The output of the status line that was configured before ours; empty if it fails."""
    import subprocess  # noqa: PLC0415 - only where another status line is wrapped

    try:
        done = subprocess.run(  # noqa: S602 -- the user's own command, from the user's own settings
            command, shell=True, input=stdin, capture_output=True, timeout=WRAPPED_SECONDS,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").rstrip("\n")
