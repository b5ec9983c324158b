"""What Claude Code's settings must say so that budgetctl hears and steers it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# Both names of the tool: a matcher of one of them misses versions before, or after, 2.1.63.
STEERED = "Agent|Task"
EVENTS: Mapping[str, str] = {
    "PreToolUse": STEERED,
    "PostToolUse": STEERED,
    "SubagentStart": "",
    "SubagentStop": "",
    "SessionStart": "",
    "SessionEnd": "",
}
# Claude Code takes only commands for these.
COMMAND_ONLY = frozenset({"SessionStart"})
HOOK_SECONDS = 5
REFRESH_SECONDS = 30
HOOK_PATH = "/hooks/claude-code"
_VARIABLES = ("BUDGETCTL_TOKEN", "BUDGETCTL_SD", "BUDGETCTL_PHASE")
# The console script by whatever path, quoted or not, then the command.
_OURS = re.compile(r"budgetctl(?:\.exe)?['\"]?\s+(hook|statusline)(?:\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How to connect. `script` is the `budgetctl` to call, `home` the folder it is to use where
    it would not find that by itself. `own_env` is true of user settings: those of a project are
    not read for telemetry, and are no place for a token."""

    url: str
    token: str
    script: str = "budgetctl"
    home: str = ""
    http: bool = False
    fail_closed: bool = False
    own_env: bool = True


def hook_entries(choice: Choice) -> dict[str, Json]:
    """The entry for each event, as it stands in settings and in a plugin."""
    entries = {}
    for event, matcher in EVENTS.items():
        if choice.http and event not in COMMAND_ONLY:
            handler = _http(choice)
        else:
            handler = _command(choice, steering=event == "PreToolUse")
        if choice.fail_closed and event == "PreToolUse":
            handler["onFailure"] = "block"
        entries[event] = {**({"matcher": matcher} if matcher else {}), "hooks": [handler]}
    return entries


def status_line(choice: Choice, before: Json | None) -> Json:
    """The status line: ours, with the one that was there before printed above it."""
    words = [choice.script, "statusline", *_home(choice)]
    if before and (command := before.get("command")):
        return {**before, "command": shlex.join([*words, "--wrap", str(command)])}
    ours = {"type": "command", "command": shlex.join(words), "refreshInterval": REFRESH_SECONDS}
    return {**ours, "padding": 0}


def telemetry(choice: Choice) -> dict[str, str]:
    """The environment that makes Claude Code report each request."""
    return {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"{choice.url}/otlp",
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer {choice.token}",
    }


def is_our_hook(handler: Any) -> bool:
    """Whether a handler is one that budgetctl put there, by whatever path and address."""
    if not isinstance(handler, dict):
        return False
    if handler.get("type") == "http":
        return str(handler.get("url", "")).endswith(HOOK_PATH)
    return _command_of(handler) == "hook"


def is_our_status_line(value: Any) -> bool:
    """Whether a status line is ours."""
    return isinstance(value, dict) and _command_of(value) == "statusline"


def wrapped_command(value: Json) -> str:
    """The command that our status line wraps, "" where it wraps none."""
    try:
        words = shlex.split(str(value.get("command", "")))
    except ValueError:
        return ""
    return words[words.index("--wrap") + 1] if "--wrap" in words[:-1] else ""


def script_of(handler: Json) -> str:
    """The program that a handler of ours calls, "" where it calls none."""
    try:
        return shlex.split(str(handler.get("command", "")))[0]
    except (ValueError, IndexError):
        return ""


def _command_of(handler: Json) -> str:
    found = _OURS.search(str(handler.get("command", "")))
    return found[1] if found else ""


def _command(choice: Choice, *, steering: bool) -> Json:
    words = [choice.script, "hook", *_home(choice)]
    if choice.fail_closed and steering:
        words.append("--fail-closed")
    # One line for a shell, and not `args`: versions that do not know `args` would run the script
    # without any, and its exit code would then block every tool.
    return {"type": "command", "command": shlex.join(words), "timeout": HOOK_SECONDS}


def _http(choice: Choice) -> Json:
    return {
        "type": "http",
        "url": f"{choice.url}{HOOK_PATH}",
        "headers": {
            "Authorization": "Bearer $BUDGETCTL_TOKEN",
            "X-Budgetctl-SD": "$BUDGETCTL_SD",
            "X-Budgetctl-Phase": "$BUDGETCTL_PHASE",
        },
        "allowedEnvVars": list(_VARIABLES),
        "timeout": HOOK_SECONDS,
    }


def _home(choice: Choice) -> list[str]:
    return ["--home", choice.home] if choice.home else []
