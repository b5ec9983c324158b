"""One sight of one API request, and the rule by which several sights become one record.

No Django here: the processes that read transcripts import this module and little else.
"""

from datetime import datetime, timedelta

import msgspec

# Who is trusted more when two sources saw the same request.
TRUST = {"manual": 0, "api": 1, "transcript": 2, "otlp": 3}

# Begins the message id of a request whose source knows none (allocation.usage.unnamed).
UNNAMED = "otlp:"

# What is dated further ahead than clocks and zones explain counts at the moment it came in.
SKEW = timedelta(days=1)

# The kinds of tokens that make up a prompt, as policy.meter.Counts has it.
PROMPT = ("input", "cache_write_5m", "cache_write_1h", "cache_read")

# No request has a trillion tokens. The bound keeps every sum within 64 bits.
MOST_TOKENS = 10**12


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the best sight said that knows which model answered.

    Telemetry counts best and does not know it, so this stands beside its counts, with as much as
    it takes to tell it from a better one that comes later. `told_1h` are the cache writes for one
    hour that the better counted sight told of itself.
    """

    source: str
    output: int
    output_final: bool
    counted_at: datetime
    model: str
    cache_write_5m: int
    cache_write_1h: int
    estimated: bool = False
    told_1h: int = 0


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a source saw of one API request. Counts are tokens; moments are UTC.

    `at` is when the request was first seen, `counted_at` when the sight was written that the
    counts come from. `sidechain` is true of sub-agents and false of the main thread; `agent_type`
    is the name that the harness gave, where the sight itself tells it. `estimated` counts were
    guessed from characters. `answered` says that the model is the one that answered, not only the
    one that was asked for; where another sight than the counted one told it, `answer` is that.
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
    answer: Answer | None = None

    @property
    def prompt(self) -> int:
        """Tokens of the prompt, as policy.meter.Counts has it."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


def merge(known: Observation, seen: Observation) -> Observation:
    """All sights of one request as one, the same whichever came first, how often and by what steps.

    Three questions, each answered by the best sight for it; the best of three is the best of any
    two and the third.

    How many tokens: the counts are taken as a whole from the better source, of one source from the
    larger output, of equal ones from the later: a fallback in mid-stream changes model and cache
    counts. Which model: that of the same sight, or where it does not know which one answered, of
    the best that does; that one is also believed in how long a cache was written for, where both
    have the same sum and telemetry before 2.1.310 cannot tell. Where the request belongs: resumed
    sessions and sidechains repeat the messages of their parents, so the main thread is preferred
    to a sidechain, then the earlier; its moment is the record's.

    The SD and the phase are those that a request was laid to first: a person or a session chose
    them. Returns `known` itself where `seen` adds nothing.
    """
    counted = seen if _outweighs(seen, known) else known
    if _differ_in_counts(known, seen):
        # Nearly all are the lines of one response, which differ in their counts alone.
        at = known.at if known.at <= seen.at else seen.at
        return counted if counted.at == at else msgspec.structs.replace(counted, at=at)
    origin, copy = (seen, known) if _distance(seen) < _distance(known) else (known, seen)
    answer = None if _answers(counted) else max(_answer(known), _answer(seen), key=_rank)
    told_1h = _told_1h(counted)
    writes = counted.cache_write_5m + counted.cache_write_1h
    writes_1h = told_1h
    if answer is not None:
        if not told_1h and answer.cache_write_5m + answer.cache_write_1h == writes:
            writes_1h = answer.cache_write_1h
        if answer.told_1h != told_1h:
            answer = msgspec.structs.replace(answer, told_1h=told_1h)
    merged = Observation(
        _first(known.message_id, seen.message_id),
        _first(known.request_id, seen.request_id),
        counted.source,
        origin.at,
        counted.counted_at,
        origin.session_id,
        origin.agent_id,
        _agent_type(origin, copy),
        origin.sidechain,
        answer.model if answer else counted.model,
        counted.tier,
        counted.output_final,
        counted.input,
        counted.output,
        writes - writes_1h,
        writes_1h,
        counted.cache_read,
        counted.unsplit,
        known.sd_id or seen.sd_id,
        known.phase or seen.phase,
        counted.estimated,
        counted.answered or answer is not None,
        answer,
    )
    return known if merged == known else merged


