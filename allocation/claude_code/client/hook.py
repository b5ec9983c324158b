"""`budgetctl hook`: one hook event in, at most one answer out.

Fail-open: whatever goes wrong, nothing is printed and the exit code is 0. While the server is away
the last known state answers, and what could not be sent is queued. With --fail-closed a call of a
sub-agent that nobody can answer for is blocked (exit code 2, the reason on standard error).
"""

import json
import os
import socket
from time import time

from allocation.claude_code.client import spool, state
from allocation.claude_code.client.answers import hook_answer
from allocation.claude_code.client.home import Connection, connection
from allocation.claude_code.client.payload import Json, essentials, is_call, why_not_steerable
from allocation.claude_code.client.transport import Away, Refused, post

SECONDS = 1.5
AWAY_NOTE = " (From the last known state: the server is away.)"
BLOCKED = (
    "budgetctl cannot be reached and nothing is known yet, and it was set up to block then. Start "
    "it, or connect again without --fail-closed."
)

REFUSED = (
    "budgetctl answers {} and decides nothing, and it was set up to block then. Run budgetctl "
    "doctor: it says what is wrong."
)


class Answer:
    """What a run of the hook prints, how it exits, and whether the queue is to be sent."""

    __slots__ = ("code", "error", "output", "send_queue")

    def __init__(
        self, output: str = "", *, error: str = "", code: int = 0, send_queue: bool = False
    ) -> None:
        self.output = output
        self.error = error
        self.code = code
        self.send_queue = send_queue


def answer_hook(stdin: bytes, folder: str, *, fail_closed: bool = False) -> Answer:
    """The answer to one event."""
    try:
        payload = json.loads(stdin)
    except (ValueError, RecursionError):
        return Answer()
    to = connection(folder)
    if not isinstance(payload, dict) or not payload.get("hook_event_name"):
        return Answer()
    call = is_call(payload)
    if to is None:
        return _unanswered(call and fail_closed)
    known = state.load(folder)
    try:
        reply = post(to.url, "/hooks/claude-code", essentials(payload), headers(to, known), SECONDS)
        if "verdict" not in reply:
            raise Away("It is no budgetctl that answers.")
    except Refused as error:
        # The server is there and does not take it. Nothing of it can be sent later either.
        return _unanswered(call and fail_closed, REFUSED.format(error.status))
    except Away:
        return _without_server(payload, folder, known, fail_closed=fail_closed)
    _keep(folder, reply.get("state"))
    verdict = reply.get("verdict")
    output = hook_answer(payload, verdict if isinstance(verdict, dict) else None)
    return Answer(_printed(output), send_queue=spool.is_waiting(folder))


def headers(to: Connection, known: Json) -> dict[str, str]:
    """Who asks, for which SD, and how old what we know is."""
    sd, phase = directive()
    old = state.age(known, time())
    return {
        "Authorization": f"Bearer {to.token}",
        "X-Budgetctl-Client": "1",
        "X-Budgetctl-Machine": socket.gethostname(),
        "X-Budgetctl-SD": sd,
        "X-Budgetctl-Phase": phase,
        "X-Budgetctl-State": "" if old is None else f"{old:.0f}",
    }


def directive() -> tuple[str, str]:
    """The SD and the phase that the environment names, "" where it names none."""
    marks = {}
    for part in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","):
        name, _, value = part.partition("=")
        marks[name.strip()] = value.strip()
    sd = os.environ.get("BUDGETCTL_SD") or marks.get("sd_id", "")
    return sd, os.environ.get("BUDGETCTL_PHASE") or marks.get("phase", "")


def send_queue(folder: str) -> None:
    """Send what is queued. Called when the server is known to be there, in no hurry."""
    to = connection(folder)
    if to is None:
        return

    def send(events: list[Json]) -> bool:
        try:
            post(to.url, "/hooks/queued", {"events": events}, headers(to, {}), 30)
        except Refused as error:
            return error.status in {400, 413}  # never to be taken: it must not stay in the way
        except Away:
            return False
        return True

    spool.drain(folder, send)


def _without_server(payload: Json, folder: str, known: Json, *, fail_closed: bool) -> Answer:
    sd, phase = directive()
    verdict = None
    if is_call(payload) and not why_not_steerable(payload):
        verdict = state.known_verdict(known, payload, phase=phase, now=time())
        # The verdict `off` is an answer too, though nothing is printed: it blocks no call.
        fail_closed = fail_closed and verdict is None
    else:
        fail_closed = False
    event = {"at": time(), "sd": sd, "phase": phase, "payload": essentials(payload)}
    output = hook_answer(payload, verdict, note=AWAY_NOTE)
    try:
        spool.append(folder, {**event, "answered": (verdict or {}).get("tier") if output else ""})
    except OSError:
        pass  # a read-only home: the answer still stands
    return _unanswered(True) if fail_closed else Answer(_printed(output))


def _unanswered(block: bool, why: str = BLOCKED) -> Answer:
    return Answer(error=why, code=2) if block else Answer()


def _printed(output: Json) -> str:
    return json.dumps(output) if output else ""


def _keep(folder: str, known: object) -> None:
    try:
        state.save(folder, known)
    except OSError:
        pass  # a read-only home: asked again next time
