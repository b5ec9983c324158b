"""What another machine read of its transcripts, counted as if it had been read here."""

from datetime import datetime

from django.db import transaction

from allocation.api.bodies import BodyRefused
from allocation.api.checkpointing import moment, sd_of
from allocation.api.reported import refuse_made_up
from allocation.api.schemas import RequestRead, TranscriptsCounted, TranscriptsRead
from allocation.api.wire import MOST_AT_ONCE
from allocation.budgets.operations import ensure_weeks
from allocation.budgets.weeks import LONG_AGO
from allocation.policy.errors import RuleError
from allocation.usage.ingest import store
from allocation.usage.observation import Observation
from allocation.usage.operations import not_ahead
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
    seen = not_ahead([_seen(each, sd.pk if sd else None, phase) for each in read.requests], now)
    with transaction.atomic():
        # History without a week would have no limit to be judged by. Before usage takes its turn,
        # as everywhere (directives.locks).
        # One that a wrong clock laid to 1970 makes none.
        moments = [each.at for each in seen if each.at >= LONG_AGO]
        made = ensure_weeks(since=min(moments), now=now) if moments else 0
        stored = store(
            seen,
            terms=current_terms(now),
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
        weeks_made=made,
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
