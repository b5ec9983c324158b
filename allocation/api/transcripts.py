"""What another machine read of its transcripts, counted as if it had been read here."""

from datetime import datetime

from allocation.api.bodies import BodyRefused
from allocation.api.checkpointing import moment, sd_of
from allocation.api.refusals import of_item
from allocation.api.reported import refuse_made_up
from allocation.api.schemas import RequestRead, TranscriptsCounted, TranscriptsRead
from allocation.api.wire import MOST_AT_ONCE
from allocation.policy.errors import RuleError
from allocation.usage.observation import Observation
from allocation.usage.operations import store_history
from allocation.usage.terms import current_terms
from allocation.usage.transcripts.attribution import AgentCall, AgentName


def count(read: TranscriptsRead, *, now: datetime) -> TranscriptsCounted:
    """Store a batch, all of it or nothing: one transaction.

    Raises BodyRefused (413) for too large a batch, Http404 for an SD that does not exist, and
    RuleError for a request that cannot be counted.
    """
    if max(len(read.requests), len(read.names), len(read.calls)) > MOST_AT_ONCE:
        raise BodyRefused(
            413, f"Send at most {MOST_AT_ONCE:,} requests, names and calls at a time."
        )
    sd = sd_of(read.sd) if read.sd else None
    phase = read.phase.value if read.phase else ""
    seen = []
    for number, each in enumerate(read.requests):
        with of_item(f"requests.{number}"):
            seen.append(_seen(each, sd.pk if sd else None, phase))
    stored = store_history(
        seen,
        now=now,
        terms=lambda: current_terms(now),
        names=[
            AgentName(each.session, each.agent, each.sub_agent, each.evidence)
            for each in read.names
        ],
        calls=[
            AgentCall(each.tool_use, each.session, each.sub_agent, each.agent, each.evidence)
            for each in read.calls
        ],
    )
    return TranscriptsCounted(
        new=stored.new,
        improved=stored.improved,
        unchanged=stored.unchanged,
        unknown_models=stored.unknown_models,
        weeks_made=stored.weeks_made,
    )


def _seen(read: RequestRead, sd_id: int | None, phase: str) -> Observation:
    if read.message_id is None and read.request_id is None:
        raise RuleError("A request needs its message_id or its request_id: what else tells it?")
    refuse_made_up(read.message_id, "otlp:", "checkpoint:", "api:")
    at = moment(read.at)
    return Observation(
        message_id=read.message_id,
        request_id=read.request_id,
        source="transcript",
        at=at,
        counted_at=moment(read.counted_at) or at,
        session_id=read.session,
        agent_id=read.agent,
        agent_type=read.sub_agent,
        sidechain=read.sidechain,
        model=read.model,
        output_final=read.final,
        input=read.input,
        output=read.output,
        cache_write_5m=read.cache_write_5m,
        cache_write_1h=read.cache_write_1h,
        cache_read=read.cache_read,
        sd_id=sd_id,
        phase=phase,
    )
