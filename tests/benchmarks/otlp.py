"""How many telemetry records a second the OTLP receiver takes, and whether it counts them right.

    python -m tests.benchmarks.otlp [--records 30000] [--batch 500] [--senders 2] [--protobuf]

Starts the built-in server on a free port of 127.0.0.1 with an empty database in a temporary folder
(PostgreSQL with DATABASE_URL), sends batches as Claude Code does, half of the first batch twice,
and compares what is counted with what was sent. Prints one JSON object. Nothing is left behind.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import waitress
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from allocation.api.otlp import sights_of
from allocation.api.otlp_body import read_logs
from budgetctl.cli.database import set_django_up

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")


def value(of: Any) -> dict[str, Any]:
    """An OTLP value as Claude Code writes it: integers as numbers."""
    if isinstance(of, float):
        return {"doubleValue": of}
    return {"intValue": of} if isinstance(of, int) else {"stringValue": of}


def record(number: int, start: datetime) -> dict[str, Any]:
    """One `api_request` event with the attributes of CLI 2.1.330."""
    at = start + timedelta(milliseconds=40 * number)
    said = {
        "user.id": "1fcf1d4bc317744b49d7cba940cde67913afdaed53f078bcafb5b1210f022e10",
        "session.id": f"00000000-0000-4000-8000-{number // 500:012}",
        "anthropic.provider": "firstParty",
        "terminal.type": "dumb",
        "event.name": "api_request",
        "event.timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event.sequence": number % 500,
        "prompt.id": f"00000000-0000-4000-9000-{number // 20:012}",
        "model": MODELS[number % 3],
        "input_tokens": 1_000 + number % 97,
        "output_tokens": 100 + number % 89,
        "cache_read_tokens": number % 10_000,
        "cache_creation_tokens": 60,
        "cache_creation_5m_tokens": 20,
        "cache_creation_1h_tokens": 40,
        "cost_usd": 0.0063,
        "cost_usd_micros": 6_300,
        "duration_ms": 107,
        "ttft_ms": 5,
        "request_id": f"req_{number:08}",
        "speed": "normal",
        "query_source": "agent:custom" if number % 2 else "sdk",
        "effort": "medium",
    }
    if number % 2:
        said |= {"agent.name": "security-reviewer", "agent_id": f"a{number // 50:016}"}
    return {
        "timeUnixNano": str(int(at.timestamp() * 1000) * 1_000_000),
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": [{"key": key, "value": value(of)} for key, of in said.items()],
        "droppedAttributesCount": 0,
    }


def body(numbers: range, start: datetime, *, protobuf: bool) -> bytes:
    """A batch of them."""
    resource = {"attributes": [{"key": "service.name", "value": value("claude-code")}]}
    scope = {"name": "com.anthropic.claude_code.events", "version": "2.1.330"}
    records = [record(number, start) for number in numbers]
    said = {
        "resourceLogs": [
            {"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": records}]}
        ]
    }
    if not protobuf:
        return json.dumps(said, separators=(",", ":")).encode()
    message: bytes = ParseDict(said, ExportLogsServiceRequest()).SerializeToString()
    return message


def serve() -> int:
    """Start the server in a thread; its port."""
    from budgetctl.wsgi import application

    listener = socket.create_server(("127.0.0.1", 0))
    server = waitress.create_server(application, sockets=[listener], threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    return int(listener.getsockname()[1])


def send(port: int, token: str, bodies: list[bytes], kind: str) -> list[float]:
    """Post them one after another on one connection; seconds for each."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    times = []
    for one in bodies:
        begin = time.perf_counter()
        connection.request("POST", "/otlp/v1/logs", one, headers)
        response = connection.getresponse()
        said = response.read()
        if response.status != 200:
            raise SystemExit(f"{response.status}: {said[:300]!r}")
        times.append(time.perf_counter() - begin)
    connection.close()
    return times


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Parse alone, then everything over loopback; figures and the check."""
    # They need settings.
    from allocation.api.operations import create_token
    from allocation.usage.models import UsageHour, UsageRecord

    now = timezone.now()
    start = datetime.now(UTC) - timedelta(days=2)
    ranges = [
        range(first, min(first + options.batch, options.records))
        for first in range(0, options.records, options.batch)
    ]
    bodies = [body(numbers, start, protobuf=options.protobuf) for numbers in ranges]
    begin = time.perf_counter()
    for one in bodies:
        sights_of(read_logs(one, is_json=not options.protobuf), now=now)
    parsed = time.perf_counter() - begin

    _, token = create_token(name="benchmark", actor="benchmark", now=now)
    kind = "application/x-protobuf" if options.protobuf else "application/json"
    port = serve()
    again = bodies[: len(bodies) // 2]
    begin = time.perf_counter()
    with ThreadPoolExecutor(options.senders) as pool:
        shares = [bodies[n :: options.senders] for n in range(options.senders)]
        taken_by_each = pool.map(lambda share: send(port, token, share, kind), shares)
        times = sorted(seconds for one in taken_by_each for seconds in one)
    taken = time.perf_counter() - begin
    repeated = sum(send(port, token, again, kind))
    counted = UsageRecord.objects.aggregate(
        records=Sum(1), input=Sum("input"), output=Sum("output"), read=Sum("cache_read")
    )
    numbers = range(options.records)
    right = {
        "records": options.records,
        "input": sum(1_000 + number % 97 for number in numbers),
        "output": sum(100 + number % 89 for number in numbers),
        "read": sum(number % 10_000 for number in numbers),
    }
    rolled = UsageHour.objects.aggregate(records=Sum("records"), input=Sum("input"))
    return {
        "records": options.records,
        "batch": options.batch,
        "body_bytes": sum(map(len, bodies)) // len(bodies),
        "parse_per_second": round(options.records / parsed),
        "stored_per_second": round(options.records / taken),
        "repeated_per_second": round(sum(len(r) for r in ranges[: len(again)]) / repeated)
        if again
        else None,
        "batch_ms_median": round(times[len(times) // 2] * 1000, 1),
        "batch_ms_worst": round(times[-1] * 1000, 1),
        "counted_right": counted == right
        and rolled == {"records": right["records"], "input": right["input"]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=30_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--senders", type=int, default=2)
    parser.add_argument("--protobuf", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="budgetctl-otlp-") as folder:
        os.environ.setdefault("BUDGETCTL_HOME", folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budgetctl.settings")
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        set_django_up()
        call_command("migrate", verbosity=0)
        figures = measure(options)
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["counted_right"] else 1)


if __name__ == "__main__":
    main()
