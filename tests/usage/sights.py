"""Sights of requests: made up, stored, and what became of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from allocation.usage.ingest import store
from allocation.usage.models import UsageHour, UsageRecord
from allocation.usage.observation import Observation
from allocation.usage.stored import Stored
from allocation.usage.terms import load_terms
from allocation.usage.transcripts.attribution import AgentName
from tests.usage.transcripts import START

MODELS = st.sampled_from(["claude-haiku-4-5", "claude-opus-4-5", "new", ""])
MINUTES = st.integers(0, 90).map(lambda minutes: START + timedelta(minutes=minutes))
# What a record says, whichever way it came about. Sights that never name both ids stay two records.
SAID = [name for name in Observation.__struct_fields__ if name not in {"answer", "sd_id", "phase"}]


def sight(message_id: str | None = "m1", request_id: str | None = "r1", **more: Any) -> Observation:
    """A line of a transcript about one request; anything of it can be given otherwise."""
    at = more.pop("at", START)
    known: dict[str, Any] = {"source": "transcript", "session_id": "s", "input": 1, "output": 1}
    return Observation(
        message_id=message_id, request_id=request_id, at=at, counted_at=at, **(known | more)
    )


def put(*sights: Observation, names: Sequence[AgentName] = ()) -> Stored:
    """Store some sights as one batch."""
    return store(sights, terms=load_terms, names=names)


def clear() -> None:
    """Empty the tables of records and of their hours."""
    UsageRecord.objects.all().delete()
    UsageHour.objects.all().delete()


@st.composite
def one_sight(draw: st.DrawFn) -> Observation:
    """Any sight of one of three requests, as one of three sources saw it.

    They are lines of transcripts, among them copies and lines that are not final; telemetry, of
    versions that tell more and less; and reports of a script. Now and then a message comes with
    another's request id, or a request id with another's message.
    """
    message = draw(st.integers(1, 3))
    request = draw(st.sampled_from([message, message, message, 1, 2, 3]))
    source = draw(st.sampled_from(["transcript", "transcript", "otlp", "api"]))
    agent = draw(st.sampled_from(["", "", "a1", "a2"]))
    is_telemetry = source == "otlp"
    knows_message = not is_telemetry and draw(st.booleans())
    writes_1h = draw(st.integers(0, 2))
    seen = sight(
        f"m{message}" if knows_message else None,
        f"r{request}" if not knows_message or draw(st.booleans()) else None,
        source=source,
        at=draw(MINUTES),
        session_id=draw(st.sampled_from(["s", "t", ""])),
        agent_id=agent,
        sidechain=bool(agent) or draw(st.booleans()),
        agent_type=draw(st.sampled_from(["", "docmon", "security"])) if agent else "",
        model=draw(MODELS),
        answered=not is_telemetry,
        output=draw(st.integers(0, 2)),
        output_final=draw(st.booleans()),
        estimated=source == "api" and draw(st.booleans()),
        input=draw(st.integers(1, 2)),
        cache_write_5m=draw(st.integers(2, 3)) - writes_1h,
        cache_write_1h=writes_1h,
    )
    return msgspec.structs.replace(seen, counted_at=draw(MINUTES))


def everything() -> list[tuple[Any, ...]]:
    """All that is stored of requests, to be compared."""
    records = UsageRecord.objects.values_list(*SAID, "sub_agent", "answer")
    columns = ("hour", "sub_agent", "model", "records", "input", "output", "cache_write_1h")
    return [*sorted(records, key=repr), *sorted(UsageHour.objects.values_list(*columns))]
