"""`budgetctl doctor`: the chain from Claude Code to the server, link by link."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from budgetctl.cli.parameters import Json

if TYPE_CHECKING:
    from allocation.claude_code.connect.checks import Telemetry

_MARKS = {True: "ok", False: "FAULT", None: "?"}
_MARGIN = 7
_MOST_TRANSCRIPTS = 2_000


def doctor(*, as_json: Json = False) -> None:
    """Check the connection to Claude Code end to end, and say how to mend what is wrong.

    Exit code 1 if anything is. With --json: {"checks": [{"what", "ok", "said", "mend"}], "faults"}.
    """
    from budgetctl.cli.printing import emit, show

    findings, telemetry = _machine()
    findings += _server(is_sent=telemetry is not None)
    if telemetry is not None:
        findings.append(_telemetry_token(telemetry))
    faults = sum(finding.ok is False for finding in findings)
    if as_json:
        emit({"checks": [finding.as_json() for finding in findings], "faults": faults})
    else:
        show(_lines(findings))
    if faults:
        raise typer.Exit(1)


def _lines(findings: list[Any]) -> Iterator[Any]:
    """The findings for people: a mark, what was found, and below it how to mend it."""
    from rich.text import Text

    from allocation.policy.plain import safe
    from budgetctl.cli.printing import Row

    for finding in findings:
        said = Text(safe(f"{finding.what}: {finding.said}"))
        yield Row(_MARKS[finding.ok], said, indent=0, width=_MARGIN)
        if finding.mend and not finding.ok:
            yield Row("", Text(safe(finding.mend)), indent=0, width=_MARGIN)


def _machine() -> "tuple[list[Any], Telemetry | None]":
    """What can be seen without a server, and where telemetry is sent."""
    from allocation.claude_code.client.home import client_home, connection
    from allocation.claude_code.connect import checks
    from allocation.claude_code.connect.files import read_settings
    from allocation.claude_code.connect.merge import check
    from allocation.policy.errors import RuleError

    findings, files = [], {}
    for path in _settings_paths():
        try:
            file = read_settings(path)
        except RuleError as error:
            findings.append(checks.Finding("Settings", False, str(error), "Mend the file."))
            continue
        try:
            check(file.settings)
        except RuleError as error:
            said = f"{file.path}: {error}"
            findings.append(checks.Finding("Settings", False, said, "Mend the file."))
            continue
        if file.raw is not None:
            files[str(path)] = file.settings
    if files:
        # The user's come first, also where there are none: a project's are not taken for them.
        files = {str(_settings_paths()[0]): {}} | files
    home = client_home()
    to = connection(home)
    telemetry = None
    if not findings:
        telemetry = checks.telemetry_of(next(iter(files.values()), {}))
        here = to.url if to and not _no_address(to.url) else ""
        findings += checks.check_settings(files, here)
    findings += checks.check_commands(files, lambda script: shutil.which(script) is not None)
    findings.append(checks.check_other_hooks(files))
    name = "CLAUDE_CODE_SUBAGENT_MODEL"
    values = [os.environ.get(name, "")]
    values += [str(settings.get("env", {}).get(name, "")) for settings in files.values()]
    findings.append(checks.check_subagent_model(values, _version()))
    findings.append(checks.check_transcripts(*_transcripts()))
    findings.append(checks.check_home(home, writable=_is_writable(Path(home))))
    return findings, telemetry


def _is_writable(folder: Path) -> bool:
    """Whether files can be put into a folder, or it can be made where it is not there yet."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _settings_paths() -> list[Path]:
    config = os.environ.get("CLAUDE_CONFIG_DIR")
    user = (Path(config) if config else Path.home() / ".claude") / "settings.json"
    here = Path.cwd() / ".claude"
    found = [user, here / "settings.json", here / "settings.local.json"]
    return list(dict.fromkeys(found))


