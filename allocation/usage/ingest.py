"""Where all sources meet: what was seen of requests becomes one record for each.

One transaction for a batch, one writer at a time. The rule by which two sights of a request are
one is `observation.merge`; here it is found out which record a sight belongs to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction

from allocation.usage.agents import AgentKey, agent_types, learn
from allocation.usage.models import UsageRecord
from allocation.usage.names import Registry
from allocation.usage.observation import Answer, Observation, merge
from allocation.usage.stored import Stored
from allocation.usage.tables import (
    Row,
    add_and_change,
    among,
    hour_of,
    hour_stored,
    lock,
    moment_of,
    read,
    stored,
    update_roll_ups,
)
from allocation.usage.terms import Terms
from allocation.usage.transcripts.attribution import AgentCall, AgentName
from allocation.usage.unnamed import settle

__all__ = ["Observation", "Stored", "store"]

_FIELDS = Observation.__struct_fields__
_FLAGS = ("sidechain", "output_final", "estimated", "answered")  # numbers on SQLite
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Answer).decode


@dataclass(slots=True)
class _Entry:
    """A record while a batch is put together: as it stands in the database, and as it will."""

    pk: int | None
    before: Observation | None
    now: Observation


def store(
    observations: Sequence[Observation],
    *,
    terms: Terms,
    names: Iterable[AgentName] = (),
    calls: Sequence[AgentCall] = (),
) -> Stored:
    """Store a batch of sights, and of evidence for the names of agents, in one transaction.

    Roll-ups go with it: what is new is added to them, and every hour that loses or changes a
    record is made anew. The order and the number of times that sights come in make no difference.
    """
    with transaction.atomic():
        lock()
        observations, hours = settle(observations)
        renamed = learn(names, calls)
        hours |= _rename(renamed, terms.registry)
        batch = _Batch(observations)
        changed, added = batch.write(terms)
        update_roll_ups(added, changed=hours | changed)
    return batch.stored


def _rename(renamed: dict[AgentKey, str], registry: Registry) -> set[datetime]:
    """Give stored records of agents their names; the hours that this touches."""
    if not renamed:
        return set()
    stored = read(
        "DISTINCT session_id, agent_id",
        UsageRecord._meta.db_table,
        {
            "session_id": [session_id for session_id, _ in renamed],
            "agent_id": [agent_id for _, agent_id in renamed],
        },
        also="NOT (agent_id = '')",
    )
    hours: set[datetime] = set()
    for session_id, agent_id in stored:
        agent_type = renamed.get((session_id, agent_id))
        if agent_type is not None:
            # Said as the index of agents says it, or SQLite does not take that.
            named = UsageRecord.objects.exclude(agent_id="")
            records = named.filter(session_id=session_id, agent_id=agent_id)
            hours.update(records.values_list("hour", flat=True).distinct().order_by())
            records.update(
                agent_type=agent_type, sub_agent=registry.sub_agent(agent_type, sidechain=True)
            )
    return hours


class _Batch:
    """Sights of requests, each laid to the record that it belongs to."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        self.stored = Stored()
        self._entries: dict[int, _Entry] = {}  # by identity: records are told apart, not compared
        self._by_message: dict[str, _Entry] = {}
        self._by_request: dict[str, _Entry] = {}
        self._joined: list[_Entry] = []
        for entry in _known(observations):
            self._index(entry)
        for seen in observations:
            self._lay(seen)

    def _index(self, entry: _Entry) -> None:
        self._entries[id(entry)] = entry
        if entry.now.message_id:
            self._by_message[entry.now.message_id] = entry
        if entry.now.request_id:
            self._by_request[entry.now.request_id] = entry

    def _lay(self, seen: Observation) -> None:
        entry = self._by_message.get(seen.message_id) if seen.message_id else None
        twin = self._by_request.get(seen.request_id) if seen.request_id else None
        if twin is not None and twin is not entry and seen.message_id and twin.now.message_id:
            # Another message of the same request id: that one keeps the id, this goes without.
            seen, twin = msgspec.structs.replace(seen, request_id=None), None
        if entry is not None and twin is not None and twin is not entry:
            # Two records, one known by its message, one by its request: now they are one.
            self._join(entry, twin)
        entry = entry or twin
        if entry is None:
            self._index(_Entry(None, None, seen))
            return
        merged = merge(entry.now, seen)
        if merged is not entry.now:
            entry.now = merged
            self._index(entry)

    def _join(self, entry: _Entry, twin: _Entry) -> None:
        entry.now = merge(entry.now, twin.now)
        del self._entries[id(twin)]
        self._joined.append(twin)
        self._index(entry)  # from now on it goes by the ids of both

    def write(self, terms: Terms) -> tuple[set[datetime], list[Row]]:
        """Store what is new or changed; the hours that lose or change a record, and new rows."""
        entries = self._entries.values()
        types = agent_types((e.now.session_id, e.now.agent_id) for e in entries if e.now.agent_id)
        hours = self._drop_joined()
        added: list[Row] = []
        changed: list[tuple[int, Row]] = []
        row_of = _Rows(types, terms).row
        for entry in entries:
            if entry.before == entry.now:
                self.stored.unchanged += 1
            elif entry.pk is None or entry.before is None:
                added.append(row_of(entry.now))
                if not terms.book.knows(entry.now.model):
                    self.stored.unknown_models[entry.now.model] += 1
            else:
                hours |= {hour_of(entry.now.at), hour_of(entry.before.at)}
                changed.append((entry.pk, row_of(entry.now)))
                self.stored.improved += _improves(entry.before, entry.now)
        add_and_change(added, changed)
        self.stored.new = len(added)
        self.stored.unchanged += len(changed) - self.stored.improved
        return hours, added

    def _drop_joined(self) -> set[datetime]:
        stored = [entry for entry in self._joined if entry.before is not None]
        if stored:
            UsageRecord.objects.filter(pk__in=among(entry.pk for entry in stored)).delete()
        return {hour_of(entry.before.at) for entry in stored if entry.before is not None}


