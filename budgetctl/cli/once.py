"""A command that logs something, is cut off, and is run again, logs it once.

Before anything is sent, a key for it is written to a file of this machine. The file is deleted once
the command has said what it logged. If the command is cut off in between, the file stays; the same
command, run again within the hour, sends the same key, by which the server knows what it has logged
already.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO
from uuid import UUID, uuid4

from allocation.claude_code.client.home import client_home
from allocation.claude_code.client.locks import is_still, lock
from allocation.policy.errors import RuleError
from budgetctl.cli import clock
from budgetctl.cli.refusals import Refused, Unanswered, refuse

# Later than that, the same words rather mean the next checkpoint.
KEPT = timedelta(hours=1)


@contextmanager
def key_of(*command: object) -> Iterator[UUID]:
    """The key for what a command logs in this block.

    It stays in its file where the block is cut off, or nobody knows what came of it. Where it was
    taken up from there, that is said.
    """
    name = hashlib.sha256(repr(command).encode()).hexdigest()[:32]
    path = Path(client_home()) / "logging" / name
    file = _opened(path)
    if file is None:  # a home to be read only, or the same command at this moment: a key of its own
        yield uuid4()
        return
    with file:
        key = _taken_up(file) or _new(file)
        try:
            yield key
        except (RuleError, Refused) as error:
            if not isinstance(error, Unanswered):
                _forget(file, path)
            raise
        _forget(file, path)


def _opened(path: Path) -> TextIO | None:
    """The file of a key, with a lock that ends with this process however it ends."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            file = path.open("a+")
            if not lock(file.fileno(), wait=False):
                file.close()
                return None
            if is_still(file.fileno(), str(path)):
                return file
            file.close()  # it was forgotten between the two: what is written there nobody finds
    except OSError:
        return None


def _taken_up(file: TextIO) -> UUID | None:
    file.seek(0)
    try:
        key, at = file.read().split()
        ago = clock.now() - datetime.fromisoformat(at)
        found = UUID(key)
    except (ValueError, TypeError):  # nothing yet, or torn: a moment may have lost its offset
        return None
    if not timedelta() <= ago < KEPT:
        return None
    refuse(
        "The same command was cut off, or had no answer, within the last hour: what it had logged "
        "by then is not logged again."
    )
    return found


def _new(file: TextIO) -> UUID:
    key = uuid4()
    file.truncate(0)
    print(key, clock.now().isoformat(), file=file, flush=True)
    return key


def _forget(file: TextIO, path: Path) -> None:
    file.truncate(0)  # whoever has opened it meanwhile takes up nothing
    with suppress(OSError):
        path.unlink()
