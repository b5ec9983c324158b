"""Keeps what is known of the names behind agent ids."""

from collections.abc import Iterable, Sequence

from allocation.usage.models import AgentCall, AgentRun
from allocation.usage.tables import among, read
from allocation.usage.transcripts import attribution
from allocation.usage.transcripts.attribution import AgentName

AgentKey = tuple[str, str]  # session id, agent id


def learn(
    names: Iterable[AgentName], calls: Sequence[attribution.AgentCall]
) -> dict[AgentKey, str]:
    """Store new evidence; give back the agent types that it changed, by session and agent.

    Of two names the one of less doubt stays. Call it in a transaction.
    """
    best: dict[AgentKey, AgentName] = {}
    for name in (*names, *_complete(calls)):
        key = (name.session_id, name.agent_id)
        if key not in best or name.doubt < best[key].doubt:
            best[key] = name
    known = _runs(best)
    surer = {
        key: name for key, name in best.items() if key not in known or name.doubt < known[key].doubt
    }
    AgentRun.objects.bulk_create(
        [
            AgentRun(
                session_id=name.session_id,
                agent_id=name.agent_id,
                agent_type=name.agent_type,
                evidence=name.evidence,
            )
            for name in surer.values()
        ],
        update_conflicts=True,
        unique_fields=["session_id", "agent_id"],
        update_fields=["agent_type", "evidence"],
    )
    return {
        key: name.agent_type
        for key, name in surer.items()
        if key not in known or known[key].agent_type != name.agent_type
    }


def agent_types(keys: Iterable[AgentKey]) -> dict[AgentKey, str]:
    """The types of those agents that are known."""
    return {key: name.agent_type for key, name in _runs(keys).items()}


def _runs(keys: Iterable[AgentKey]) -> dict[AgentKey, AgentName]:
    """The names of those that are known."""
    wanted = set(keys)
    if not wanted:
        return {}
    rows = read(
        "session_id, agent_id, agent_type, evidence",
        AgentRun._meta.db_table,
        {
            "session_id": [session_id for session_id, _ in wanted],
            "agent_id": [agent_id for _, agent_id in wanted],
        },
    )
    return {
        (session_id, agent_id): AgentName(session_id, agent_id, *told)
        for session_id, agent_id, *told in rows
    }


def _complete(calls: Sequence[attribution.AgentCall]) -> list[AgentName]:
    """Store the halves of calls that are new, and give the names of those that are whole."""
    if not calls:
        return []
    known = {
        row.tool_use_id: attribution.AgentCall(
            row.tool_use_id, row.session_id, row.agent_type, row.agent_id, row.evidence
        )
        for row in AgentCall.objects.filter(
            tool_use_id__in=among(call.tool_use_id for call in calls)
        )
    }
    joined = {
        call.tool_use_id: known[call.tool_use_id].joined(call)
        if call.tool_use_id in known
        else call
        for call in calls
    }
    AgentCall.objects.bulk_create(
        [
            AgentCall(
                tool_use_id=call.tool_use_id,
                session_id=call.session_id,
                agent_type=call.agent_type,
                agent_id=call.agent_id,
                evidence=call.evidence,
            )
            for call in joined.values()
            if known.get(call.tool_use_id) != call
        ],
        update_conflicts=True,
        unique_fields=["tool_use_id"],
        update_fields=["session_id", "agent_type", "agent_id", "evidence"],
    )
    return [name for call in joined.values() if (name := call.name)]
