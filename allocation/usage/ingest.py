"""Where all sources meet: what was seen of requests becomes one record for each.

One transaction for a batch, one writer at a time. The rule by which two sights of a request are
one is `observation.merge`; the one by which a sight belongs to a record, `identity`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from django.db import transaction

from allocation.policy.plain import safe
from allocation.policy.weeks import hour_of
from allocation.usage.agents import AgentKey, learn
from allocation.usage.identity import Entry, Id, Identities
from allocation.usage.models import RecordId, UsageRecord
from allocation.usage.names import Registry
from allocation.usage.observation import Answer, Observation
from allocation.usage.rows import FIELDS, FLAGS, rows_of
from allocation.usage.stored import Stored
from allocation.usage.tables import (
    Row,
    add_and_change,
    among,
    lock,
    moment_of,
    read,
    update_roll_ups,
)
from allocation.usage.terms import Terms
from allocation.usage.transcripts.attribution import AgentCall, AgentName
from allocation.usage.unnamed import settle

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_MOMENTS = attrgetter("at"), attrgetter("counted_at")
_NAMES = ("agent_type", "model")
_TABLE = UsageRecord._meta.db_table
_Seen = TypeVar("_Seen", Observation, AgentName, AgentCall)
_decode = msgspec.json.Decoder(Answer).decode


def store(
    observations: Sequence[Observation],
    *,
    terms: Callable[[], Terms],
    names: Sequence[AgentName] = (),
    calls: Sequence[AgentCall] = (),
) -> Stored:
    """Store a batch of sights, and of evidence for the names of agents, in one transaction.

    Roll-ups go with it: what is new is added to them, and every hour that loses or changes a
    record is made anew. The order and the number of times that sights come in make no difference.
    `terms` are asked for when it is our turn: whoever edits them, and has records follow, may have
    it before us.
    """
    observations = _dated(_shown(observations))
    with transaction.atomic():
        lock()
        hold = terms()
        observations, hours = settle(observations)
        renamed = learn(_shown(names), _shown(calls))
        hours |= _rename(renamed, hold.registry)
        batch = _Batch(observations)
        changed, added = batch.write(hold)
        update_roll_ups(added, changed=hours | changed)
    return batch.stored


def _shown(sights: Sequence[_Seen]) -> Sequence[_Seen]:
    """The same with names that pages can show: what nobody sees in them is replaced."""
    told = {seen.agent_type for seen in sights}
    told.update(seen.model for seen in sights if isinstance(seen, Observation))
    if all(map(str.isprintable, told)):
        return sights  # nearly always
    return [
        msgspec.structs.replace(
            seen,
            **{name: safe(getattr(seen, name)) for name in _NAMES if hasattr(seen, name)},
        )
        for seen in sights
    ]


def _dated(sights: Sequence[Observation]) -> Sequence[Observation]:
    """The same with moments that have a day in every zone: of others no page could write it."""
    moments = [moment for of in _MOMENTS for moment in map(of, sights)]
    if not moments or (min(moments) >= _FIRST and max(moments) <= _LAST):
        return sights  # nearly always
    return [
        msgspec.structs.replace(
            seen,
            at=min(max(seen.at, _FIRST), _LAST),
            counted_at=min(max(seen.counted_at, _FIRST), _LAST),
        )
        for seen in sights
    ]


def _rename(renamed: dict[AgentKey, str], registry: Registry) -> set[datetime]:
    """Give stored records of agents their names; the hours that this touches."""
    if not renamed:
        return set()
    stored = read(
        "DISTINCT session_id, agent_id",
        _TABLE,
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
        self._identities = Identities()
        self._identities.add(_known(observations))
        self._alone: list[Observation] = []  # nothing else is known or seen of these requests
        met = self._identities.ids() | _met_twice(observations)
        for seen in observations:
            if seen.message_id in met or seen.request_id in met:
                self._identities.lay(seen)
            else:
                self._alone.append(seen)

    def write(self, terms: Terms) -> tuple[set[datetime], list[Row]]:
        """Store what is new or changed; the hours that lose or change a record, and new rows."""
        entries = self._identities.entries.values()
        new = [*self._alone, *(entry.now for entry in entries if entry.before is None)]
        known = [
            (entry.pk, entry.before, entry.now)
            for entry in entries
            if entry.pk is not None and entry.before is not None
        ]
        changed = [(pk, before, now) for pk, before, now in known if before != now]
        hours = self._drop_joined()
        hours.update(hour_of(seen.at) for _, *sights in changed for seen in sights)
        rows = rows_of([*new, *(now for _, _, now in changed)], terms)
        added = rows[: len(new)]
        pks = [pk for pk, _, _ in changed]
        add_and_change(added, [*zip(pks, rows[len(new) :], strict=True)])
        _keep_others([entry for entry in entries if entry.others != entry.known_others])
        self.stored.new = len(new)
        self.stored.improved = sum(_improves(before, now) for _, before, now in changed)
        self.stored.unchanged = len(known) - self.stored.improved
        self.stored.unknown_models = Counter(
            seen.model for seen in new if not terms.book.knows(seen.model)
        )
        return hours, added

    def _drop_joined(self) -> set[datetime]:
        stored = [entry for entry in self._identities.joined if entry.before is not None]
        if stored:
            UsageRecord.objects.filter(pk__in=among(entry.pk for entry in stored)).delete()
        return {hour_of(entry.before.at) for entry in stored if entry.before is not None}


def _met_twice(observations: Sequence[Observation]) -> set[str | None]:
    """The ids that more than one of the sights has."""
    met: set[str | None] = set()
    for kind in ("message_id", "request_id"):
        times = Counter(map(attrgetter(kind), observations))
        if len(times) < len(observations):  # hardly ever
            met.update(one for one, count in times.items() if count > 1 and one)
    return met


def _improves(before: Observation, now: Observation) -> bool:
    """Whether anything changed but the moment of an equal sight, which is kept for the next tie."""
    return msgspec.structs.replace(before, counted_at=now.counted_at) != now


def _keep_others(entries: Sequence[Entry]) -> None:
    """Store the other ids of records. Hardly ever does one get any."""
    if not entries:
        return
    # By their messages: new ones have no number yet, and none has others without a message.
    of = dict(
        UsageRecord.objects.filter(
            message_id__in=among(entry.now.message_id for entry in entries)
        ).values_list("message_id", "pk")
    )
    RecordId.objects.bulk_create(
        RecordId(record_id=of[entry.now.message_id], kind=kind, value=value)
        for entry in entries
        for kind, value in sorted(entry.others - entry.known_others)
    )


def _known(observations: Sequence[Observation]) -> list[Entry]:
    """The records that the sights may belong to, and all that share a request id with one."""
    messages = [seen.message_id for seen in observations if seen.message_id]
    requests = [seen.request_id for seen in observations if seen.request_id]
    asked = {*requests}
    any_others = RecordId.objects.exists()
    known: list[Entry] = []
    while messages or requests:
        rows = _stored_by("message_id", messages) | _stored_by("request_id", requests)
        if any_others:
            ids = read("record_id", RecordId._meta.db_table, {"value": messages + requests})
            rows |= _stored_by("id", [pk for (pk,) in ids])
        found = [_entry(*row) for row in rows.values()]
        if any_others:
            _add_others(found)
        known += found
        messages = []
        requests = [one for each in found for one in each.requests() if one not in asked]
        asked |= {*requests}
    return [*{entry.pk: entry for entry in known}.values()]


def _add_others(entries: Iterable[Entry]) -> None:
    others: dict[int | None, set[Id]] = defaultdict(set)
    pks = (entry.pk for entry in entries)
    for pk, kind, value in read(
        "record_id, kind, value", RecordId._meta.db_table, {"record_id": pks}
    ):
        others[pk].add((kind, value))
    for entry in entries:
        entry.others = entry.known_others = frozenset(others.get(entry.pk, ()))


def _stored_by(column: str, values: Sequence[Any]) -> dict[int, Row]:
    """The rows of records that have one of the values in a column, by their ids."""
    if not values:
        return {}
    columns = ", ".join(("id", *FIELDS))
    return {row[0]: row for row in read(columns, _TABLE, {column: values})}


def _entry(pk: int, *row: Any) -> Entry:
    fields = dict(zip(FIELDS, row, strict=True))
    fields["at"] = moment_of(fields["at"])
    fields["counted_at"] = moment_of(fields["counted_at"] or fields["at"])
    fields["answer"] = _decode(fields["answer"]) if fields["answer"] else None
    fields.update({flag: bool(fields[flag]) for flag in FLAGS})
    known = Observation(**fields)
    return Entry(pk, known, known)
