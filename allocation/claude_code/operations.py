"""Every write that an event of a hook or a status line leads to. Said twice, nothing is doubled."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Greatest

from allocation.claude_code.events import Event, Origin
from allocation.claude_code.models import HarnessSession, UnsteeredRun
from allocation.claude_code.steering import Verdict, decided_offline, steer
from allocation.decisions.models import Decision
from allocation.decisions.outcomes import observe_decision
from allocation.row_reads import rows_where
from allocation.usage.ingest import store
from allocation.usage.models import UsageRecord
from allocation.usage.tables import among
from allocation.usage.terms import current_terms

# Hearing a session again so soon is not written: most events come in bursts.
HEARD_EVERY = timedelta(seconds=10)
# Claude Code writes a run's transcript within minutes of its end; a run lasts hours at most.
OBSERVED_WITHIN = timedelta(days=2)
# An event that waited longer than this in a queue says nothing that is worth keeping.
QUEUED_AT_MOST = timedelta(days=30)


def receive_event(*, event: Event, origin: Origin, now: datetime) -> Verdict | None:
    """Keep what an event says, and give the verdict where it asks for one."""
    hear_session(event=event, origin=origin, by="hook_at", now=now)
    verdict = None
    if event.is_call and event.unsteered is None:
        verdict = steer(event=event, origin=origin, now=now)
    _keep(event, at=now, now=now)
    return verdict


def receive_queued(
    *, event: Event, origin: Origin, answered: str | None, at: datetime, now: datetime
) -> None:
    """Keep an event that could not be sent when it happened. `answered` is the tier that the
    client answered from what it knew, None for a deferral, "" where it answered nothing."""
    at = min(at, now)
    if at < now - QUEUED_AT_MOST:
        return
    hear_session(event=event, origin=origin, by="hook_at", now=at)
    if event.is_call and event.unsteered is None:
        decided_offline(event=event, origin=origin, answered=answered, at=at, now=now)
    _keep(event, at=at, now=now)


def hear_session(*, event: Event, origin: Origin, by: str, now: datetime) -> None:
    """Keep when a session was last heard. `by` is the column of the way it was heard."""
    if not event.session_id:
        return
    known = next(iter(rows_where(HarnessSession, "session_id = %s", [event.session_id])), None)
    said = {
        "machine": origin.machine,
        "cli_version": origin.cli_version,
        "project": event.project,
    }
    news: dict[str, Any] = {
        name: value
        for name, value in said.items()
        if value and (not known or not getattr(known, name))
    }
    if origin.cli_version:
        news["cli_version"] = origin.cli_version
    if event.name == "SessionEnd":
        news["ended_at"] = now
    elif event.name == "SessionStart" and known and known.ended_at and known.ended_at < now:
        news["ended_at"] = None  # resumed, under the id that it had
    if known is None:
        row = HarnessSession(
            session_id=event.session_id, first_heard=now, last_heard=now, **{by: now}, **news
        )
        HarnessSession.objects.bulk_create([row], ignore_conflicts=True)
        return
    news = {name: value for name, value in news.items() if getattr(known, name) != value}
    heard: datetime | None = getattr(known, by)
    if not news and heard is not None and now - heard < HEARD_EVERY:
        return
    # Events come out of order: a session never goes back to an earlier moment.
    news["last_heard"] = Greatest("last_heard", now)
    news[by] = max(heard or now, now)
    HarnessSession.objects.filter(pk=known.pk).update(**news)


def _keep(event: Event, *, at: datetime, now: datetime) -> None:
    if unsteered := event.unsteered:
        key, agent_type, why = unsteered
        row = UnsteeredRun(
            key=key, at=at, session_id=event.session_id, agent_type=agent_type, why=why
        )
        UnsteeredRun.objects.bulk_create([row], ignore_conflicts=True)
    if event.names or event.calls:
        store([], terms=lambda: current_terms(now), names=event.names, calls=event.calls)
    if event.is_result and event.tool_use_id:
        _observe(event)


def _observe(event: Event) -> None:
    """Lay what a result says to the decision of its call. A background run says it at its start."""
    keys = [event.own_key, event.tool_use_id]
    asked = {row.key: row for row in Decision.objects.filter(key__in=keys)}
    decision = next((asked[key] for key in keys if key in asked), None)
    if decision is None or decision.session_id not in {"", event.session_id}:
        return
    for model in event.models or [""]:
        observe_decision(
            decision=decision,
            model=model,
            session_id=event.session_id,
            agent_id=event.agent_id,
        )


def observe_from_usage(*, now: datetime) -> int:
    """Check decided runs against the models in their usage records; returns how many differed.

    Claude Code before 2.1.174 does not tell a hook which model ran, and behind a gateway another
    model may answer than the one that the hook names. What was counted is the truth.
    """
    lately = Decision.objects.filter(at__gte=now - OBSERVED_WITHIN)
    known = lately.exclude(Q(session_id="") | Q(agent_id=""))
    # Without the frozen inputs and rule paths, which are nearly all of a decision's bytes.
    decisions = list(known.only("session_id", "agent_id", "observed"))
    if not decisions:
        return 0
    records = UsageRecord.objects.filter(
        session_id__in=among(row.session_id for row in decisions),
        agent_id__in=among(row.agent_id for row in decisions),
    ).exclude(agent_id="")
    models: dict[tuple[str, str], list[str]] = {}
    seen = records.order_by().values_list("session_id", "agent_id", "model").annotate(Max("at"))
    for session_id, agent_id, model, _ in sorted(seen, key=lambda row: (row[3], row[2])):
        if model:
            models.setdefault((session_id, agent_id), []).append(model)
    found = 0
    for decision in decisions:
        ran_on = models.get((decision.session_id, decision.agent_id), [])
        if ran_on and decision.observed not in ran_on:
            with transaction.atomic():
                for model in ran_on:
                    row = observe_decision(decision=decision, model=model)
            found += row.observed != decision.observed
    return found