def _first(one: str | None, other: str | None) -> str | None:
    """Of several ids the first by letter: which sight came first must not tell."""
    return min(one, other) if one and other else one or other


def _differ_in_counts(known: Observation, seen: Observation) -> bool:
    """Whether they are alike but for counts and moments, and both know which model answered."""
    return (
        known.answered
        and seen.answered
        and known.answer is seen.answer is None
        and bool(known.model)
        and bool(seen.model)
        and known.message_id == seen.message_id
        and known.request_id == seen.request_id
        and known.session_id == seen.session_id
        and known.agent_id == seen.agent_id
        and known.agent_type == seen.agent_type
        and known.sidechain == seen.sidechain
        and known.sd_id == seen.sd_id
        and known.phase == seen.phase
    )


def _answers(sight: Observation) -> bool:
    """Whether the sight that the counts come from knows itself which model answered."""
    return sight.answered and sight.answer is None and bool(sight.model)


def _answer(sight: Observation) -> Answer | None:
    if not _answers(sight):
        return sight.answer
    return Answer(
        sight.source,
        sight.output,
        sight.output_final,
        sight.counted_at,
        sight.model,
        sight.cache_write_5m,
        sight.cache_write_1h,
        sight.estimated,
    )


def _told_1h(sight: Observation) -> int:
    return sight.cache_write_1h if sight.answer is None else sight.answer.told_1h


def _agent_type(origin: Observation, copy: Observation) -> str:
    """The name of the sub-agent; of several the first by letter.

    Only for want of an agent id: with one, the surest evidence for its name is found elsewhere
    (allocation.usage.agents).
    """
    if not origin.sidechain:
        return ""
    if not copy.sidechain or not copy.agent_type or origin.agent_type == copy.agent_type:
        return origin.agent_type
    return min(origin.agent_type, copy.agent_type) if origin.agent_type else copy.agent_type


def _outweighs(sight: Observation, other: Observation) -> bool:
    # As `_weight` has it. This settles nearly all: the lines of a response have the same output
    # from the first to the last, or a placeholder until the last.
    if sight.source == other.source and sight.estimated == other.estimated:
        if sight.output != other.output:
            return sight.output > other.output
        if sight.output_final == other.output_final and sight.counted_at != other.counted_at:
            return sight.counted_at > other.counted_at
    return _weight(sight) > _weight(other)


def _weight(sight: Observation) -> tuple[bool | int | str | datetime, ...]:
    # What comes after the moment only makes sure that no two different sights weigh the same.
    return (
        not sight.estimated,
        TRUST[sight.source],
        sight.output,
        sight.output_final,
        sight.counted_at,
        sight.model if _answers(sight) else "",
        sight.cache_write_5m + sight.cache_write_1h,
        _told_1h(sight),
        sight.input,
        sight.cache_read,
        sight.unsplit,
        sight.tier,
        sight.model if sight.answer is None else "",  # only asked for, and by nobody answered
    )


def _rank(answer: Answer | None) -> tuple[bool | int | str | datetime, ...]:
    """As `_weight` of the sight that gave it."""
    if answer is None:
        return ()
    return (
        not answer.estimated,
        TRUST[answer.source],
        answer.output,
        answer.output_final,
        answer.counted_at,
        answer.model,
        answer.cache_write_5m + answer.cache_write_1h,
        answer.cache_write_1h,
    )


def _distance(sight: Observation) -> tuple[bool, bool, bool, datetime, str, str]:
    # A sub-agent that a source cannot name is no origin where another source can, nor is a sight
    # without a session where another has one.
    return (
        sight.sidechain,
        sight.sidechain and not sight.agent_id,
        not sight.session_id,
        sight.at,
        sight.session_id,
        sight.agent_id,
    )
