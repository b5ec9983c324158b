"""One sight of one API request, and the rule by which several sights become one record.

No Django here: the processes that read transcripts import this module and little else.
"""

from datetime import datetime

import msgspec

# Who is trusted more when two sources saw the same request.
TRUST = {"manual": 0, "api": 1, "transcript": 2, "otlp": 3}

# Begins the message id of a request whose source knows none (allocation.usage.unnamed).
UNNAMED = "otlp:"

# No request has a trillion tokens. The bound keeps every sum within 64 bits.
MOST_TOKENS = 10**12


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a source saw of one API request. Counts are tokens; moments are UTC.

    `at` is when the request was first seen, `counted_at` when the sight was written that the
    counts come from. `sidechain` is true of sub-agents and false of the main thread; `agent_type`
    is the name that the harness gave, where the sight itself tells it. `estimated` counts were
    guessed from characters. `answered` says that the model is the one that answered, not only the
    one that was asked for.
    """

    message_id: str | None
    request_id: str | None
    source: str
    at: datetime
    counted_at: datetime
    session_id: str = ""
    agent_id: str = ""
    agent_type: str = ""
    sidechain: bool = False
    model: str = ""
    tier: str = ""
    output_final: bool = True
    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    unsplit: int = 0
    sd_id: int | None = None
    phase: str = ""
    estimated: bool = False
    answered: bool = True

    @property
    def prompt(self) -> int:
        """Tokens of the prompt, as policy.meter.Counts has it."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


def merge(known: Observation, seen: Observation) -> Observation:
    """Both sights of one request as one, whichever of them came first.

    The counts and the model are taken as a whole from the better source, of one source from the
    larger output, of equal ones from the later: a fallback in mid-stream changes model and cache
    counts. Only a source that does not know which model answered leaves the model to one that
    does. Where the request belongs is a question of its own: resumed sessions and sidechains
    repeat the messages of their parents, so the main thread is preferred to a sidechain, then the
    earlier. Returns `known` itself where `seen` adds nothing.
    """
    counted = seen if _weight(seen) >= _weight(known) else known
    named = max(counted, known, seen, key=lambda sight: sight.answered and bool(sight.model))
    writes_5m, writes_1h = counted.cache_write_5m, counted.cache_write_1h
    if known.cache_write_1h != seen.cache_write_1h:
        writes_5m, writes_1h = _cache_writes(counted, known if counted is seen else seen)
    origin, copy = (seen, known) if _distance(seen) < _distance(known) else (known, seen)
    merged = Observation(
        origin.message_id or copy.message_id,
        origin.request_id or copy.request_id,
        counted.source,
        min(known.at, seen.at),
        counted.counted_at,
        origin.session_id or copy.session_id,
        origin.agent_id,
        origin.agent_type or (copy.agent_type if origin.sidechain else ""),
        origin.sidechain,
        named.model,
        counted.tier,
        counted.output_final,
        counted.input,
        counted.output,
        writes_5m,
        writes_1h,
        counted.cache_read,
        counted.unsplit,
        known.sd_id or seen.sd_id,
        known.phase or seen.phase,
        counted.estimated,
        named.answered,
    )
    return known if merged == known else merged


def _cache_writes(counted: Observation, other: Observation) -> tuple[int, int]:
    """Cache writes for 5 minutes and for 1 hour; telemetry before 2.1.310 cannot tell them apart.

    It gives their sum, which then counts as 5 minutes. Where another sight has the same sum and
    tells, it is believed: an hour costs more.
    """
    for sight in (counted, other):
        if sight.cache_write_1h and _writes(sight) == _writes(counted):
            return sight.cache_write_5m, sight.cache_write_1h
    return counted.cache_write_5m, counted.cache_write_1h


def _writes(sight: Observation) -> int:
    return sight.cache_write_5m + sight.cache_write_1h


def _weight(sight: Observation) -> tuple[bool, int, int, bool, datetime]:
    trust = TRUST[sight.source]
    return (not sight.estimated, trust, sight.output, sight.output_final, sight.counted_at)


def _distance(sight: Observation) -> tuple[bool, bool, datetime, str]:
    # A sub-agent that a source cannot name is no origin where another source can.
    return (sight.sidechain, sight.sidechain and not sight.agent_id, sight.at, sight.agent_id)
