"""Where all sources meet: what was seen of requests becomes one record for each.

One transaction for a batch, one writer at a time. The rule by which two sights of a request are
one is `observation.merge`; the one by which a sight belongs to a record, `identity`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from operator import not_
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
from allocation.usage.roll_ups import update_roll_ups
from allocation.usage.rows import FIELDS, FLAGS, columns_of
from allocation.usage.sights import Sights
from allocation.usage.stored import Stored
from allocation.usage.tables import (
    Columns,
    Row,
    add_and_change,
    among,
    lock,
    moment_of,
    read,
)
from allocation.usage.terms import Terms
from allocation.usage.transcripts.attribution import AgentCall, AgentName
from allocation.usage.unnamed import settle

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_TABLE = UsageRecord._meta.db_table
_Told = TypeVar("_Told", AgentName, AgentCall)
_decode = msgspec.json.Decoder(Answer).decode


def store(
    observations: Iterable[Observation],
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
    sights = _dated(_shown(Sights.of(observations)))
    with transaction.atomic():
        lock()
        hold = terms()
        sights, hours = settle(sights)
        renamed = learn(_shown_names(names), _shown_names(calls))
        hours |= _rename(renamed, hold.registry)
        batch = _Batch(sights)
        changed, added = batch.write(hold)
        update_roll_ups(added, changed=hours | changed)
    return batch.stored


def _shown(sights: Sights) -> Sights:
    """The same with names that pages can show: what nobody sees in them is replaced."""
    if all(map(str.isprintable, {*sights.agent_type, *sights.model})):
        return sights  # nearly always
    return sights.having(
        agent_type=[*map(safe, sights.agent_type)], model=[*map(safe, sights.model)]
    )


def _shown_names(told: Sequence[_Told]) -> Sequence[_Told]:
    return [
        each
        if each.agent_type.isprintable()
        else msgspec.structs.replace(each, agent_type=safe(each.agent_type))
        for each in told
    ]


def _dated(sights: Sights) -> Sights:
    """The same with moments that have a day in every zone: of others no page could write it."""
    moments = (sights.at, sights.counted_at)
    if not sights or (min(map(min, moments)) >= _FIRST and max(map(max, moments)) <= _LAST):
        return sights  # nearly always
    at, counted_at = ([min(max(each, _FIRST), _LAST) for each in column] for column in moments)
    return sights.having(at=at, counted_at=counted_at)


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

    def __init__(self, sights: Sights) -> None:
        self.stored = Stored()
        self._identities = Identities()
        self._identities.add(_known(sights))
        self._alone = sights  # of these requests nothing else is known or seen
        met = self._identities.ids() | _met_twice(sights.message_id) | _met_twice(sights.request_id)
        if met:
            alone = [
                message_id not in met and request_id not in met
                for message_id, request_id in zip(sights.message_id, sights.request_id, strict=True)
            ]
            self._alone = sights.only(alone)
            for seen in sights.only([*map(not_, alone)]):
                self._identities.lay(seen)

    def write(self, terms: Terms) -> tuple[set[datetime], Columns]:
        """Store what is new or changed; the hours that lose or change a record, and new rows."""
        entries = self._identities.entries.values()
        new = self._alone + Sights.of(entry.now for entry in entries if entry.before is None)
        known = [
            (entry.pk, entry.before, entry.now)
            for entry in entries
            if entry.pk is not None and entry.before is not None
        ]
        changed = [(pk, before, now) for pk, before, now in known if before != now]
        hours = self._drop_joined()
        hours.update(hour_of(seen.at) for _, *sights in changed for seen in sights)
        columns = columns_of(new + Sights.of(now for _, _, now in changed), terms)
        added = [column[: len(new)] for column in columns]
        rows = zip(*(column[len(new) :] for column in columns), strict=True)
        add_and_change(added, [(pk, row) for (pk, _, _), row in zip(changed, rows, strict=True)])
        _keep_others([entry for entry in entries if entry.others != entry.known_others])
        self.stored.new = len(new)
        self.stored.improved = sum(_improves(before, now) for _, before, now in changed)
        self.stored.unchanged = len(known) - self.stored.improved
        self.stored.unknown_models = Counter(
            {
                model: count
                for model, count in Counter(new.model).items()
                if not terms.book.knows(model)
            }
        )
        return hours, added

    def _drop_joined(self) -> set[datetime]:
        stored = [entry for entry in self._identities.joined if entry.before is not None]
        if stored:
            UsageRecord.objects.filter(pk__in=among(entry.pk for entry in stored)).delete()
        return {hour_of(entry.before.at) for entry in stored if entry.before is not None}


def _met_twice(ids: Sequence[str | None]) -> set[str | None]:
    """The ids that more than one sight has."""
    known = [*filter(None, ids)]
    if len({*known}) == len(known):
        return set()  # nearly always
    return {one for one, times in Counter(known).items() if times > 1}


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


def _known(sights: Sights) -> list[Entry]:
    """The records that the sights may belong to, and all that share a request id with one."""
    messages = [*filter(None, sights.message_id)]
    requests = [*filter(None, sights.request_id)]
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
