"""What is understood of many lines at once."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.usage.transcripts import lines
from allocation.usage.transcripts.lines import Said, understand
from tests.usage.transcripts import call, progress, prompt, response, result, text

LINES = [
    text(response()),
    text(response("msg_2", input="12")),  # type: ignore[arg-type]
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
