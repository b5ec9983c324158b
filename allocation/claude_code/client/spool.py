"""What could not be sent: a bounded queue in a file, safe against kill -9 and other clients.

Lines are appended under a lock. Who sends them takes the whole file aside first and removes it
when the server has taken all of it; killed in between, the next one sends it again, and the
server, to which each event is known by its own id, counts nothing twice. On Windows, where nothing
is locked, the worst case is an event sent twice: appends are small.
"""

import json
import os
from collections.abc import Callable

from allocation.claude_code.client.locks import is_still, lock
from allocation.claude_code.client.payload import Json

MOST_BYTES = 4 * 1024 * 1024
LONGEST_LINE = 64 * 1024

Send = Callable[[list[Json]], bool]  # whether the server took all of them


def append(folder: str, event: Json) -> bool:
    """Queue an event. False, and nothing is written, where the queue is full or it is too long."""
    line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        return False
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, "queue.jsonl")
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            lock(number)
            if not is_still(number, path):
                continue  # taken aside between opening and locking
            size = os.fstat(number).st_size
            if size + len(line) > MOST_BYTES:
                return False
            if size and _last(number) != b"\n":
                line = b"\n" + line  # a line was torn: it stays alone
            os.write(number, line)
            return True
        finally:
            os.close(number)


def _last(number: int) -> bytes:
    os.lseek(number, -1, os.SEEK_END)  # Windows has no pread
    return os.read(number, 1)


def is_waiting(folder: str) -> bool:
    """Whether anything is queued."""
    return any(
        os.path.exists(os.path.join(folder, name)) for name in ("queue.jsonl", "sending.jsonl")
    )


def drain(folder: str, send: Send) -> bool:
    """Send what is queued, oldest first. False where it stays: refused, or another is sending."""
    aside = os.path.join(folder, "sending.jsonl")
    turn = os.open(os.path.join(folder, "sending.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not lock(turn, wait=False):
            return False
        while os.path.exists(aside) or _take_aside(folder, aside):
            if not send(_events(aside)):
                return False
            os.unlink(aside)
        return True
    finally:
        os.close(turn)


def _take_aside(folder: str, aside: str) -> bool:
    path = os.path.join(folder, "queue.jsonl")
    try:
        number = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        lock(number)
        os.rename(path, aside)
        return True
    finally:
        os.close(number)


def _events(path: str) -> list[Json]:
    events = []
    with open(path, "rb") as file:
        for line in file:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue  # torn by a full disk or a kill: it was never queued
            if isinstance(event, dict):
                events.append(event)
    return events
