"""What is understood of many lines at once."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.usage.transcripts import lines
from allocation.usage.transcripts.lines import Said, understand
from tests.usage.transcripts import SESSION, Line, call, progress, prompt, response, result, text

CUT = rb"cut in the middle of \ud83d"  # half an emoji, as JavaScript leaves it
LINES = [
    text(response()),
    text(response("msg_2", input="12")),
    text(response("msg_3", agent="a1", attributionAgent="security")),
    text(response("msg_4", agent="a1", attributionAgent="docmon")),
    text(response("msg_5", content=call("tool_1", "testing"))),
    text(response("msg_6", content=call("tool_2", "testing"), input=-1)),
    text(response("msg_7", model="<synthetic>")),
    text(response("msg_8") | {"timestamp": None}),
    text(response("msg_9") | {"session_id": "s", "sessionId": None}),
    text(result("tool_1", "a2")),
    text(result("tool_3", "a3", agentType="retro", usage={"input_tokens": "many"})),
    text(progress("tool_4", "a4", response())),
    text(prompt('What "usage" is, and what a "toolUseResult" with an "agentId"')),
    b"\0\0\0" + text(response("msg_10")),
    text(response("msg_11")).replace("Grüße".encode(), CUT),
    text(result("tool_5", "a5")).replace(b"done", CUT),
    text(progress("tool_6", "a6", response())).replace("Grüße".encode(), CUT),
    b"\0\0\n",
    b"\n",
    b" \r\n",
    b'{"type":"assistant","usage":\n',
    b'"message":{"usage":{}}}\n',
    b'{"type":"assistant"}{"usage":{}}\n',
    b'[1, "usage"]\n',
    b"not json\n",
]


@dataclass
class _Sum:
    said: list[object] = field(default_factory=list)
    unreadable: int = 0

    def add(self, said: Said) -> None:
        self.said += [*said.requests, *dict.fromkeys(said.names), *said.calls]
        self.unreadable += said.unreadable

    def in_order(self) -> list[bytes]:
        return sorted({msgspec.json.encode(each) for each in self.said})


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_lines_say_together_what_each_says_by_itself(some: list[bytes]) -> None:
    together, alone = _Sum(), _Sum()
    together.add(understand(some, session_id="s", agent_id=""))
    for line in some:
        alone.add(understand([line], session_id="s", agent_id=""))
    assert together.unreadable == alone.unreadable
    assert together.in_order() == alone.in_order()


@pytest.mark.parametrize("long", [50, 10**6])
def test_lines_are_decoded_together_only_while_they_are_short(
    monkeypatch: pytest.MonkeyPatch, long: int
) -> None:
    monkeypatch.setattr(lines, "_LONG", long)
    alone: list[bytes] = []
    decode = lines._alone
    monkeypatch.setattr(lines, "_alone", lambda line: alone.append(line) or decode(line))
    some = [text(response("msg_1")), text(response("msg_2"))]
    said = understand(some, session_id="", agent_id="")
    assert [seen.message_id for seen in said.requests] == ["msg_1", "msg_2"]
    assert alone == (some if long == 50 else [])


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ({"ephemeral_1h_input_tokens": 20}, (0, 20)),
        ({"ephemeral_5m_input_tokens": 30}, (30, 0)),
        ({"ephemeral_5m_input_tokens": None, "ephemeral_1h_input_tokens": 20}, (0, 20)),
        ({"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, (50, 0)),
        (None, (50, 0)),
    ],
)
def test_cache_writes_count_as_their_split_says_and_for_5_minutes_without_one(
    written: dict[str, int | None] | None, counted: tuple[int, int]
) -> None:
    line = response()
    line["message"]["usage"] |= {"cache_creation": written, "cache_creation_input_tokens": 50}
    [seen] = understand([text(line)], session_id="", agent_id="").requests
    assert (seen.cache_write_5m, seen.cache_write_1h) == counted


def test_a_result_tells_of_its_agent_also_where_it_says_what_was_used() -> None:
    used = {"usage": {"input_tokens": 5}}
    lines = [
        text(result("tool_1", "a1", agentType="retro", **used)),
        text(result("tool_2", "a2", **used)),
        text(progress("tool_3", "a3", response())),
        text(progress("", "a4", response())),
    ]
    said = understand(lines, session_id="", agent_id="")
    assert [(name.agent_id, name.agent_type) for name in said.names] == [("a1", "retro")]
    assert [(call.tool_use_id, call.agent_id) for call in said.calls] == [
        ("tool_2", "a2"),
        ("tool_3", "a3"),
    ]
    assert {told.session_id for told in (*said.names, *said.calls)} == {SESSION}


@pytest.mark.parametrize("line", [result("tool_1", "a1"), progress("tool_1", "a1", response())])
def test_a_line_without_a_session_is_of_its_files(line: Line) -> None:
    said = understand([text(line | {"sessionId": None})], session_id="of the file", agent_id="")
    assert [call.session_id for call in said.calls] == ["of the file"]


def test_half_a_character_in_a_text_loses_nothing_of_its_line() -> None:
    lines = [
        text(response("msg_1")).replace("Grüße".encode(), CUT),
        text(response("msg_2")).replace("Grüße".encode(), CUT + rb"\ud83d\ude00 \\ud83d"),
        text(result("tool_1", "a1")).replace(b"done", CUT),
        text(progress("tool_2", "a2", response())).replace("Grüße".encode(), CUT),
    ]
    said = understand(lines, session_id="", agent_id="")
    assert [seen.message_id for seen in said.requests] == ["msg_1", "msg_2"]
    assert {call.agent_id for call in said.calls} == {"a1", "a2"}
    assert said.unreadable == 0
