"""Replays recorded runs of Claude Code through the real endpoints, its sources in every order.

    python -m tests.benchmarks.replay FOLDER

FOLDER holds a folder for each run: `projects` with its transcripts, and where they were recorded
`hooklog.jsonl` with what hooks were given and `otlp.jsonl` with the bodies that were sent. Each
call of a sub-agent must be decided once and answered with its whole input, and the records must be
the same whichever source comes first and however often. Prints a line for each run, with its
totals; ends with 1 where anything is wrong. It works in an empty database of its own.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db.models import Count, Sum

from budgetctl.cli.database import set_django_up

Post = Callable[[str, Any], Any]
Source = Callable[[Path, Post], list[str]]

KINDS = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
PLACED = ("message_id", "request_id", "session_id", "agent_id", "sub_agent", "model", "sidechain")


def objects(path: Path) -> Iterator[Any]:
    """The JSON objects of a file, on lines of their own or not; none if there is no file."""
    text = path.read_text() if path.exists() else ""
    decode = json.JSONDecoder().raw_decode
    at = 0
    while (at := len(text) - len(text[at:].lstrip())) < len(text):
        found, at = decode(text, at)
        yield found


def hooks(run: Path, post: Post) -> list[str]:
    """Send the hooks' events; what is wrong with the answers."""
    wrong = []
    for payload in objects(run / "hooklog.jsonl"):
        answer = post("/hooks/claude-code", payload)
        if payload["hook_event_name"] != "PreToolUse" or payload["tool_name"] not in TOOLS:
            continue
        asked = payload["tool_input"]
        said = answer.get("hookSpecificOutput", {}).get("updatedInput", {})
        if said.get("model") not in TIERS or said != {**asked, "model": said["model"]}:
            wrong.append(f"{asked.get('subagent_type')} was answered {json.dumps(answer)[:200]}")
    return wrong


def telemetry(run: Path, post: Post) -> list[str]:
    """Send the bodies."""
    for sent in objects(run / "otlp.jsonl"):
        post(f"/otlp{sent['path'][sent['path'].index('/v1/') :]}", sent["body"])
    return []


def transcripts(run: Path, post: Post) -> list[str]:
    """Import the transcripts."""
    from allocation.usage.operations import import_transcripts

    import_transcripts(paths=[run / "projects"], now=datetime.now(UTC))
    return []


TOOLS, TIERS = {"Agent", "Task"}, {"haiku", "sonnet", "opus", "fable"}
SOURCES: tuple[Source, ...] = (hooks, telemetry, transcripts)


def clear() -> None:
    """Forget all that a run left behind."""
    from allocation.decisions.models import Decision
    from allocation.usage import models

    for table in ("UsageRecord", "UsageHour", "TranscriptFile", "AgentRun", "AgentCall"):
        getattr(models, table).objects.all().delete()
    models.UnnamedRequest.objects.all().delete()
    Decision.objects.all().delete()


def replay(run: Path, post: Post) -> tuple[dict[str, Any], list[str]]:
    """The totals of a run, and what is wrong."""
    from allocation.decisions.models import Decision
    from allocation.usage.models import UsageHour, UsageRecord

    outcomes: list[Any] = []
    wrong: list[str] = []
    sums = {kind: Sum(kind) for kind in KINDS}
    for order in permutations(SOURCES):
        clear()
        for source in (*order, *order):
            wrong += source(run, post)
        records = UsageRecord.objects.order_by("message_id", "request_id")
        totals = records.aggregate(records=Count("id"), **sums)
        if totals != UsageHour.objects.aggregate(records=Sum("records"), **sums):
            wrong.append("the roll-ups are not the sum of the records")
        outcomes.append((totals, [*records.values_list(*PLACED, *KINDS, "output_final", "source")]))
        if Decision.objects.count() != len(set(Decision.objects.values_list("key"))):
            wrong.append("a call was decided twice")
    wrong += [
        f"order {number} gives {outcome}"
        for number, outcome in enumerate(outcomes)
        if outcome != outcomes[0]
    ]
    return outcomes[0][0] | {"decisions": Decision.objects.count()}, wrong


def client() -> Post:
    """Posts to the application with a token of its own."""
    from django.test import Client
    from django.utils import timezone

    from allocation.api.operations import create_token

    _, token = create_token(name="replay", actor="replay", now=timezone.now())
    sender = Client(headers={"Authorization": f"Bearer {token}"})

    def post(path: str, body: Any) -> Any:
        answer = sender.post(path, json.dumps(body), content_type="application/json")
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.content[:300]!r}")
        return json.loads(answer.content)

    return post


def main(folder: Path) -> int:
    """Replay each run; how many are wrong."""
    with tempfile.TemporaryDirectory(prefix="budgetctl-replay-") as home:
        os.environ.setdefault("BUDGETCTL_HOME", home)
        os.environ["DJANGO_SETTINGS_MODULE"] = "budgetctl.settings"
        os.environ["ALLOWED_HOSTS"] = "testserver"
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        set_django_up()
        call_command("migrate", verbosity=0)
        post, bad = client(), 0
        for run in sorted(path for path in folder.iterdir() if path.is_dir()):
            totals, wrong = replay(run, post)
            print(f"{run.name:<18} {' '.join(f'{name}={n}' for name, n in totals.items())}")
            for one in dict.fromkeys(wrong):
                print(f"    {one}")
            bad += bool(wrong)
    return bad


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1])) else 0)
