"""The server killed with -9 while batches of telemetry and hooks are under way."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.api.otlp_bodies import as_json, event, logs
from tests.claude_code.payloads import call
from tests.cli.conftest import Environment, Server, budgetctl

BATCHES, EACH, CALLS = 6, 1_500, 40


def batch(number: int) -> bytes:
    first = 1 + number * EACH
    requests = [event(request, at=datetime.now(UTC)) for request in range(first, first + EACH)]
    return as_json(logs(requests))


def decision(number: int) -> bytes:
    return json.dumps(call("docmon", tool_use_id=f"toolu_{number}")).encode()


def opened(url: str, token: str, body: bytes) -> Any:
    """The answer, still open. Raises OSError and HTTPException."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return urlopen(Request(url, body, headers), timeout=60)


def post(url: str, token: str, body: bytes) -> Any:
    """The answer; None where there was none."""
    try:
        with opened(url, token, body) as response:
            return json.load(response)
    except (OSError, HTTPException):
        return None


def said(environment: Environment, *arguments: str) -> Any:
    done = budgetctl(environment, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_was_not_answered_is_sent_again_and_nothing_is_lost_or_doubled(
    launch: Callable[..., Server], new_environment: Callable[[], Environment]
) -> None:
    environment = new_environment()
    server = launch(environment, "--no-watch")
    url = server.wait_until_it_serves()
    token = said(environment, "token", "create", "fleet")["token"]
    telemetry = [("otlp/v1/logs", batch(number)) for number in range(BATCHES)]
    hooks = [("hooks/claude-code", decision(number)) for number in range(CALLS)]
    # Between the batches, so that some of both are under way at any moment.
    sent = [*telemetry[:2], *hooks[: CALLS // 2], *telemetry[2:], *hooks[CALLS // 2 :]]

    with ThreadPoolExecutor(6) as pool:
        first = [pool.submit(post, url + path, token, body) for path, body in sent]
        while sum(one.done() for one in first) < 3:
            time.sleep(0.01)
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    answers = [one.result() for one in first]
    assert None in answers[:2] + answers[2 + CALLS // 2 :], "no batch was under way"
    assert any(answers)

    url = launch(environment, "--no-watch").wait_until_it_serves()
    # A client that was answered may not know it, so everything is sent again.
    for (path, body), answer in zip(sent, answers, strict=True):
        again = post(url + path, token, body)
        assert again is not None
        assert answer is None or again == answer

    total = said(environment, "usage", "totals")["total"]
    numbers = range(1, BATCHES * EACH + 1)
    assert total["records"] == len(numbers)
    assert (total["input"], total["output"]) == (1_000 * sum(numbers), 100 * sum(numbers))
    headers = {"Authorization": f"Bearer {token}"}
    with urlopen(Request(f"{url}api/v1/decisions?size=200", headers=headers)) as response:
        assert len(json.load(response)["decisions"]) == CALLS


def takers(server: Server) -> set[int]:
    """The processes that take telemetry for a server."""
    listed = subprocess.check_output(["ps", "-ww", "-eo", "pid=,ppid=,args="], text=True)
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return {
        int(pid)
        for pid, parent, said in rows
        if int(parent) == server.process.pid and "spawn_main" in said
    }


def test_the_process_that_takes_telemetry_may_be_killed_in_the_middle_of_a_batch(
    launch: Callable[..., Server], new_environment: Callable[[], Environment]
) -> None:
    environment = new_environment()
    server = launch(environment, "--no-watch")
    url = server.wait_until_it_serves()
    token = said(environment, "token", "create", "fleet")["token"]
    assert post(f"{url}otlp/v1/logs", token, batch(0)) == {}
    first = takers(server)
    assert first
    batches = [batch(number) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        under_way = [pool.submit(status, f"{url}otlp/v1/logs", token, body) for body in batches]
        while not any(one.done() for one in under_way):
            time.sleep(0.005)
        time.sleep(0.03)  # and the next has begun
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        answers = [one.result() for one in under_way]
    assert set(answers) == {(200, None), (503, "5")}
    for body in batches:  # as a client does that was told to
        assert status(f"{url}otlp/v1/logs", token, body) == (200, None)
    assert len(takers(server)) == 1
    assert takers(server) != first
    total = said(environment, "usage", "totals")["total"]
    assert total["records"] == len(batches) * EACH
    assert total["input"] == 1_000 * sum(range(1, len(batches) * EACH + 1))


def status(url: str, token: str, body: bytes) -> tuple[int, str | None]:
    """The status of the answer, and when to try again."""
    try:
        with opened(url, token, body) as response:
            return response.status, response.headers["Retry-After"]
    except HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"]
