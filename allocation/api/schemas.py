"""What the JSON API takes. A key that is not listed is refused, not ignored."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)
from pydantic_core import PydanticCustomError

from allocation.api.wire import MOST_AT_ONCE
from allocation.checkpoints.models import MOST_TOKENS as MOST_BY_HAND
from allocation.policy.phases import CheckpointKind, Phase
from allocation.policy.plain import safe, safe_lines
from allocation.policy.quality import EventKind
from allocation.policy.zones import Zone
from allocation.usage.observation import MOST_TOKENS

# PostgreSQL cannot store NUL. What else nobody sees is replaced: a name that turns the direction of
# writing would make a page say something else, and a refusal would hold up all that comes with it.
_PLAIN = r"^[^\x00]*$"
_DATED = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Word = Annotated[str, StringConstraints(max_length=100, pattern=_PLAIN), AfterValidator(safe)]
Sentences = Annotated[
    str, StringConstraints(max_length=2_000, pattern=_PLAIN), AfterValidator(safe_lines)
]
Id = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=_PLAIN), AfterValidator(safe)
]
Key = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=_PLAIN)]
Tokens = Annotated[int, Field(ge=0, le=MOST_TOKENS, strict=True)]


def _capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _written(value: Any) -> Any:
    """A moment comes as text that begins with a date: the number 20261123 would be one of 1970."""
    if isinstance(value, str) and _DATED.match(value):
        return value
    raise PydanticCustomError("moment", "Write a moment such as 2026-11-23T15:04:05Z")


Moment = Annotated[datetime, BeforeValidator(_written)]
InPhase = Annotated[Phase, BeforeValidator(_capitals)]
InZone = Annotated[Zone, BeforeValidator(_capitals)]


class _Given(BaseModel):
    """Not django-ninja's Schema, which can read rows too and takes three times as long."""

    model_config = ConfigDict(extra="forbid")


class RunAsked(_Given):
    """A run that a tier is wanted for. Phase, complexity and critical default to the SD's.

    With a `zone` it is a what-if: answered, and not logged. Asked again with its `key`, the answer
    is the one already given. `requested` is the tier it would take by itself.
    """

    sub_agent: Word
    phase: InPhase | None = None
    complexity: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    critical: bool | None = None
    read_only: bool = False
    sd: Word | None = None
    key: Key | None = None
    requested: Word = ""
    session: Word = ""
    agent: Word = ""
    zone: InZone | None = None


class CacheWrites(BaseModel):
    """`cache_creation` of the Messages API."""

    ephemeral_5m_input_tokens: Tokens | None = None
    ephemeral_1h_input_tokens: Tokens | None = None


class MessagesUsage(BaseModel):
    """`usage` as the Messages API gives it. What it says beyond this is passed over."""

    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    cache_creation_input_tokens: Tokens | None = None
    cache_read_input_tokens: Tokens | None = None
    cache_creation: CacheWrites | None = None


class RequestReported(_Given):
    """One API request. `usage` has its counts; without it, `text` or a number of `characters` is
    estimated at 4 characters a token, and the record says so.

    `message_id`, `request_id` or `key` makes it count once however often it is sent.
    """

    model: Word = ""
    usage: MessagesUsage | None = None
    text: Annotated[str, Field(max_length=10_000_000)] | None = None
    characters: Tokens | None = None
    message_id: Id | None = None
    request_id: Id | None = None
    key: Key | None = None
    session: Word = ""
    agent: Word = ""
    sub_agent: Word = ""
    sd: Word | None = None
    phase: InPhase | None = None
    at: Moment | None = None


class RequestRead(_Given):
    """One API request as a transcript has it. `at` is when it was first seen, `counted_at` when the
    line was written that the counts are from; `final` says that its output was counted to the end.
    """

    message_id: Id | None = None
    request_id: Id | None = None
    at: Moment
    counted_at: Moment | None = None
    session: Word = ""
    agent: Word = ""
    sub_agent: Word = ""
    sidechain: bool = False
    model: Word = ""
    final: bool = True
    input: Tokens = 0
    output: Tokens = 0
    cache_write_5m: Tokens = 0
    cache_write_1h: Tokens = 0
    cache_read: Tokens = 0


