"""What hooks and status lines post. JSON in and out, with an agent token of the scope hooks."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from allocation.api.bodies import BodyRefused, read_body
from allocation.api.models import AgentToken, Scope
from allocation.api.operations import AccessRefused
from allocation.api.refusals import BUSY, View, for_agents, refusal
from allocation.api.security import admit
from allocation.claude_code.client.answers import hook_answer
from allocation.claude_code.client.payload import text
from allocation.claude_code.client.state import FRESH_SECONDS
from allocation.claude_code.events import Event, Origin
from allocation.claude_code.health import health_at
from allocation.claude_code.models import ReadingSource
from allocation.claude_code.operations import hear_session, receive_event, receive_queued
from allocation.claude_code.readings import (
    said_by_headless_event,
    said_by_status_line,
    store_readings,
)
from allocation.claude_code.state import state_at
from allocation.claude_code.tiers import current_tiers
from allocation.policy.errors import RuleError

MOST_BYTES = 8 * 1024 * 1024
MOST_QUEUED = 20_000

_VERSION = re.compile(r"claude-(?:code|cli)/(\d+\.\d+\.\d+)")
Body = dict[str, Any]
Answer = Callable[[HttpRequest, AgentToken, Body, datetime], Body]


def _hook(answer: Answer) -> View:
    """A view that takes an object from the bearer of a token. Every refusal is one sentence."""

    @for_agents
    @require_POST
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        try:
            token = admit(request, scope=Scope.HOOKS, now=now)
            return JsonResponse(answer(request, token, _object(request), now))
        except (AccessRefused, BodyRefused) as error:
            return refusal(error.status, str(error))
        except RuleError as error:
            return refusal(400, str(error))
        except OperationalError:
            return refusal(503, BUSY)

    return view


@_hook
def receive_hook(request: HttpRequest, token: AgentToken, body: Body, now: datetime) -> Body:
    """One event of a hook. Claude Code itself gets its answer; our client gets the verdict, and
    the state where what it knows is old."""
    event = Event.of(body)
    if not event.name:
        raise RuleError("hook_event_name is missing: send what Claude Code gives to a hook.")
    verdict = receive_event(event=event, origin=_origin(request, token), now=now)
    said = verdict.as_json() if verdict else None
    if "X-Budgetctl-Client" not in request.headers:
        return hook_answer(body, said)
    return {"verdict": said, **_state(request, now)}


@_hook
def receive_queue(request: HttpRequest, token: AgentToken, body: Body, now: datetime) -> Body:
    """Events that could not be sent when they happened, oldest first."""
    events = body.get("events")
    if not isinstance(events, list) or len(events) > MOST_QUEUED:
        raise RuleError(f"events must be a list of at most {MOST_QUEUED:,} events.")
    kept = 0
    for queued in events:
        payload = queued.get("payload") if isinstance(queued, dict) else None
        if not isinstance(payload, dict):
            continue  # one that cannot be kept must not keep the others in the queue for ever
        origin = Origin(
            actor=token.actor,
            machine=text(request.headers.get("X-Budgetctl-Machine")),
            sd=text(queued.get("sd")),
            phase=text(queued.get("phase")),
        )
        answered = queued.get("answered", "")
        try:
            receive_queued(
                event=Event.of(payload),
                origin=origin,
                answered=None if answered is None else text(answered),
                at=_moment(queued.get("at"), now),
                now=now,
            )
        except (RuleError, DataError):
            continue
        kept += 1
    return {"kept": kept, "skipped": len(events) - kept}


@_hook
def receive_status_line(request: HttpRequest, token: AgentToken, body: Body, now: datetime) -> Body:
    """What a status line is given, or a headless session's `rate_limit_event`."""
    event = Event.of(body)
    if body.get("type") == "rate_limit_event":
        said, source = said_by_headless_event(body, now), ReadingSource.HEADLESS
    else:
        said, source = said_by_status_line(body, now), ReadingSource.STATUS_LINE
    origin = _origin(request, token, version=text(body.get("version")))
    hear_session(event=event, origin=origin, by="status_line_at", now=now)
    store_readings(said=said, session_id=event.session_id, source=source, now=now)
    return {"state": state_at(now)}


@_hook
def read_state(request: HttpRequest, token: AgentToken, body: Body, now: datetime) -> Body:
    """The state that clients keep, and the tiers for definitions; null while budgetctl is off."""
    return {"state": state_at(now), "tiers": current_tiers(now=now)}


@_hook
def read_health(request: HttpRequest, token: AgentToken, body: Body, now: datetime) -> Body:
    """What `budgetctl doctor` asks: what was heard lately, and whether it was followed."""
    return health_at(now)


def _origin(request: HttpRequest, token: AgentToken, *, version: str = "") -> Origin:
    found = _VERSION.search(request.headers.get("User-Agent", ""))
    return Origin(
        actor=token.actor,
        machine=text(request.headers.get("X-Budgetctl-Machine")),
        cli_version=version[:40] or (found[1] if found else ""),
        sd=_given(request, "X-Budgetctl-SD"),
        phase=_given(request, "X-Budgetctl-Phase"),
    )


def _given(request: HttpRequest, name: str) -> str:
    value = text(request.headers.get(name)).strip()
    # An HTTP hook's header may come with its variable in it, where that is not set.
    return "" if value.startswith("$") else value


def _state(request: HttpRequest, now: datetime) -> Body:
    old = request.headers.get("X-Budgetctl-State", "")
    fresh = old.isdecimal() and len(old) < 10 and int(old) < FRESH_SECONDS
    return {} if fresh else {"state": state_at(now)}


def _object(request: HttpRequest) -> Body:
    try:
        body = json.loads(read_body(request, most=MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise RuleError("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise RuleError("The body must be one JSON object.")
    return body


def _moment(value: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
