"""From lines of a transcript to what they say: requests, names of agents, or nothing."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.json import Decoder

from allocation.policy.halves import without_halves
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
_decode_lines = Decoder(Line).decode_lines
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

# Where one of them is longer, lines are not decoded together: that takes a copy of them. In bytes.
_LONG = 1024 * 1024


class Said(Struct, gc=False):
    """What some lines say. `unreadable` is the number of those that cannot be understood."""

    requests: list[Observation] = []
    names: list[AgentName] = []
    calls: list[AgentCall] = []
    unreadable: int = 0

    def add(self, more: "Said") -> None:
        self.requests += more.requests
        self.names += more.names
        self.calls += more.calls
        self.unreadable += more.unreadable


def understand(lines: Iterable[bytes], *, session_id: str, agent_id: str) -> Said:
    """What lines say, each with its end. `session_id` and `agent_id` hold where one has none.

    A line is unreadable if it is no JSON object, or a response whose counts, model or moment
    cannot be used. Text that nothing is taken from is skipped undecoded: a broken byte in a prompt
    does not lose the request, and neither does half a character.
    """
    said = Said()
    responses: list[bytes] = []
    broken: list[bytes] = []
    for found in lines:
        # A crash leaves a run of NULs, and the next line follows it.
        line = _unpadded(found) if found[:1] == b"\0" else found
        # Looked for from the end, near which they stand: before them is what was written or read.
        if line.rfind(b'"usage"') >= 0:
            responses.append(line)
            continue
        result = line.rfind(b'"toolUseResult"')
        try:
            if result >= 0 and line.find(b'"agentId"', result) >= 0:
                _take_result(said, line, session_id)
            elif line[:1] != b"{" or line[-2:] != b"}\n":
                _check(line)
        except Unreadable:
            broken.append(line)
    for line, decoded in zip(responses, _together(responses), strict=True):
        try:
            _take_response(said, line, decoded or _alone(line), session_id, agent_id)
        except Unreadable:
            broken.append(line)
    said.names += _named(said.requests)
    said.requests = [seen for seen in said.requests if seen.output or seen.prompt]
    for line in broken:
        mended = without_halves(line)
        if mended == line:
            said.unreadable += 1
        else:
            said.add(understand([mended], session_id=session_id, agent_id=agent_id))
    return said


def _unpadded(line: bytes) -> bytes:
    told = line.lstrip(b"\0")
    return told if told.strip() else line


def _together(lines: Sequence[bytes]) -> Sequence[Line | None]:
    """Each line decoded, all in one go: that is faster. None for each where that cannot be."""
    with suppress(*BROKEN):
        if max(map(len, lines), default=0) <= _LONG:
            decoded = _decode_lines(b"".join(lines))
            if len(decoded) == len(lines):
                return decoded
    return [None] * len(lines)


def _alone(line: bytes) -> Line:
    """One line decoded, with nothing but its type if that is no response's."""
    try:
        return _decode(line)
    except BROKEN as error:
        # Other kinds of lines have other shapes under the same keys, and that is no fault.
        other = _check(line)
        if other is not None and other.type != "assistant":
            return Line(type=other.type)
        try:
            return _decode_leniently(line)
        except BROKEN:
            raise Unreadable from error


def _check(line: bytes) -> AnyLine | None:
    """The line's type, None of a blank line. Raises Unreadable if it is no JSON object."""
    if not line.strip():
        return None
    try:
        return _decode_any(line)
    except BROKEN as error:
        raise Unreadable from error


def _take_response(
    said: Said, line: bytes, decoded: Line, session_id: str, file_agent: str
) -> None:
    message = decoded.message
    if decoded.type != "assistant":
        _take_other(said, line, decoded.type, session_id)
        return
    if message is None or message.usage is None or message.model == SYNTHETIC:
        return
    if decoded.stream_session is not NOTHING and not decoded.session_id:
        return
    session = decoded.session_id or session_id
    said.requests.append(_request(decoded, message, message.usage, session, file_agent))
    # Versions in which a call may leave it out name the agent in other places.
    if line.rfind(b'"subagent_type"') >= 0:
        said.calls += _calls(bytes(message.content), session)


def _named(requests: Iterable[Observation]) -> Iterable[AgentName]:
    """The names that lines with an agent id tell, each once."""
    told = [
        (each.session_id, each.agent_id, each.agent_type)
        for each in requests
        if each.agent_type and each.agent_id
    ]
    return (AgentName(*name, Evidence.LINE) for name in dict.fromkeys(told))


def _take_other(said: Said, line: bytes, kind: object, session_id: str) -> None:
    if kind == "progress":
        _take_progress(said, line, session_id)
    elif b'"toolUseResult"' in line:
        _take_result(said, line, session_id)


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


def _take_result(said: Said, line: bytes, session_id: str) -> None:
    try:
        decoded = _decode_result(line)
    except BROKEN:
        _check(line)
        return  # the result of some other tool
    try:
        result = _decode_tool_result(decoded.tool_use_result)
    except BROKEN:
        return  # likewise: a string, a list
    if not result.agent_id:
        return
    session, agent_id = storable(decoded.session_id or session_id), storable(result.agent_id)
    if result.agent_type:
        said.names.append(
            AgentName(session, agent_id, storable(result.agent_type), Evidence.PARENT)
        )
        return
    tool_use_id = next((b.tool_use_id for b in decoded.message.content if b.tool_use_id), "")
    if tool_use_id:
        said.calls.append(AgentCall(storable(tool_use_id), session, "", agent_id, Evidence.PARENT))


def _take_progress(said: Said, line: bytes, session_id: str) -> None:
    try:
        decoded = _decode_progress(line)
    except BROKEN:
        return
    if decoded.data.agent_id and decoded.parent_tool_use_id:
        said.calls.append(
            AgentCall(
                storable(decoded.parent_tool_use_id),
                storable(decoded.session_id or session_id),
                "",
                storable(decoded.data.agent_id),
                Evidence.PROGRESS,
            )
        )
