"""Reads transcripts in processes of their own, so that reading and storing go on at once.

Plain pipes instead of multiprocessing: a worker imports the reader and nothing else, whatever
program has started it, and is up in a few hundredths of a second. Frames are a length of four
bytes and that much msgpack.
"""

import gc
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import IO

import msgspec

from allocation.policy.errors import RuleError
from allocation.polite import be_polite
from allocation.usage.transcripts.reader import Reading, Segment, read

_ROOT = Path(__file__).resolve().parents[3]
_IN_HAND = 3  # tasks of a process, of which it reads one
encode = msgspec.msgpack.Encoder().encode
_decode_reading = msgspec.msgpack.Decoder(Reading).decode
_decode_segments = msgspec.msgpack.Decoder(list[Segment]).decode
_Ask = Callable[[Sequence[Segment]], "Future[bytes]"]


@contextmanager
def read_all(tasks: Sequence[Sequence[Segment]], *, workers: int) -> Iterator[Iterator[Reading]]:
    """What each task says, in their order. With `workers` 0 they are read in this process, each
    when it is asked for; else processes of their own begin at once, and end with the block.

    Asking raises RuleError if one of them is ended from without, as for want of memory.
    """
    if not workers:
        yield map(read, tasks)
        return
    with ExitStack() as ended:
        asked = [ended.enter_context(_process()) for _ in range(min(workers, len(tasks)))]
        yield _share_out(tasks, asked)


def _share_out(tasks: Sequence[Sequence[Segment]], asked: Sequence[_Ask]) -> Iterator[Reading]:
    """Hand the tasks round. Every process has some that wait, so that it reads on while nobody
    takes what it has read; they are few, so that this is not much."""
    waiting = zip(tasks, cycle(asked), strict=False)
    due = deque(ask(task) for task, ask in islice(waiting, _IN_HAND * len(asked)))

    def readings() -> Iterator[Reading]:
        while due:
            with _said_where_ended():
                frame = due.popleft().result()
            due.extend(ask(task) for task, ask in islice(waiting, 1))
            yield _decode_reading(frame)

    return readings()


@contextmanager
def _process() -> Iterator[_Ask]:
    """A process that reads, and what lays a task to those that wait for it. A thread speaks to it:
    it gets the next task when it is rid of its last reading, for both may be longer than a pipe."""
    process, thread = _start(), ThreadPoolExecutor(1)

    def ask(task: Sequence[Segment]) -> bytes:
        send(_pipe(process.stdin), encode(task))
        return receive(_pipe(process.stdout))

    try:
        yield lambda task: thread.submit(ask, task)
    finally:
        process.kill()
        thread.shutdown(cancel_futures=True)
        process.communicate()


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
        # -P: without the folder that we were called in, whose modules are anybody's.
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        process_group=0,  # Ctrl-C is the parent's to answer, also while this one is still starting
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
    with suppress(EOFError, BrokenPipeError):
        while True:
            frame = receive(sys.stdin.buffer)
            send(sys.stdout.buffer, encode(read(_decode_segments(frame))))


if __name__ == "__main__":
    serve()
