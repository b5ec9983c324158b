"""Requests that telemetry tells of without their id, and how they are not counted twice.

CLI versions before 2.1.197 send `api_request` events with neither a request id nor an agent. Such
a sight gets a key of its own, made of everything the event says (allocation.api.otlp), so the same
batch twice counts once. The same request may stand in a transcript too, under its real id:

- While the session has no transcript, its unnamed sights are counted as they are.
- As soon as it has one, each unnamed sight is laid to the transcript's record with the same prompt
  counts that is nearest in time, once and for good. It improves that record: the transcripts of
  those versions do not know the final output. The transcript says which agent it was.
- A sight that fits no record is then not counted. Rather too little than twice: the transcript
  will have it when the rest of it is read.

Which comes first, and how often, makes no difference.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import not_

import msgspec

from allocation.usage.models import UnnamedRequest, UsageRecord
from allocation.usage.observation import UNNAMED, Observation
from allocation.usage.sights import Sights
from allocation.usage.tables import among, read

# The event and the last line of the transcript are written within a second or so of each other.
WITHIN = timedelta(minutes=5)

_PLACED = (
    "message_id", "request_id", "session_id", "agent_id", "agent_type", "sidechain", "model", "at",
    "input", "cache_write_5m", "cache_write_1h", "cache_read",
)  # fmt: skip
_decode = msgspec.json.Decoder(Observation).decode
Hours = set[datetime]


def settle(sights: Sights) -> tuple[Sights, Hours]:
    """The sights to count, and the hours that lose a record because it has a better one now.

    Call it in the transaction that stores them. Costs one query where no sight is unnamed.
    """
    unnamed = [*map(is_unnamed, sights.message_id)]
    incoming = {seen.message_id: seen for seen in sights.only(unnamed)} if any(unnamed) else {}
    _keep(incoming.values())
    sessions = {*sights.session_id}
    if not read("1", UnnamedRequest._meta.db_table, {"session_id": sessions}):
        return sights, set()
    rows = list(UnnamedRequest.objects.filter(session_id__in=among(sessions)).order_by("key"))
    named = [*sights.only([*map(not_, unnamed)])]
    known = _transcripts(named, {row.session_id for row in rows})
    found = _link(rows, known)
    counted = list(named)
    superseded = []
    for row in rows:
        record = known[row.session_id].get(row.message_id or "")
        if row.key in found or (record and row.key in incoming):
            if record:
                counted.append(_laid_to(_decode(row.sight), record))
        elif row.key in incoming and not known[row.session_id] and not row.message_id:
            counted.append(_decode(row.sight))
        if known[row.session_id] or row.message_id:
            superseded.append(row.key)
    return Sights.of(counted), _drop(superseded)


def is_unnamed(message_id: str | None) -> bool:
    """Whether a message id is a key that was made up for want of one."""
    return message_id is not None and message_id.startswith(UNNAMED)


def _keep(incoming: Iterable[Observation]) -> None:
    rows = [
        UnnamedRequest(
            key=seen.message_id or "",
            session_id=seen.session_id,
            sight=msgspec.json.encode(seen).decode(),
        )
        for seen in incoming
    ]
    if rows:
        UnnamedRequest.objects.bulk_create(rows, ignore_conflicts=True)


def _transcripts(
    named: Iterable[Observation], sessions: set[str]
) -> dict[str, dict[str, Observation]]:
    """What transcripts say of these sessions, by session and message id."""
    known: dict[str, dict[str, Observation]] = defaultdict(dict)
    records = UsageRecord.objects.filter(
        session_id__in=among(sessions), message_id__isnull=False, source__in=("transcript", "otlp")
    )
    for values in records.order_by().values(*_PLACED):
        if not is_unnamed(values["message_id"]):
            seen = Observation(source="transcript", counted_at=values["at"], **values)
            known[seen.session_id][values["message_id"]] = seen
    for seen in named:
        if seen.source == "transcript" and seen.message_id and seen.session_id in sessions:
            known[seen.session_id].setdefault(seen.message_id, seen)
    return known


def _link(rows: Sequence[UnnamedRequest], known: dict[str, dict[str, Observation]]) -> set[str]:
    """Lay each sight that has no record yet to the nearest that fits; the keys of those."""
    taken = {row.message_id for row in rows if row.message_id}
    changed = []
    for row in rows:
        records = known[row.session_id]
        if row.message_id or not records:
            continue
        seen = _decode(row.sight)
        fitting = [
            (record.model != seen.model, abs(record.at - seen.at), message_id)
            for message_id, record in records.items()
            if message_id not in taken and _prompt(record) == _prompt(seen)
        ]
        _, apart, message_id = min(fitting, default=(False, WITHIN * 2, ""))
        if apart <= WITHIN:
            row.message_id = message_id
            taken.add(message_id)
            changed.append(row)
    UnnamedRequest.objects.bulk_update(changed, ["message_id"])
    return {row.key for row in changed}


def _prompt(seen: Observation) -> tuple[int, int, int]:
    return seen.input, seen.cache_write_5m + seen.cache_write_1h, seen.cache_read


def _laid_to(seen: Observation, record: Observation) -> Observation:
    return msgspec.structs.replace(
        seen,
        message_id=record.message_id,
        request_id=record.request_id,
        agent_id=record.agent_id,
        agent_type=record.agent_type,
        sidechain=record.sidechain,
    )


def _drop(keys: Sequence[str]) -> Hours:
    """Take records back that were counted under a key; the hours that lose one."""
    if not keys:
        return set()
    records = UsageRecord.objects.filter(message_id__in=among(keys))
    hours = set(records.values_list("hour", flat=True).order_by())
    if hours:
        records.delete()
    return hours
