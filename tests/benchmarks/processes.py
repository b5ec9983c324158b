"""Runs a command to its end and measures it with all the processes that it starts."""

import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY = 0.1  # seconds; each look costs the machine about a millisecond


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds by the clock and of the processor, and the most memory at one moment in MiB.

    All of it is that of the command and of its processes together; memory that several of them
    share counts once (PSS). On a machine that others use too, the processor's time says more.
    """

    seconds: float
    busy: float
    mib: float
    out: str


def run(command: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Raises SystemExit with what it printed where the command fails."""
    begin, busy = time.perf_counter(), _busy()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    most: list[float] = [0.0]
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(process.pid, most, over))
    looking.start()
    out, err = process.communicate()
    seconds = time.perf_counter() - begin
    over.set()
    looking.join()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {err[-2000:]}")
    return Ran(seconds, _busy() - busy, most[0], out)


def _busy() -> float:
    """Seconds of the processor of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _look(pid: int, most: list[float], over: threading.Event) -> None:
    while not over.wait(_LOOK_EVERY):
        most[0] = max(most[0], sum(map(_mib, _family(pid))))


def _family(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for one in found:
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except (OSError, ValueError):  # it has ended meanwhile
            continue
    return found


def _mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
