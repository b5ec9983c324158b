"""The checks of `budgetctl doctor`: facts in, findings out. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote

from allocation.claude_code.connect.wanted import (
    EVENTS,
    Json,
    is_our_hook,
    is_our_status_line,
    script_of,
)

Version = tuple[int, int, int]
# Before this version the variable beats a hook's rewrite; since, it is only a default.
ENV_YIELDS_SINCE: Version = (2, 1, 251)
MOST_SKEW = timedelta(minutes=1)
TELEMETRY_DELAY = timedelta(hours=2)
_EXACT = re.compile(r"[A-Za-z0-9_ ,|-]+")
CONNECT = "budgetctl connect claude-code"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is right (None: it cannot be told), and how to mend it."""

    what: str
    ok: bool | None
    said: str
    mend: str = ""

    def as_json(self) -> Json:
        """For --json."""
        return asdict(self)


class Telemetry(NamedTuple):
    """Where settings have telemetry sent, without /v1, and the header that it is sent with."""

    endpoint: str
    authorization: str


def telemetry_of(settings: Json) -> Telemetry | None:
    """What the environment in a user's settings says of telemetry, if it goes to a budgetctl."""
    env = settings.get("env", {})
    endpoint = str(env.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""))
    if not endpoint.endswith("/otlp"):
        return None
    parted = [
        pair.partition("=") for pair in str(env.get("OTEL_EXPORTER_OTLP_HEADERS", "")).split(",")
    ]
    headers = {name.strip().lower(): unquote(value).strip() for name, _, value in parted}
    return Telemetry(endpoint, headers.get("authorization", ""))


def check_settings(files: Mapping[str, Json], url: str = "") -> list[Finding]:
    """Hooks, status line and telemetry in the settings that apply here, by path, user's first.
    `url` is the server that the hooks speak to, "" where there is none."""
    if not files:
        return [Finding("Settings", False, "no settings are there", f"Run: {CONNECT}")]
    missing = [
        event for event in EVENTS if not any(_ours(settings, event) for settings in files.values())
    ]
    findings = []
    if off := [path for path, settings in files.items() if settings.get("disableAllHooks") is True]:
        mend = "Take it out: until then neither hooks nor a status line run."
        findings.append(Finding("Hooks", False, f"disableAllHooks is set in {off[0]}", mend))
    elif missing:
        said = f"not hooked: {', '.join(missing)}"
        findings.append(Finding("Hooks", False, said, f"Run: {CONNECT}"))
    else:
        findings.append(Finding("Hooks", True, "all six are in place"))
    user = next(iter(files.values()))
    if any(is_our_status_line(settings.get("statusLine")) for settings in files.values()):
        findings.append(Finding("Status line", True, "in place"))
    else:
        said = "not ours: the plan’s readings do not come in"
        is_of_user = missing or any(_ours(user, event) for event in EVENTS)
        mend = f"Run: {CONNECT}" if is_of_user else f"It is set for the user only: {CONNECT}"
        findings.append(Finding("Status line", False if is_of_user else None, said, mend))
    telemetry = telemetry_of(user)
    if telemetry is None:
        endpoint = user.get("env", {}).get("OTEL_EXPORTER_OTLP_ENDPOINT")
        said = f"goes to {endpoint}" if endpoint else "is not sent"
        mend = "Only user settings are read for it; without it transcripts are what is counted."
        findings.append(Finding("Telemetry", None, said, mend))
    elif url and telemetry.endpoint != f"{url}/otlp":
        said = f"goes to {telemetry.endpoint}, and hooks to {url}"
        findings.append(Finding("Telemetry", False, said, f"Run: {CONNECT}"))
    else:
        findings.append(Finding("Telemetry", True, f"goes to {telemetry.endpoint}"))
    return findings


def check_commands(files: Mapping[str, Json], is_there: Callable[[str], bool]) -> list[Finding]:
    """Whether the script is there that our hooks and our status line call: where it is not, Claude
    Code goes on without a word. Nothing where none is called."""
    handlers = [
        each
        for settings in files.values()
        for event in EVENTS
        for group in _groups(settings, event)
        for each in group["hooks"]
        if is_our_hook(each)
    ]
    lines = [settings.get("statusLine") for settings in files.values()]
    handlers += [each for each in lines if is_our_status_line(each)]
    called = dict.fromkeys(filter(None, map(script_of, handlers)))
    if gone := [script for script in called if not is_there(script)]:
        said = f"{gone[0]} is not there, or cannot be run"
        return [Finding("Commands", False, said, f"Run: {CONNECT}")]
    return [Finding("Commands", True, f"{', '.join(called)} can be run")] if called else []


def check_other_hooks(files: Mapping[str, Json]) -> Finding:
    """Whether somebody else's hook answers the same calls: two rewrites, and the last one wins."""
    found = [
        path
        for path, settings in files.items()
        for group in _groups(settings, "PreToolUse")
        if _names_agents(group.get("matcher"))
        if any(not is_our_hook(each) for each in group["hooks"])
    ]
    if not found:
        return Finding("Other hooks", True, "none answers calls of sub-agents")
    return Finding(
        "Other hooks",
        False,
        f"another hook on Agent or Task in {', '.join(dict.fromkeys(found))}",
        "If it rewrites the call too, one of the two wins by chance: leave that to budgetctl.",
    )


