"""The queue of what could not be sent: bounded, in order, and safe against kill -9."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from allocation.claude_code.client import spool
from allocation.claude_code.client.hook import send_queue
from tests.claude_code.client import ask, connect
from tests.claude_code.payloads import call
from tests.claude_code.servers import FakeServer, Request, ok


def test_the_queue_is_sent_once_in_order_and_then_empty(folder: Path) -> None:
    connect(folder, "http://127.0.0.1:1")
    for n in range(5):
        ask(folder, call(tool_use_id=f"t{n}"))
    with FakeServer(lambda _: ok({})) as server:
        connect(folder, server.url)
        send_queue(str(folder))
        send_queue(str(folder))
    ((path, _, body),) = server.requests
    assert path == "/hooks/queued"
    assert [event["payload"]["tool_use_id"] for event in body["events"]] == [
        f"t{n}" for n in range(5)
    ]
    assert not spool.is_waiting(str(folder))


def test_what_the_server_does_not_take_stays_in_the_queue(folder: Path) -> None:
    connect(folder, "http://127.0.0.1:1")
    ask(folder, call(tool_use_id="first"))
    send_queue(str(folder))
    ask(folder, call(tool_use_id="second"))
    with FakeServer(lambda _: ok({})) as server:
        connect(folder, server.url)
        send_queue(str(folder))
    sent = [event for _, _, body in server.requests for event in body["events"]]
    assert [event["payload"]["tool_use_id"] for event in sent] == ["first", "second"]


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    folder = str(tmp_path)
    spool.append(folder, {"n": 1})
    with (tmp_path / "queue.jsonl").open("a") as file:
        file.write('{"n": 2')
    spool.append(folder, {"n": 3})
    taken: list[Any] = []
    assert spool.drain(folder, lambda events: not taken.extend(events))
    assert taken == [{"n": 1}, {"n": 3}]


def test_the_queue_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_BYTES", 1_000)
    kept = sum(spool.append(str(tmp_path), {"n": "x" * 90}) for _ in range(50))
    assert 5 < kept < 12
    assert (tmp_path / "queue.jsonl").stat().st_size <= 1_000
    assert not spool.append(str(tmp_path / "other"), {"n": "x" * 100_000})


def test_many_clients_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    taken: list[int] = []
    folder, over = str(tmp_path), threading.Event()

    def send() -> None:
        while not over.is_set():
            spool.drain(folder, lambda events: not taken.extend(e["n"] for e in events))

    def add(first: int) -> None:
        for n in range(first, first + 100):
            spool.append(folder, {"n": n})

    senders = [threading.Thread(target=send) for _ in range(2)]
    writers = [threading.Thread(target=add, args=(n * 100,)) for n in range(4)]
    for thread in (*senders, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in senders:
        thread.join()
    spool.drain(folder, lambda events: not taken.extend(e["n"] for e in events))
    assert sorted(taken) == list(range(400))


def test_a_sender_killed_before_it_is_done_is_followed_by_another(folder: Path) -> None:
    """kill -9 between sending and removing: the next one sends the same again, none is lost."""
    connect(folder, "http://127.0.0.1:1")
    for n in range(3):
        ask(folder, call(tool_use_id=f"t{n}"))
    killed: list[int] = []

    def kills(_: Request) -> bytes | None:
        os.kill(killed.pop(), signal.SIGKILL)
        return None

    send = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from allocation.claude_code.client.hook import send_queue
sys.stdin.readline()
send_queue({str(folder)!r})
"""
    with FakeServer(kills) as server:
        connect(folder, server.url)
        process = subprocess.Popen([sys.executable, "-c", send], stdin=subprocess.PIPE)
        killed.append(process.pid)
        process.communicate(b"\n", timeout=30)
    assert process.returncode == -signal.SIGKILL
    with FakeServer(lambda _: ok({})) as server:
        connect(folder, server.url)
        send_queue(str(folder))
    (request,) = server.requests
    assert [event["payload"]["tool_use_id"] for event in request[2]["events"]] == ["t0", "t1", "t2"]
    assert not spool.is_waiting(str(folder))
