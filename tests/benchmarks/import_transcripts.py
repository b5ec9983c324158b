"""How fast transcripts are imported, and in how much memory.

    python -m tests.benchmarks.import_transcripts [--sessions 400] [--responses 240000] [--mb 600]

Makes a set of transcripts and an empty database in a temporary folder (PostgreSQL with
DATABASE_URL), imports the set, imports it again, and prints figures. The folder is deleted.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import call_command

from budgetctl.cli.database import set_django_up

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


def _measure(name: str, folder: Path, size: int) -> None:
    from allocation.usage.operations import import_transcripts

    begin = time.perf_counter()
    summary = import_transcripts(paths=[folder], now=datetime.now(UTC))
    wall = time.perf_counter() - begin
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(
        f"{name:<28} {wall:8.2f} s {size / wall / 1e6:8.0f} MB/s"
        f"   {summary.files_read:,} files, {summary.lines:,} lines, {summary.new:,} new records,"
        f" {summary.unreadable} unreadable"
        f"   peak memory {own // 1024} MB, of a reader {workers // 1024} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sessions", type=int, default=400)
    parser.add_argument("--responses", type=int, default=80_000)
    parser.add_argument("--mb", type=int, default=200, help="size of the set in MB")
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
        call_command("migrate", verbosity=0)
        print(
            f"{size / 1e6:.0f} MB in {options.sessions} sessions, Python {sys.version.split()[0]}"
        )
        _measure("first import", folder, size)
        _measure("again, nothing new", folder, size)
        if options.long_line:
            with Path(folder, "long.jsonl").open("wb") as file:
                file.write(b'{"type":"assistant","text":"')
                for _ in range(options.long_line):
                    file.write(b"x" * 1_000_000)
                file.write(b'","usage":{}}\n')
            _measure(f"a line of {options.long_line} MB", folder, options.long_line * 1_000_000)


if __name__ == "__main__":
    main()
