"""How long hooks take while telemetry comes in, and whether all of it is counted.

    python -m tests.benchmarks.under_load [--seconds 20] [--hooks 50] [--records 1000]

Starts the built-in server in a process of its own on a free port of 127.0.0.1, with an empty
database in a temporary folder (PostgreSQL with DATABASE_URL). For some seconds it gets so many
PreToolUse hooks and telemetry records a second, at moments that do not wait for its answers. The
server's times begin when a thread of it takes the request up; the client's hold everything. Prints
one JSON object, in which `machine_ms` is how evenly the machine does the same work while nothing
else runs here; ends with 1 where anything is missing or doubled.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

from django.core.management import call_command

from budgetctl.cli import serving
from budgetctl.cli.database import set_django_up

CLIENTS, SENDERS = 4, 2
BATCHES_A_SECOND = 10
Environ = dict[str, Any]


def timed(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The application, which says in a header how long it took, by the clock and the processor."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        begin, busy = time.perf_counter(), time.thread_time()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            took = (time.perf_counter() - begin) * 1000, (time.thread_time() - busy) * 1000
            return start_response(
                status, [*headers, ("X-Took", f"{took[0]:.3f} {took[1]:.3f}")], *more
            )

        return application(environ, start)

    return answer


def serve() -> None:
    """What `budgetctl start` serves, timed. Prints its port."""
    from budgetctl import wsgi

    wsgi.application = timed(wsgi.application)
    with serving.stopping_on_signals() as stopping, serving.listen("127.0.0.1", 0) as listener:
        stopped = stopping.gently()
        print(listener.getsockname()[1], flush=True)
        serving.serve(listener, stopped)


def paced(rate: float, seconds: float, offset: float) -> Iterable[int]:
    """Counts up, each number at its moment."""
    begin = time.perf_counter() + offset / rate
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        yield number


class Client:
    """One connection that posts JSON."""

    def __init__(self, port: int, token: str) -> None:
        self._link = HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def post(self, path: str, body: bytes) -> tuple[float, float, float]:
        """Milliseconds: the client's, the server's by the clock, the server's of the processor."""
        begin = time.perf_counter()
        self._link.request("POST", path, body, self._headers)
        answer = self._link.getresponse()
        said = answer.read()
        took = (time.perf_counter() - begin) * 1000
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {said[:300]!r}")
        wall, busy = map(float, answer.headers["X-Took"].split())
        return took, wall, busy


def load(port: int, token: str, options: argparse.Namespace) -> dict[str, Any]:
    """The hooks' times, in milliseconds."""
    from tests.benchmarks.otlp import body
    from tests.claude_code.payloads import call

    each = options.records // BATCHES_A_SECOND
    start = datetime.now(UTC) - timedelta(hours=3)
    batches = options.seconds * BATCHES_A_SECOND
    bodies = [
        body(range(number * each, (number + 1) * each), start, protobuf=False)
        for number in range(batches)
    ]
    calls = [
        json.dumps(call(("docmon", "security")[n % 2], tool_use_id=f"toolu_{n}")).encode()
        for n in range(options.hooks * options.seconds)
    ]
    for client in (Client(port, token) for _ in range(serving.THREADS)):
        client.post("/hooks/claude-code", calls[0])  # so that each thread has its connection
    # So that the process that takes telemetry is there; it starts with the first batch.
    Client(port, token).post("/otlp/v1/logs", b'{"resourceLogs": []}')

    alone = own_spread()

    def send(sender: int) -> list[tuple[float, float, float]]:
        client, mine = Client(port, token), bodies[sender::SENDERS]
        pace = paced(BATCHES_A_SECOND / SENDERS, options.seconds, sender / SENDERS)
        return [client.post("/otlp/v1/logs", mine[number]) for number in pace]

    def ask(asker: int) -> list[tuple[float, float, float]]:
        client, mine = Client(port, token), calls[asker::CLIENTS]
        pace = paced(options.hooks / CLIENTS, options.seconds, asker / CLIENTS)
        return [client.post("/hooks/claude-code", mine[number]) for number in pace]

    with ThreadPoolExecutor(CLIENTS + SENDERS) as pool:
        sent = [pool.submit(send, number) for number in range(SENDERS if options.records else 0)]
        asked = [pool.submit(ask, number) for number in range(CLIENTS)]
        hooks = [one for part in asked for one in part.result()]
        telemetry = [one for part in sent for one in part.result()]
    names = ("client", "server", "server_processor")
    figures = {
        kind: {name: spread(one[i] for one in times) for i, name in enumerate(names)}
        for kind, times in (("hook_ms", hooks), ("batch_ms", telemetry))
        if times
    }
    return figures | {"machine_ms": alone, "hooks": len(hooks), "records": len(telemetry) * each}


def own_spread() -> dict[str, float]:
    """How long this machine takes for one and the same work, at moments like those of hooks.

    What it takes for more now and then, no server can answer faster.
    """
    times = []
    for _ in range(300):
        begin = time.perf_counter()
        sum(range(60_000))
        times.append((time.perf_counter() - begin) * 1000)
        time.sleep(0.015)
    return spread(times)


def spread(times: Iterable[float]) -> dict[str, float]:
    """Median, 99th percentile and worst."""
    ranked = sorted(times)
    at = {"median": len(ranked) // 2, "p99": len(ranked) * 99 // 100, "worst": -1}
    return {name: round(ranked[index], 1) for name, index in at.items()}


def is_right(figures: dict[str, Any]) -> bool:
    """Whether what was sent is stored, once."""
    from allocation.decisions.models import Decision
    from allocation.usage.models import UsageHour, UsageRecord

    rolled = sum(UsageHour.objects.values_list("records", flat=True))
    stored = (UsageRecord.objects.count(), rolled, Decision.objects.count())
    return stored == (figures["records"], figures["records"], figures["hooks"])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Start the server, load it, look at what it stored."""
    from django.utils import timezone

    from allocation.api.operations import create_token

    _, token = create_token(name="benchmark", actor="benchmark", now=timezone.now())
    command = [sys.executable, "-m", __spec__.name, "--serve"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        figures = load(int(server.stdout.readline()), token, options)
    finally:
        server.terminate()
        server.wait()
    return figures | {"counted_right": is_right(figures)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--hooks", type=int, default=50, help="a second")
    parser.add_argument("--records", type=int, default=1_000, help="of telemetry, a second")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budgetctl.settings")
    if options.serve:
        set_django_up()
        serve()
        return
    with tempfile.TemporaryDirectory(prefix="budgetctl-load-") as folder:
        os.environ.setdefault("BUDGETCTL_HOME", folder)
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        set_django_up()
        call_command("migrate", verbosity=0)
        figures = measure(options)
    print(json.dumps(figures, indent=2))
    sys.exit(0 if figures["counted_right"] else 1)


if __name__ == "__main__":
    main()
