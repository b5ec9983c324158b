"""`budgetctl hook` and `budgetctl statusline` as processes: standard input, output and exit code.

What can wait until the answer is out, such as sending the queue, is left to a process in the
background.
"""

import os
import sys
from collections.abc import Callable

from allocation.claude_code.client.home import client_home
from allocation.claude_code.client.payload import MOST_BYTES, Json

BROKEN = (
    "budgetctl broke and decides nothing, and it was set up to block then. Run budgetctl doctor, "
    "or this with LOG_LEVEL=DEBUG."
)


def main(arguments: list[str]) -> None:
    """Run `hook` or `statusline` with --home DIR, --fail-closed, --wrap COMMAND; never returns."""
    code = 0
    try:
        code = _run(arguments)
    except Exception:  # a hook that breaks must not break the session
        if os.environ.get("LOG_LEVEL", "").upper() == "DEBUG":
            raise
        if "--fail-closed" in arguments:  # unless it was set up to
            code = 2
            print(BROKEN, file=sys.stderr)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        pass
    os._exit(code)  # what the interpreter would tidy up now is gone in a moment anyway


def _run(arguments: list[str]) -> int:
    folder = client_home(_value(arguments, "--home"))
    if arguments[0] == "statusline":
        stdin = b"" if sys.stdin.isatty() else sys.stdin.buffer.read(MOST_BYTES)
        _status_line(stdin, folder, wrap=_value(arguments, "--wrap"))
        return 0
    from allocation.claude_code.client import hook  # noqa: PLC0415 - sockets, for a hook alone

    stdin = sys.stdin.buffer.read(MOST_BYTES)
    answer = hook.answer_hook(stdin, folder, fail_closed="--fail-closed" in arguments)
    _print(answer.output)
    if answer.error:
        print(answer.error, file=sys.stderr)
    if answer.send_queue:
        _detached(lambda: hook.send_queue(folder))
    return answer.code


def _status_line(stdin: bytes, folder: str, *, wrap: str) -> None:
    from allocation.claude_code.client import status  # noqa: PLC0415 - for this command alone

    said = status.understood(stdin)
    _print(
        "\n".join(filter(None, [wrap and status.wrapped(wrap, stdin), status.line(said, folder)]))
    )
    if said and status.is_due(said, folder):
        _detached(lambda: _tell(said, folder))


def _tell(said: Json, folder: str) -> None:
    from allocation.claude_code.client.telling import tell  # noqa: PLC0415 - nobody waits for it

    tell(said, folder)


def _print(text: str) -> None:
    if text:
        sys.stdout.buffer.write(text.encode() + b"\n")
        sys.stdout.flush()


def _detached(work: Callable[[], None]) -> None:
    """Do it in a process of its own, which nobody waits for. Where there is no fork, at once."""
    if not hasattr(os, "fork"):
        work()
        return
    if os.fork():
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    try:
        work()
    finally:
        os._exit(0)


def _value(arguments: list[str], name: str) -> str:
    for at, argument in enumerate(arguments):
        if argument == name:
            return arguments[at + 1] if at + 1 < len(arguments) else ""
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return ""