def _improves(before: Observation, now: Observation) -> bool:
    """Whether anything changed but the moment of an equal sight, which is kept for the next tie."""
    return msgspec.structs.replace(before, counted_at=now.counted_at) != now


def _known(observations: Sequence[Observation]) -> list[_Entry]:
    """The records that the sights may belong to."""
    rows = read(
        ", ".join(("id", *_FIELDS)),
        UsageRecord._meta.db_table,
        {
            "message_id": [seen.message_id for seen in observations],
            "request_id": [seen.request_id for seen in observations],
        },
        joined="OR",
    )
    entries = []
    for pk, *values in rows:
        fields = dict(zip(_FIELDS, values, strict=True))
        fields["at"] = moment_of(fields["at"])
        fields["counted_at"] = moment_of(fields["counted_at"] or fields["at"])
        fields["answer"] = _decode(fields["answer"]) if fields["answer"] else None
        fields.update({flag: bool(fields[flag]) for flag in _FLAGS})
        known = Observation(**fields)
        entries.append(_Entry(pk, known, known))
    return entries


class _Rows:
    """Makes rows of records, as tables.COLUMNS has them."""

    def __init__(self, types: Mapping[AgentKey, str], terms: Terms) -> None:
        self._types = types
        self._terms = terms
        self._moment = stored()
        self._hour = hour_stored()

    def row(self, seen: Observation) -> Row:
        agent_type = seen.agent_type
        if seen.agent_id:
            agent_type = self._types.get((seen.session_id, seen.agent_id)) or agent_type
        at = self._moment(seen.at)
        return (
            seen.message_id,
            seen.request_id,
            seen.source,
            at,
            self._moment(seen.counted_at) if seen.counted_at != seen.at else None,
            self._hour(at),
            seen.session_id,
            seen.agent_id,
            agent_type,
            int(seen.sidechain),
            self._terms.registry.sub_agent(agent_type, sidechain=seen.sidechain),
            seen.sd_id,
            seen.phase,
            seen.model,
            seen.tier,
            int(self._terms.is_long(seen.model, seen.at.date(), seen.prompt)),
            int(seen.output_final),
            seen.input,
            seen.output,
            seen.cache_write_5m,
            seen.cache_write_1h,
            seen.cache_read,
            seen.unsplit,
            int(seen.estimated),
            int(seen.answered),
            "" if seen.answer is None else _encode(seen.answer).decode(),
        )
