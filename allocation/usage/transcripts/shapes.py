"""The shapes of the lines that are read. Of each only what is needed: the rest is skipped.

Ids and counts are checked while they are decoded: what a column cannot hold is refused.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from allocation.usage.observation import MOST_TOKENS

Tokens = Annotated[int, Meta(ge=0, le=MOST_TOKENS)] | None
Id = Annotated[str, Meta(max_length=100)] | None

NOTHING = Raw(b"")


class CacheWrites(Struct, gc=False):
    ephemeral_5m_input_tokens: Tokens = 0
    ephemeral_1h_input_tokens: Tokens = 0


class Usage(Struct, gc=False):
    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cache_creation_input_tokens: Tokens = 0
    cache_read_input_tokens: Tokens = 0
    cache_creation: CacheWrites | None = None


class Message(Struct, gc=False):
    id: Id = None
    model: Id = None
    stop_reason: str | None = None
    usage: Usage | None = None
    content: Raw = NOTHING


class Line(Struct, rename="camel", gc=False):
    type: str = ""
    timestamp: datetime | None = None
    session_id: Id = None
    agent_id: Id = None
    is_sidechain: bool | None = None
    request_id: Id = None
    attribution_agent: str | None = None
    uuid: Id = None
    message: Message | None = None
    # Spelt like this it is `claude -p --output-format stream-json` that was saved: the same
    # requests with placeholder counts, which stand in their transcripts too.
    stream_session: Raw = msgspec.field(default=NOTHING, name="session_id")


class AnyLine(Struct, rename="camel"):
    """A line of which nothing is expected; decoding it checks that it is a JSON object."""

    type: Any = ""


class Block(Struct):
    type: str = ""
    id: str = ""
    tool_use_id: str = ""
    name: str = ""
    input: Raw = NOTHING


class AgentInput(Struct):
    subagent_type: str | None = None


class Content(Struct, frozen=True):
    content: tuple[Block, ...] = ()


class ToolResult(Struct, rename="camel"):
    agent_id: str = ""
    agent_type: str = ""


class ResultLine(Struct, rename="camel"):
    session_id: Id = None
    message: Content = Content()
    tool_use_result: Raw = NOTHING


class ProgressData(Struct, rename="camel", frozen=True):
    agent_id: str = ""


class ProgressLine(Struct, rename="camel"):
    session_id: Id = None
    data: ProgressData = ProgressData()
    parent_tool_use_id: str = msgspec.field(default="", name="parentToolUseID")
