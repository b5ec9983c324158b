"""From one line of a transcript to what it says: a request, a name, or nothing."""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.json import Decoder

from allocation.usage.observation import Observation
from allocation.usage.transcripts.attribution import (
    DEFAULT_AGENT,
    AgentCall,
    AgentName,
    Evidence,
    storable,
)
from allocation.usage.transcripts.shapes import (
    NOTHING,
    AgentInput,
    AnyLine,
    Block,
    Line,
    Message,
    ProgressLine,
    ResultLine,
    ToolResult,
    Usage,
)

SYNTHETIC = "<synthetic>"


class Unreadable(ValueError):
    """A line that should say something and cannot be understood."""


_decode = Decoder(Line).decode
# Takes numbers that are written as text: some gateways do. Slower, so only where need be.
_decode_leniently = Decoder(Line, strict=False).decode
_decode_any = Decoder(AnyLine).decode
_decode_blocks = Decoder(list[Block]).decode
_decode_agent_input = Decoder(AgentInput).decode
_decode_result = Decoder(ResultLine).decode
_decode_tool_result = Decoder(ToolResult).decode
_decode_progress = Decoder(ProgressLine).decode

# What decoding raises on hostile input: syntax, shape, UTF-8, and nesting beyond all reason.
BROKEN = (ValueError, RecursionError)


class Said(Struct, gc=False):
    """What a line says. Most say nothing."""

    request: Observation | None = None
    name: AgentName | None = None
    calls: tuple[AgentCall, ...] = ()


SILENT = Said()


def understand(line: bytes, *, session_id: str, agent_id: str) -> Said:
    """What one complete line says. `session_id` and `agent_id` hold where the line has none.

    Raises Unreadable if it is no JSON object, or a response whose counts, model or moment cannot
    be used. Text that nothing is taken from is skipped undecoded: a broken byte in a prompt does
    not lose the request.
    """
    if line[:1] == b"\0":
        # A crash leaves a run of NULs, and the next line follows it.
        line = line.lstrip(b"\0") or line
    # Looked for from the end, near which they stand: before them is what was written or read.
    if line.rfind(b'"usage"') >= 0:
        return _usage_line(line, session_id, agent_id)
    result = line.rfind(b'"toolUseResult"')
    if result >= 0 and line.find(b'"agentId"', result) >= 0:
        return _result_line(line, session_id)
    if line[:1] != b"{" or line[-1:] != b"}":
        _check(line)
    return SILENT


def _check(line: bytes) -> AnyLine | None:
    """The line's type, None of a blank line. Raises Unreadable if it is no JSON object."""
    if not line.strip():
        return None
    try:
        return _decode_any(line)
    except BROKEN as error:
        raise Unreadable from error


def _usage_line(line: bytes, session_id: str, agent_id: str) -> Said:
    try:
        decoded = _decode(line)
    except BROKEN as error:
        # Other kinds of lines have other shapes under the same keys, and that is no fault.
        other = _check(line)
        if other is not None and other.type != "assistant":
            return _other_line(line, other.type, session_id)
        try:
            decoded = _decode_leniently(line)
        except BROKEN:
            raise Unreadable from error
    message = decoded.message
    if decoded.type != "assistant":
        return _other_line(line, decoded.type, session_id)
    if message is None or message.usage is None or message.model == SYNTHETIC:
        return SILENT
    if decoded.stream_session is not NOTHING and not decoded.session_id:
        return SILENT
    session = decoded.session_id or session_id
    request = _request(decoded, message, message.usage, session, agent_id)
    name = None
    if request.agent_id and decoded.attribution_agent:
        name = AgentName(
            session, request.agent_id, storable(decoded.attribution_agent), Evidence.LINE
        )
    # Versions in which a call may leave it out name the agent in other places.
    content = bytes(message.content)
    calls = _calls(content, session) if b'"subagent_type"' in content else ()
    return Said(request if request.output or request.prompt else None, name, calls)


def _other_line(line: bytes, kind: object, session_id: str) -> Said:
    if kind == "progress":
        return _progress_line(line, session_id)
    if b'"toolUseResult"' in line:
        return _result_line(line, session_id)
    return SILENT


def _request(
    line: Line, message: Message, usage: Usage, session_id: str, file_agent: str
) -> Observation:
    moment = line.timestamp
    message_id = message.id or (None if line.request_id else line.uuid and f"line:{line.uuid}")
    if moment is None or not (message_id or line.request_id):
        raise Unreadable
    agent_id = line.agent_id or (file_agent if line.is_sidechain else "")
    # The request by which a thread sums itself up is the parent's own, whatever its file is called.
    own = agent_id.startswith("acompact")
    writes_5m, writes_1h = _cache_writes(usage)
    at = moment if moment.tzinfo is UTC else _in_utc(moment)
    return Observation(
        message_id or None,
        line.request_id,
        "transcript",
        at,
        at,
        session_id,
        "" if own else agent_id,
        storable(line.attribution_agent) if line.attribution_agent and not own else "",
        not own and bool(line.is_sidechain or agent_id),
        message.model or "",
        "",
        message.stop_reason is not None,
        usage.input_tokens or 0,
        usage.output_tokens or 0,
        writes_5m,
        writes_1h,
        usage.cache_read_input_tokens or 0,
    )


def _cache_writes(usage: Usage) -> tuple[int, int]:
    """Tokens written for 5 minutes and for 1 hour. Without a split they count as the former."""
    split = usage.cache_creation
    if split is not None and (split.ephemeral_5m_input_tokens or split.ephemeral_1h_input_tokens):
        return split.ephemeral_5m_input_tokens or 0, split.ephemeral_1h_input_tokens or 0
    return usage.cache_creation_input_tokens or 0, 0


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Unreadable from error


def _calls(content: bytes, session_id: str) -> tuple[AgentCall, ...]:
    """The sub-agents that a response calls."""
    calls = []
    try:
        for block in _decode_blocks(content):
            if block.type == "tool_use" and block.name in {"Agent", "Task"} and block.id:
                named = _decode_agent_input(block.input).subagent_type
                calls.append(
                    AgentCall(storable(block.id), session_id, storable(named or DEFAULT_AGENT))
                )
    except BROKEN:
        pass  # the request counts all the same
    return tuple(calls)


def _result_line(line: bytes, session_id: str) -> Said:
    try:
        decoded = _decode_result(line)
    except BROKEN:
        _check(line)
        return SILENT  # the result of some other tool
    try:
        result = _decode_tool_result(decoded.tool_use_result)
    except BROKEN:
        return SILENT  # likewise: a string, a list
    if not result.agent_id:
        return SILENT
    session, agent_id = storable(decoded.session_id or session_id), storable(result.agent_id)
    if result.agent_type:
        name = AgentName(session, agent_id, storable(result.agent_type), Evidence.PARENT)
        return Said(name=name)
    tool_use_id = next((b.tool_use_id for b in decoded.message.content if b.tool_use_id), "")
    if not tool_use_id:
        return SILENT
    call = AgentCall(storable(tool_use_id), session, "", agent_id, Evidence.PARENT)
    return Said(calls=(call,))


def _progress_line(line: bytes, session_id: str) -> Said:
    try:
        decoded = _decode_progress(line)
    except BROKEN:
        return SILENT
    if not (decoded.data.agent_id and decoded.parent_tool_use_id):
        return SILENT
    return Said(
        calls=(
            AgentCall(
                storable(decoded.parent_tool_use_id),
                storable(decoded.session_id or session_id),
                "",
                storable(decoded.data.agent_id),
                Evidence.PROGRESS,
            ),
        )
    )
