"""How fast transcripts are imported, and in how much memory, beside another tool if wanted.

    python -m tests.benchmarks.import_transcripts [--sessions 400] [--responses 240000] [--mb 600]
        [--rounds 3] [--against "node_modules/.bin/ccusage monthly --json --offline"]

Makes a set of transcripts in a temporary folder. Each round imports it as a user would, with
`budgetctl usage import` and an empty SQLite database, and then has the other command report on the
same files (it is told of them by CLAUDE_CONFIG_DIR, and by {folder} in its text; HOME is an empty
folder). Then, in this process: again with nothing new, and one more line until it is in the totals.
Prints figures and medians. The folder is deleted.
"""

import argparse
import json
import os
import random
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connections
from django.db.models import Sum

from budgetctl.cli.database import set_django_up
from tests.benchmarks.processes import Ran, run

BUDGETCTL = [sys.executable, "-c", "from budgetctl.cli import main; main()"]
BEGIN = datetime(2026, 5, 25, tzinfo=UTC)
MODELS = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]
AGENTS = ["security", "docmon", "testing", "code-reviewer"]


def make_set(folder: Path, *, sessions: int, responses: int, size: int) -> None:
    """Sessions over 26 weeks, a third of their responses in two sub-agents each."""
    chance = random.Random(7)
    per_session = responses // sessions
    filler = max(0, size // responses - 2_000)
    for number in range(sessions):
        session = f"00000000-0000-4000-8000-{number:012}"
        start = BEGIN + timedelta(weeks=26) * number / sessions
        main = folder / "-home-dev-project" / f"{session}.jsonl"
        agents = main.with_suffix("") / "subagents"
        agents.mkdir(parents=True)
        _write(main, _lines(session, start, per_session * 2 // 3, filler, chance, agent=""))
        for agent in (f"a{number:06x}1", f"a{number:06x}2"):
            _write(
                agents / f"agent-{agent}.jsonl",
                _lines(session, start, per_session // 6, filler, chance, agent=agent),
            )
            (agents / f"agent-{agent}.meta.json").write_text(
                json.dumps({"agentType": chance.choice(AGENTS), "toolUseId": f"toolu_{agent}"})
            )


def _write(path: Path, lines: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(lines)


def _lines(
    session: str, start: datetime, responses: int, filler: int, chance: random.Random, *, agent: str
) -> Iterator[bytes]:
    """For each response a partial line, a final line and the result of the tool it called."""
    model = chance.choice(MODELS)
    text = "The quick brown fox jumps over the lazy dog. \\n" * (filler // 46 + 1)
    for number in range(responses):
        at = (start + timedelta(seconds=20 * number)).isoformat(timespec="milliseconds")
        key = f"{session[-6:]}{agent or 'main'}{number:06}"
        common = {
            "parentUuid": f"{chance.getrandbits(128):032x}",
            "isSidechain": bool(agent),
            "userType": "external",
            "cwd": "/home/dev/project",
            "sessionId": session,
            "version": "2.1.330",
            **({"agentId": agent} if agent else {}),
        }
        for output in (1, 200 + number % 800):
            usage = {
                "input_tokens": 10 + number % 90,
                "cache_creation_input_tokens": 300 + number % 700,
                "cache_read_input_tokens": 20_000 + number,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 300 + number % 700,
                    "ephemeral_1h_input_tokens": 0,
                },
                "output_tokens": output,
                "service_tier": "standard",
            }
            message = {
                "model": model,
                "id": f"msg_01{key}",
                "type": "message",
                "role": "assistant",
                "content": [{"type": "text", "text": "I will look at that. " * 6}],
                "stop_reason": "tool_use" if output > 1 else None,
                "usage": usage,
            }
            line = {"requestId": f"req_01{key}", "type": "assistant", "timestamp": at}
            yield _line(common | {"message": message} | line)
        result = {"role": "user", "content": [{"type": "tool_result", "content": text}]}
        yield _line(
            common
            | {"type": "user", "message": result, "timestamp": at}
            | {"toolUseResult": {"stdout": "done", "stderr": ""}}
        )


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def side_by_side(folder: Path, home: Path, *, rounds: int, against: str) -> None:
    """Both commands in turn, so that both meet the same load of the machine."""
    ours, theirs = [], []
    for number in range(1, rounds + 1):
        ours.append(_imported(folder, home))
        _print(f"budgetctl usage import, {number}", ours[-1])
        if against:
            place = {"CLAUDE_CONFIG_DIR": str(folder.parent), "HOME": str(folder.parent)}
            command = shlex.split(against.replace("{folder}", str(folder)))
            theirs.append(run(command, {**os.environ, **place}))
            _print(f"{Path(command[0]).name}, {number}", theirs[-1])
    if theirs:
        for name, value in (("clock", "seconds"), ("processor", "busy"), ("memory", "mib")):
            mine, other = (
                statistics.median(getattr(ran, value) for ran in of) for of in (ours, theirs)
            )
            print(f"{name + ', medians':<30} {mine:8.2f} / {other:.2f} = {mine / other:.2f}")


def _imported(folder: Path, home: Path) -> Ran:
    """A first import: the database is emptied before it."""
    for name in home.glob("budgetctl.sqlite3*"):
        name.unlink()
    call_command("migrate", verbosity=0)
    connections.close_all()
    return run([*BUDGETCTL, "usage", "import", str(folder)], os.environ)


def _print(name: str, ran: Ran) -> None:
    print(f"{name:<30} {ran.seconds:8.2f} s   busy {ran.busy:6.2f} s   at most {ran.mib:4.0f} MiB")


def in_this_process(folder: Path, long_line: int) -> None:
    """What a server that has read everything does next: nothing new, then one line more."""
    from allocation.claude_code.watch import Watcher
    from allocation.usage.operations import import_transcripts

    watcher = Watcher(
        lambda: [folder],
        lambda changed: import_transcripts(paths=changed, now=datetime.now(UTC)),
    )
    for name in ("first look", "again, nothing new"):
        begin = time.perf_counter()
        watcher.step()
        print(f"{name:<30} {(time.perf_counter() - begin) * 1000:8.0f} ms")
    begin = time.perf_counter()
    import_transcripts(paths=[folder], now=datetime.now(UTC))
    print(f"{'import again, nothing new':<30} {(time.perf_counter() - begin) * 1000:8.0f} ms")
    before = _output()
    one = next(folder.rglob("*.jsonl"))
    with one.open("ab") as file:
        file.writelines(_lines("ffffffff", BEGIN, 1, 0, random.Random(1), agent=""))
    begin = time.perf_counter()
    watcher.step()
    grown = _output() - before
    print(f"{'one more, in the totals':<30} {(time.perf_counter() - begin) * 1000:8.0f} ms")
    assert grown == 200, grown
    if long_line:
        with Path(folder, "long.jsonl").open("wb") as file:
            file.write(b'{"type":"assistant","text":"')
            for _ in range(long_line):
                file.write(b"x" * 1_000_000)
            file.write(b'","usage":{}}\n')
        ran = run([*BUDGETCTL, "usage", "import", str(folder)], os.environ)
        _print(f"a line of {long_line} MB", ran)


def _output() -> int:
    from allocation.usage.models import UsageHour

    total: int = UsageHour.objects.aggregate(total=Sum("output"))["total"]
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sessions", type=int, default=400)
    parser.add_argument("--responses", type=int, default=80_000)
    parser.add_argument("--mb", type=int, default=200, help="size of the set in MB")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", default="", help="a command that reports on the same files")
    parser.add_argument("--long-line", type=int, default=0, help="also one line of so many MB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="budgetctl-benchmark-") as temporary:
        home, folder = Path(temporary, "home"), Path(temporary, "projects")
        home.mkdir()
        os.environ["BUDGETCTL_HOME"] = str(home)
        os.environ["DJANGO_SETTINGS_MODULE"] = "budgetctl.settings"
        make_set(
            folder,
            sessions=options.sessions,
            responses=options.responses,
            size=options.mb * 1_000_000,
        )
        size = sum(path.stat().st_size for path in folder.rglob("*.jsonl"))
        set_django_up()
        print(
            f"{size / 1e6:.0f} MB in {options.sessions} sessions, Python {sys.version.split()[0]}"
        )
        side_by_side(folder, home, rounds=options.rounds, against=options.against)
        in_this_process(folder, options.long_line)


if __name__ == "__main__":
    main()
