"""Turns events of Claude Code's telemetry into sights: what one source saw of one API request.

No Django and no clock in here.

`claude_code.api_request` is one API request with its final counts. What it says differs by CLI
version: numbers are text up to 2.1.121, there is no request id before 2.1.197, no agent before
2.1.242, no agent id and no split of cache writes before 2.1.310. `model` is the model that was
asked for; what a gateway made of it only the transcript knows.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from allocation.api.otlp_body import Attributes, LogEvent, Scalar
from allocation.policy.phases import Phase
from allocation.usage.observation import MOST_TOKENS, SKEW, UNNAMED, Observation
from allocation.usage.transcripts.attribution import AgentName, Evidence

API_REQUEST = "claude_code.api_request"
# What agents are called whose name the user's settings hide.
_HIDDEN = {"", "custom", "third-party"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PHASES = {phase.value for phase in Phase}
_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


class Unusable(ValueError):
    """An event that cannot be counted. `str()` is why, in a few words."""


@dataclass(slots=True)
class Batch:
    """What a batch says. `sds` are the codes named, one for each of `requests`, "" for none.

    `rejected` counts the events that could not be used, by why; `ahead` those whose moment lies
    more than a day ahead, which are counted at the moment they came in.
    """

    requests: list[Observation] = field(default_factory=list)
    sds: list[str] = field(default_factory=list)
    names: set[AgentName] = field(default_factory=set)
    rejected: dict[str, int] = field(default_factory=dict)
    ahead: int = 0


def sights_of(events: Iterable[LogEvent], *, now: datetime) -> Batch:
    """The requests among the events; other events are none of ours and are passed over."""
    batch = Batch()
    latest = now + SKEW
    for event in events:
        if event.name != API_REQUEST and event.attributes.get("event.name") != "api_request":
            continue
        try:
            seen = _request(event, now)
        except Unusable as why:
            batch.rejected[str(why)] = batch.rejected.get(str(why), 0) + 1
            continue
        if not (seen.prompt or seen.output):
            continue
        if seen.at > latest:
            batch.ahead += 1
            seen = msgspec.structs.replace(seen, at=now, counted_at=now)
        batch.requests.append(seen)
        batch.sds.append(_text(event, "sd_id").upper())
        if seen.agent_id and seen.agent_type:
            batch.names.add(
                AgentName(seen.session_id, seen.agent_id, seen.agent_type, Evidence.LINE)
            )
    return batch


def _request(event: LogEvent, now: datetime) -> Observation:
    attributes = event.attributes
    counts = {name: _tokens(attributes, name) for name in _KINDS}
    if "input_tokens" not in attributes and "output_tokens" not in attributes:
        raise Unusable("no token counts")
    split = _tokens(attributes, "cache_creation_5m_tokens")
    writes_1h = _tokens(attributes, "cache_creation_1h_tokens")
    # Before 2.1.310 only the sum is known; the transcript's split, if there is one, is kept.
    writes_5m = split if split or writes_1h else counts["cache_creation_tokens"]
    request_id = _id(attributes, "request_id")
    at = _moment(event, now)
    agent_id = _id(attributes, "agent_id")
    source = str(attributes.get("query_source", ""))
    placed = "query_source" in attributes or "agent.name" in attributes or bool(agent_id)
    phase = _text(event, "phase").upper()
    return Observation(
        message_id=None if request_id else _key(event),
        request_id=request_id or None,
        source="otlp",
        at=at,
        counted_at=at,
        session_id=_id(attributes, "session.id"),
        agent_id=agent_id,
        agent_type=_agent_type(attributes, source),
        # Versions that tell nothing of the agent leave it unknown: that is not the main thread.
        sidechain=not placed
        or bool(agent_id)
        or "agent.name" in attributes
        or source.startswith("agent:"),
        model=_id(attributes, "model"),
        input=counts["input_tokens"],
        output=counts["output_tokens"],
        cache_write_5m=writes_5m,
        cache_write_1h=writes_1h,
        cache_read=counts["cache_read_tokens"],
        phase=phase if phase in _PHASES else "",
        answered=False,  # a gateway's substitution is not seen here
    )


def _key(event: LogEvent) -> str:
    """A request id of our own for an event that has none: a digest of all that it says.

    It holds the moment and the number of the event in its process, so two requests differ, and
    the same event sent again does not.
    """
    said = msgspec.json.encode([event.at_ns, sorted(event.attributes.items())])
    return UNNAMED + hashlib.sha256(said).hexdigest()[:40]


def _moment(event: LogEvent, now: datetime) -> datetime:
    """When the response was there. `event.timestamp` is the CLI's own clock, as transcripts'."""
    text = event.attributes.get("event.timestamp")
    if isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            pass
    if not event.at_ns:
        return now
    try:
        return _EPOCH + timedelta(microseconds=event.at_ns // 1000)
    except OverflowError:
        raise Unusable("an impossible moment") from None


def _tokens(attributes: Attributes, name: str) -> int:
    value = attributes.get(name, 0)
    try:
        count = int(value)
    except (ValueError, OverflowError):
        raise Unusable(f"{name} is no number") from None
    if isinstance(value, float) and count != value:
        raise Unusable(f"{name} is no whole number")
    if not 0 <= count <= MOST_TOKENS:
        raise Unusable(f"{name} is out of bounds")
    return count


def _id(attributes: Attributes, name: str) -> str:
    value: Scalar = attributes.get(name, "")
    text = value if isinstance(value, str) else str(value)
    if len(text) > 100 or "\0" in text:
        raise Unusable(f"{name} is too long or not text")
    return text


def _agent_type(attributes: Attributes, source: str) -> str:
    name = str(attributes.get("agent.name", ""))
    if name in _HIDDEN:
        # `agent:builtin:Explore`; of custom agents often only `agent:custom`.
        name = source.split(":", 2)[2] if source.count(":") >= 2 else ""
    return name.replace("\0", "")[:100]


def _text(event: LogEvent, name: str) -> str:
    value = event.attributes.get(name) or event.resource.get(name) or ""
    return str(value).replace("\0", "").strip()[:100]
