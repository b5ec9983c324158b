"""Which sights are of one request.

- Those of one message are.
- Those of one request id are, if telemetry is among them or a sight that knows the request id
  alone: who tells of requests and not of messages tells of each once, whatever came of it.
- Transcripts alone do not make one request of two messages, for there are gateways that give out
  the same request id again and again.

A further sight can join records by this and never parts any, so its turn makes no difference.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from allocation.usage.models import RecordId
from allocation.usage.observation import Observation, merge

Id = tuple[str, str]  # kind and value, as RecordId has them
_ALONE: Id = (RecordId.ALONE, "")


@dataclass(slots=True, eq=False)
class Entry:
    """A record while a batch is put together: as it stands in the database, and as it will.

    `others` are its RecordIds, `known_others` those that it has already.
    """

    pk: int | None
    before: Observation | None
    now: Observation
    others: frozenset[Id] = frozenset()
    known_others: frozenset[Id] = frozenset()

    @property
    def is_request(self) -> bool:
        """Whether it was told of as a request, so that no other record has a request id of it."""
        return self.now.source == "otlp" or not self.now.message_id or _ALONE in self.others

    def requests(self) -> Iterator[str]:
        """Every request id by which it is known."""
        if self.now.request_id:
            yield self.now.request_id
        yield from (value for kind, value in self.others if kind == RecordId.REQUEST)

    def messages(self) -> Iterator[str]:
        """Every message id by which it is known."""
        if self.now.message_id:
            yield self.now.message_id
        yield from (value for kind, value in self.others if kind == RecordId.MESSAGE)

    def take(self, seen: Observation, others: frozenset[Id] = frozenset()) -> None:
        """Merge a sight, or another record with its other ids, into this one."""
        before, self.now = self.now, merge(self.now, seen)
        if others or (before.message_id, before.request_id) != (seen.message_id, seen.request_id):
            self.others = self._others(before, seen) | others

    def _others(self, before: Observation, seen: Observation) -> frozenset[Id]:
        now = self.now
        kept = {*self.others}
        for sight in (before, seen):
            if sight.message_id and sight.message_id != now.message_id:
                kept.add((RecordId.MESSAGE, sight.message_id))
            if sight.request_id and sight.request_id != now.request_id:
                kept.add((RecordId.REQUEST, sight.request_id))
            if not sight.message_id and now.message_id and now.source != "otlp":
                kept.add(_ALONE)
        return frozenset(kept)


@dataclass(slots=True)
class Identities:
    """Records by their ids, to which sights are laid. `joined` are those that went into others."""

    entries: dict[int, Entry] = field(default_factory=dict)  # told apart, and not compared
    joined: list[Entry] = field(default_factory=list)
    _by_message: dict[str, Entry] = field(default_factory=dict)
    _by_request: dict[str, Entry] = field(default_factory=dict)  # one of them
    _sharing: dict[str, dict[int, Entry]] = field(default_factory=dict)  # all, where more than one

    def add(self, known: Iterable[Entry]) -> None:
        """Add what the database has: every record with a request id of one of them is among it."""
        for entry in known:
            self.entries[id(entry)] = entry
            for message_id in entry.messages():
                self._by_message[message_id] = entry
            for request_id in entry.requests():
                self._claim(request_id, entry)

    def ids(self) -> set[str | None]:
        """Every id by which one of them is known."""
        return {*self._by_message, *self._by_request}

    def lay(self, seen: Observation) -> None:
        """Lay a sight to the record that it belongs to, or make it one."""
        message_id, request_id = seen.message_id, seen.request_id
        entry = self._by_message.get(message_id) if message_id else None
        if entry is None and request_id:
            entry = self._by_request.get(request_id)
            if entry and message_id and seen.source != "otlp" and not entry.is_request:
                entry = None  # another message of the same request id
        if entry is None:
            entry = Entry(None, None, seen)
            self.entries[id(entry)] = entry
        else:
            entry.take(seen)
        if message_id:
            self._by_message[message_id] = entry
        if request_id:
            self._claim(request_id, entry)
        if self._sharing:
            self._join_all(entry)

    def _claim(self, request_id: str, entry: Entry) -> None:
        first = self._by_request.setdefault(request_id, entry)
        if first is not entry:
            sharing = self._sharing.setdefault(request_id, {id(first): first})
            sharing[id(entry)] = entry

    def _join_all(self, entry: Entry) -> None:
        """Join with a record what now belongs to it, and what belongs to it by that."""
        while other := self._twin(entry):
            if entry.pk is None:
                entry, other = other, entry
            self._join(entry, other)

    def _twin(self, entry: Entry) -> Entry | None:
        for request_id in entry.requests():
            # One that was told of as a request would be alone with it until now: to look at one
            # of the others is enough.
            for other in self._sharing.get(request_id, {}).values():
                if other is not entry:
                    if entry.is_request or other.is_request:
                        return other
                    break
        return None

    def _join(self, entry: Entry, twin: Entry) -> None:
        messages, requests = [*twin.messages()], [*twin.requests()]
        entry.take(twin.now, twin.others)
        del self.entries[id(twin)]
        self.joined.append(twin)
        self._by_message.update(dict.fromkeys(messages, entry))
        for request_id in requests:
            sharing = self._sharing.pop(request_id, {})
            sharing.pop(id(twin), None)
            sharing[id(entry)] = entry
            self._by_request[request_id] = entry
            if len(sharing) > 1:
                self._sharing[request_id] = sharing
