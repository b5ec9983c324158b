"""Small sets of transcripts in which it is easy to count wrong, each with what is right.

The right totals follow from the rule that a request counts once, with the whole line of its largest
output (docs of the transcript format: allocation.usage.transcripts), and from the price list.
"""

from collections.abc import Iterator
from decimal import Decimal

from tests.benchmarks.trap import Counted, Trap
from tests.usage.transcripts import SESSION, Line, progress, prompt, response, text

OTHER = "5e551011-0000-4000-8000-000000000002"
MAIN = f"{SESSION}.jsonl"


def said(*arguments: object, **more: object) -> Line:
    """A response with all that a line of Claude Code carries."""
    whole = {"cwd": "/home/dev/proj", "version": "2.1.330", "userType": "external"}
    line: Line = response(*arguments, **(whole | more))  # type: ignore[arg-type]
    return line


def _one(**counts: int) -> Counted:
    """What one `said()` burns."""
    return Counted(**{"input": 100, "output": 7, "writes": 30, "read": 5, **counts})  # type: ignore[arg-type]


def _huge() -> Iterator[bytes]:
    yield b'{"type":"user","sessionId":"' + SESSION.encode() + b'","toolUseResult":{"stdout":"'
    for _ in range(65):
        yield b"x" * 1_000_000
    yield b'"}}\n'
    yield text(said())


_RESUMED = [said(f"msg_{n}", request_id=f"req_{n}", minute=n, output=100) for n in range(3)]
_ANSWER = said(agent="a1")
_WORKFLOW = f"{SESSION}/subagents/workflows/wf_1/agent-a1.jsonl"

TRAPS = (
    Trap("one line for each block", {
        MAIN: text(*[said(output=out, final=out > 1) for out in (1, 1, 207)]),
    }, _one(output=207)),
    Trap("a placeholder after the final count", {
        MAIN: text(said(output=207), said(output=1, final=False)),
    }, _one(output=207)),
    Trap("blocks without a request id", {
        MAIN: text(*[said(request_id=None, output=out, final=out > 1) for out in (1, 207)]),
    }, _one(output=207)),
    Trap("a resumed session copies its past", {
        MAIN: text(*_RESUMED),
        f"{OTHER}.jsonl": text(
            *[line | {"sessionId": OTHER} for line in _RESUMED],
            said("msg_9", request_id="req_9", session=OTHER, output=100),
        ),
    }, Counted(400, 400, 120, 20)),
    Trap("a fork copies placeholders", {
        MAIN: text(said(output=1, final=False), said(output=207)),
        f"{OTHER}.jsonl": text(said(session=OTHER, output=1, final=False)),
    }, _one(output=207)),
    Trap("a side chain repeats its parent", {
        MAIN: text(said()),
        f"{SESSION}/subagents/agent-a1.jsonl": text(
            said(agent="a1", request_id=None), said("msg_2", request_id="req_2", agent="a1")
        ),
    }, Counted(200, 14, 60, 10)),
    Trap("a fallback in mid-stream", {
        MAIN: text(
            said(model="claude-opus-4-5", output=9, input=500, read=900, final=False),
            said(model="claude-haiku-4-5", output=207),
        ),
    }, _one(output=207, usd=Decimal("0.0011880"))),  # type: ignore[arg-type]
    Trap("synthetic lines", {
        MAIN: text(
            said(),
            said("s1", request_id=None, model="<synthetic>", output=0, input=0, write_5m=0,
                 write_1h=0, read=0, isApiErrorMessage=True),
        ),
    }, _one()),
    Trap("progress repeats a sub-agent", {
        MAIN: text(progress("toolu_1", "a1", _ANSWER), progress("toolu_1", "a1", _ANSWER)),
        f"{SESSION}/subagents/agent-a1.jsonl": text(_ANSWER),
    }, _one()),
    Trap("agents of a workflow", {
        _WORKFLOW: text(said(agent="a1")),
        _WORKFLOW.replace("agent-a1", "journal"): b'{"type":"started","key":"k","agentId":"a1"}\n',
    }, _one()),
    Trap("the summary of a thread", {
        MAIN: text(said("msg_2", request_id="req_2")),
        f"{SESSION}/subagents/agent-acompact-a1.jsonl": text(said(agent="acompact-a1")),
    }, Counted(200, 14, 60, 10)),
    Trap("keys that are null", {
        MAIN: text(said(request_id=None, requestId=None, cwd=None, version=None, gitBranch=None)),
    }, _one()),
    Trap("numbers as text", {
        MAIN: text(said()).replace(b'"output_tokens":7', b'"output_tokens":"7"'),
    }, _one()),
    Trap("a broken letter in a text", {
        MAIN: text(said(content=[{"type": "text", "text": "#"}])).replace(b"#", b"\xff"),
    }, _one()),
    Trap("a hole where a crash left zeros", {
        MAIN: b"\0" * 512 + text(said()),
    }, _one()),
    Trap("a last line without its end", {
        MAIN: text(said()) + text(said("msg_2", request_id="req_2"))[:-40],
    }, _one()),
    Trap("a line of 65 MB", {MAIN: _huge}, _one()),
    Trap("the word usage in a prompt", {
        MAIN: text(prompt('"usage":{"output_tokens":900}'), said()),
    }, _one()),
    Trap("a cache written for an hour", {
        MAIN: text(said(input=0, output=0, write_5m=0, write_1h=100_000, read=0)),
    }, Counted(0, 0, 100_000, 0, Decimal("0.6"))),
    Trap("the price of a long prompt", {
        MAIN: text(said(model="claude-haiku-5-5", input=200_000, output=0, write_5m=0, write_1h=0,
                        read=0)),
    }, Counted(200_000, 0, 0, 0, Decimal("0.1"))),
    Trap("a model behind a gateway", {
        MAIN: text(said(model="glm-9-air", requestedModel="claude-opus-5-5")),
    }, _one(), unpriced=True),
)  # fmt: skip
