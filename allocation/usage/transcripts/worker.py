"""Reads transcripts in processes of their own, so that reading and storing go on at once.

Plain pipes instead of multiprocessing: a worker imports the reader and nothing else, whatever
program has started it, and is up in a few hundredths of a second. Frames are a length of four
bytes and that much msgpack.
"""

import gc
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from allocation.policy.errors import RuleError
from allocation.polite import be_polite
from allocation.usage.transcripts.reader import Reading, Segment, read

_ROOT = Path(__file__).resolve().parents[3]
encode = msgspec.msgpack.Encoder().encode
_decode_reading = msgspec.msgpack.Decoder(Reading).decode
_decode_segments = msgspec.msgpack.Decoder(list[Segment]).decode


def read_all(tasks: Sequence[Sequence[Segment]], *, workers: int) -> Iterator[Reading]:
    """What each task says, in their order. With `workers` 0 they are read in this process.

    Raises RuleError if one of them is ended from without, as for want of memory.
    """
    if not workers:
        yield from map(read, tasks)
        return
    processes = [_start() for _ in range(min(workers, len(tasks)))]
    try:
        yield from _share_out(tasks, processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _share_out(
    tasks: Sequence[Sequence[Segment]], processes: Sequence["subprocess.Popen[bytes]"]
) -> Iterator[Reading]:
    """Hand the tasks round. A worker is given one only when it has none: until it is rid of a
    reading that is longer than its pipe, it would not read a task that is longer than that too."""
    waiting = deque(tasks)
    due: deque[subprocess.Popen[bytes]] = deque()

    def hand(process: "subprocess.Popen[bytes]") -> None:
        if waiting:
            send(_pipe(process.stdin), encode(waiting.popleft()))
            due.append(process)

    with _said_where_ended():
        for process in processes:
            hand(process)
    while due:
        with _said_where_ended():
            process = due.popleft()
            frame = receive(_pipe(process.stdout))
            hand(process)
        yield _decode_reading(frame)


@contextmanager
def _said_where_ended() -> Iterator[None]:
    try:
        yield
    except (EOFError, BrokenPipeError) as error:
        raise RuleError(
            "A process that reads transcripts was ended, perhaps for want of memory. What was "
            "stored stays: import again, and it goes on from there."
        ) from error


def _start() -> "subprocess.Popen[bytes]":
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(  # noqa: S603 -- our own module, no input in the command
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise EOFError
    return pipe


def send(pipe: IO[bytes], frame: bytes) -> None:
    """Write one frame."""
    pipe.write(len(frame).to_bytes(4, "big") + frame)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """The next frame. Raises EOFError when the other end is gone."""
    head = pipe.read(4)
    size = int.from_bytes(head, "big")
    frame = pipe.read(size)
    if len(head) < 4 or len(frame) < size:
        raise EOFError
    return frame


def serve() -> None:
    """Answer each task on standard input with its reading, until the parent is gone."""
    be_polite()  # storing is what is waited for
    gc.disable()  # a reading has no cycles, and many objects that would be looked at for them
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    with suppress(EOFError, BrokenPipeError):
        while True:
            frame = receive(sys.stdin.buffer)
            send(sys.stdout.buffer, encode(read(_decode_segments(frame))))


if __name__ == "__main__":
    serve()