def _version() -> "tuple[int, int, int] | None":
    from allocation.claude_code.connect.checks import read_version

    found = shutil.which("claude")
    if found is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 -- the harness itself, as it is found on PATH
            [found, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return read_version(done.stdout)


def _transcripts() -> tuple[int, list[str]]:
    from allocation.policy.errors import RuleError
    from allocation.usage.transcripts.discover import discover
    from budgetctl.cli.usage import default_folders

    try:
        found = discover(default_folders())
    except RuleError:
        return 0, []
    newest = found.found[-_MOST_TRANSCRIPTS:]
    closed = [str(one.path) for one in newest if not os.access(one.path, os.R_OK)]
    closed += [f"{skipped.path} ({skipped.reason})" for skipped in found.skipped]
    return sum(not one.is_meta for one in found.found), closed


def _no_address(url: str) -> str:
    """Why nothing can be sent there; "" where it can. The address itself may hold a password."""
    from allocation.claude_code.client.transport import parts

    try:
        parts(url)
    except ValueError as error:
        return str(error)
    return ""


def _how_to_reach(url: str) -> str:
    from allocation.claude_code.client.transport import parts
    from allocation.claude_code.connect.checks import CONNECT
    from budgetctl.cli.connecting import LOOPBACK

    start = "Start it: budgetctl start." if parts(url)[1] in LOOPBACK else "Start it there."
    if os.environ.get("BUDGETCTL_URL"):
        return f"{start} If it is at another address, set BUDGETCTL_URL to that."
    return f"{start} If it is at another address, run: {CONNECT} --url ADDRESS."


def _server(*, is_sent: bool) -> list[Any]:
    """What the server says; little where it is away."""
    from allocation.claude_code.client.home import client_home, connection
    from allocation.claude_code.client.transport import Away, Refused, post
    from allocation.claude_code.connect.checks import CONNECT, Finding

    to = connection(client_home())
    if to is None:
        return [Finding("Connection", False, "none on this machine", f"Run: {CONNECT}")]
    if said := _no_address(to.url):
        mend = "Set BUDGETCTL_URL to an address such as https://budget.example."
        return [Finding("Server", False, said, mend)]
    headers = {"Authorization": f"Bearer {to.token}"}
    try:
        health = post(to.url, "/hooks/health", {}, headers, 10)
    except Away as error:
        mend = f"{_how_to_reach(to.url)} Until then the last known state answers."
        return [Finding("Server", False, f"{to.url} does not answer ({error})", mend)]
    except Refused as error:
        reached = Finding("Server", True, f"{to.url} answers")
        if error.status in {401, 403}:
            said = "is revoked, expired, unknown, or lacks the scope hooks"
            return [reached, Finding("Token", False, said, f"Run: {CONNECT}")]
        said = f"answers {error.status} to a question of this version"
        return [Finding("Server", False, said, "Update budgetctl on the server or here.")]
    return _heard(to.url, health, is_sent=is_sent)


def _telemetry_token(telemetry: "Telemetry") -> Any:
    """Whether telemetry is let in: a batch of nothing is sent as Claude Code sends its own."""
    from allocation.claude_code.client.transport import Away, Refused, post
    from allocation.claude_code.connect.checks import CONNECT, Finding

    what, headers = "Telemetry token", {"Authorization": telemetry.authorization}
    try:
        post(telemetry.endpoint, "/v1/logs", {"resourceLogs": []}, headers, 10)
    except Away as error:
        return Finding(what, None, f"where it is sent to does not answer ({error})")
    except Refused as error:
        if error.status in {401, 403}:
            said = "is revoked, expired, unknown, or lacks the scope usage"
            return Finding(what, False, said, f"Run: {CONNECT}")
        return Finding(what, False, f"where it is sent to answers {error.status}")
    return Finding(what, True, "is taken")


def _heard(url: str, health: dict[str, Any], *, is_sent: bool) -> list[Any]:
    """What the server has heard, where it is one of budgetctl."""
    from allocation.claude_code.connect import checks
    from allocation.claude_code.connect.checks import Finding
    from budgetctl.cli import clock

    now = clock.now()
    try:
        there = datetime.fromtimestamp(health["at"], UTC)
        heard = checks.check_health(health, now, is_sent=is_sent)
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        said = f"{url} does not answer as budgetctl does"
        return [Finding("Server", False, said, _how_to_reach(url))]
    findings = [Finding("Server", True, f"{url} answers"), Finding("Token", True, "is taken")]
    return [*findings, checks.check_clock(there, now), *heard]