def check_subagent_model(values: Iterable[str], version: Version | None) -> Finding:
    """CLAUDE_CODE_SUBAGENT_MODEL, wherever it is set, against the version that is installed."""
    what = "CLAUDE_CODE_SUBAGENT_MODEL"
    given = [value for value in values if value and value != "inherit"]
    if not given:
        return Finding(what, True, "is not set")
    said = f"is set to {given[0]}"
    if version is None:
        return Finding(what, None, said, "Before 2.1.251 it beats every decision: remove it.")
    if version >= ENV_YIELDS_SINCE:
        return Finding(what, True, f"{said}, which yields to decisions since 2.1.251")
    shown = ".".join(map(str, version))
    mend = "Remove it, or update Claude Code to 2.1.251 or later."
    return Finding(what, False, f"{said}, which beats every decision on {shown}", mend)


def check_clock(server: datetime, ours: datetime) -> Finding:
    """How far the two clocks are apart."""
    apart = abs(server - ours)
    if apart <= MOST_SKEW:
        return Finding("Clock", True, "agrees with the server’s")
    said = f"is {int(apart.total_seconds()):,} s {'behind' if ours < server else 'ahead'}"
    return Finding("Clock", False, said, "Set the clock: usage is laid to the hour it was in.")


def check_health(health: Mapping[str, Any], now: datetime, *, is_sent: bool) -> list[Finding]:
    """What the server has seen of this fleet lately. `is_sent` says whether the settings here have
    telemetry sent: where they do not, its silence is no fault."""
    findings = []
    decided, silent = int(health.get("observed") or 0), int(health.get("silent") or 0)
    if silent:
        said = f"{silent:,} of {decided:,} observed runs of the last 7 days ran on another model"
        mend = "See the likely causes on the page Mismatches."
        findings.append(Finding("Model truth", False, said, mend))
    elif decided:
        said = f"all {decided:,} observed runs of the last 7 days ran as decided"
        findings.append(Finding("Model truth", True, said))
    else:
        findings.append(Finding("Model truth", None, "no decided run was observed in 7 days"))
    heard, telemetry = (_moment(health.get(name)) for name in ("hook_at", "telemetry_at"))
    if heard is None:
        mend = "Start a session; an interactive one holds hooks until you trust its folder."
        findings.append(Finding("Hooks heard", None, "none yet", mend))
    else:
        findings.append(Finding("Hooks heard", True, f"last {_ago(now - heard)}"))
        if telemetry is None or heard - telemetry > TELEMETRY_DELAY:
            said = "silent" if telemetry is None else f"silent since {_ago(now - telemetry)}"
            mend = "Sessions read its settings when they start: start them again."
            if not is_sent:
                mend = "The settings here send none, so nothing is missing."
            findings.append(Finding("Telemetry heard", False if is_sent else None, said, mend))
        else:
            findings.append(Finding("Telemetry heard", True, f"last {_ago(now - telemetry)}"))
    return findings


def check_transcripts(readable: int, unreadable: Sequence[str]) -> Finding:
    """Whether what Claude Code writes can be read."""
    if unreadable:
        said = f"{len(unreadable):,} cannot be read: {unreadable[0]}"
        mend = (
            "Give the user that runs budgetctl the right to read them, and take away what is no "
            "transcript, or a link to nowhere."
        )
        return Finding("Transcripts", False, said, mend)
    if not readable:
        return Finding("Transcripts", None, "none on this machine yet")
    return Finding("Transcripts", True, f"{readable:,} can be read")


def check_home(folder: str, *, writable: bool) -> Finding:
    """Whether hooks can keep on this machine what they answer from while the server is away."""
    if writable:
        return Finding("Local state", True, f"is kept in {folder}")
    mend = "Until it can be, nothing outlasts a server that is away. Set BUDGETCTL_HOME to another."
    return Finding("Local state", False, f"{folder} cannot be written", mend)


def read_version(text: str) -> Version | None:
    """2.1.330 (Claude Code) as numbers."""
    found = re.match(r"\s*(\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _ours(settings: Json, event: str) -> bool:
    return any(is_our_hook(each) for group in _groups(settings, event) for each in group["hooks"])


def _groups(settings: Json, event: str) -> list[Json]:
    """The groups of an event's hooks, as far as they are any."""
    groups = settings.get("hooks", {}).get(event, [])
    return [
        group
        for group in groups
        if isinstance(group, dict) and isinstance(group.get("hooks"), list)
    ]


def _names_agents(matcher: Any) -> bool:
    """Whether a matcher names the tool itself; one for every tool is a logger, most likely."""
    if not isinstance(matcher, str) or matcher in {"", "*", ".*"}:
        return False
    if _EXACT.fullmatch(matcher):
        return not {"Agent", "Task"}.isdisjoint(re.split(r"[|, ]+", matcher))
    try:
        return any(re.search(matcher, tool) for tool in ("Agent", "Task"))
    except re.error:
        return False


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def _ago(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} d ago"