class NameRead(_Given):
    """A transcript names a sub-agent. `evidence` is 1 (surest) to 5: its meta file, its own line, a
    hook, its parent's line, a line of progress."""

    session: Word
    agent: Id
    sub_agent: Id
    evidence: Annotated[int, Field(ge=1, le=5, strict=True)]


class CallRead(_Given):
    """One half of a call of a sub-agent: the call knows its name, the result its id."""

    tool_use: Id
    session: Word = ""
    agent: Word = ""
    sub_agent: Word = ""
    evidence: Annotated[int, Field(ge=1, le=5, strict=True)]


class TranscriptsRead(_Given):
    """What a machine read of its transcripts: at most 1,000 of each kind, 413 beyond. All of it is
    laid to the `sd` and the `phase`, where they are given. Again it changes nothing."""

    requests: list[RequestRead] = []
    names: list[NameRead] = []
    calls: list[CallRead] = []
    sd: Word | None = None
    phase: InPhase | None = None


class TranscriptsCounted(Schema):
    """What became of the requests. `unknown_models` counts the new ones by model: they are counted,
    and what they cost is unknown. `weeks_made` are budget weeks for history that had none."""

    new: int
    improved: int
    unchanged: int
    unknown_models: dict[str, int]
    weeks_made: int


class OutcomeReported(_Given):
    """What became of a decided run. `observed` is the model that ran, or its tier."""

    observed: Word = ""
    requested: Word = ""
    result: Literal["", "passed", "failed", "rework"] = ""
    override_reason: Sentences = ""


class CheckpointLogged(_Given):
    """A checkpoint of an SD. `tokens` are fresh ones since the last; `mix` is in whole percent.

    Without a `kind` it is the one that usually comes next, or that ends the `phase`.
    """

    sd: Word
    kind: CheckpointKind | None = None
    phase: InPhase | None = None
    tokens: Annotated[int, Field(ge=0, le=MOST_BY_HAND, strict=True)] | None = None
    mix: dict[Word, Annotated[int, Field(ge=0, le=100, strict=True)]] = {}
    rework_cycles: Annotated[int, Field(ge=0, le=1_000, strict=True)] = 0
    lines_modified: Annotated[int, Field(ge=0, le=100_000_000, strict=True)] | None = None
    note: Sentences = ""
    at: Moment | None = None
    submission: UUID | None = None


class QualityReported(_Given):
    """A review (passed 1 or failed 1), a run of end-to-end tests (how many passed and failed), or a
    security check (its issues in `failed`, which must be given). `sub_agent` and `tier` say whose
    work it was.
    """

    kind: EventKind
    passed: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 0
    failed: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 0
    sd: Word | None = None
    sub_agent: Word | None = None
    phase: InPhase | None = None
    tier: Word | None = None
    note: Sentences = ""
    at: Moment | None = None


class SdProposed(_Given):
    """An SD to propose. `estimate` is in tokens."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=_PLAIN)]
    title: Annotated[str, StringConstraints(max_length=200, pattern=_PLAIN)] = ""
    complexity: Annotated[int, Field(ge=1, le=5, strict=True)] = 3
    priority: Literal["low", "normal", "high"] = "normal"
    critical: bool = False
    estimate: Annotated[int, Field(ge=0, le=MOST_BY_HAND, strict=True)] | None = None


class Refusal(Schema):
    """Why something was not done, in one sentence."""

    error: str


def _one_or_many(value: Any) -> str:
    return "many" if isinstance(value, list) else "one"


RunsAsked = Annotated[
    Annotated[RunAsked, Tag("one")]
    | Annotated[list[RunAsked], Field(min_length=1, max_length=MOST_AT_ONCE), Tag("many")],
    Discriminator(_one_or_many),
]
RequestsReported = Annotated[
    Annotated[RequestReported, Tag("one")]
    | Annotated[list[RequestReported], Field(min_length=1, max_length=MOST_AT_ONCE), Tag("many")],
    Discriminator(_one_or_many),
]
