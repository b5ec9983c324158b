"""Sights of a request, made up and stored."""

from collections.abc import Sequence
from typing import Any

from allocation.usage.ingest import store
from allocation.usage.observation import Observation
from allocation.usage.stored import Stored
from allocation.usage.terms import load_terms
from allocation.usage.transcripts.attribution import AgentName
from tests.usage.transcripts import START


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
