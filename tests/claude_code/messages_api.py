"""A Messages API on loopback that answers by a script: main thread, sub-agent, main thread."""

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

AGENT = "x-claude-code-agent-id"
INPUT, OUTPUT = 1_000, 107


class MessagesApi:
    """`requests` are the answered ones: (model, whether a sub-agent asked)."""

    def __init__(self, agent: str) -> None:
        self.requests: list[tuple[str, bool]] = []
        self.results: list[Any] = []  # what the main thread was told of its call
        self._agent = agent
        self._run = uuid.uuid4().hex[:12]  # ids are never given twice, in another session neither
        self._called = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                self._send(404, b"{}", "application/json")

            def do_HEAD(self) -> None:
                self._send(200, b"", "text/plain")

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not self.path.startswith("/v1/messages"):
                    self._send(404, b"{}", "application/json")
                elif "count_tokens" in self.path:
                    self._send(200, b'{"input_tokens": 10}', "application/json")
                else:
                    message = api.answer(body, is_agent=AGENT in self.headers)
                    if body.get("stream"):
                        content = "".join(events(message)).encode()
                        self._send(200, content, "text/event-stream")
                    else:
                        self._send(200, json.dumps(message).encode(), "application/json")

            def _send(self, status: int, content: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("request-id", f"req_{uuid.uuid4().hex}")
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: dict[str, Any], *, is_agent: bool) -> dict[str, Any]:
        """The next message of the script."""
        with self._lock:
            self.requests.append((body["model"], is_agent))
            number = len(self.requests)
            can_call = any(tool["name"] in {"Agent", "Task"} for tool in body.get("tools", ()))
            calls = can_call and not is_agent and not self._called
            if calls:
                self._called = True
            elif not is_agent:
                self.results += [
                    part
                    for message in body["messages"]
                    if isinstance(message["content"], list)
                    for part in message["content"]
                    if part.get("type") == "tool_result"
                ]
        content: dict[str, Any] = {"type": "text", "text": "Done."}
        if calls:
            content = {
                "type": "tool_use",
                "id": f"toolu_{self._run}{number:02}",
                "name": "Agent",
                "input": {
                    "description": "look",
                    "prompt": "Please look.",
                    "subagent_type": self._agent,
                    "run_in_background": False,
                },
            }
        return {
            "id": f"msg_{self._run}{number:02}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [content],
            "stop_reason": "tool_use" if calls else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": INPUT, "output_tokens": OUTPUT},
        }


def events(message: dict[str, Any]) -> Iterator[str]:
    """A message as the API streams it."""
    (content,) = message["content"]
    begun = {**message, "content": [], "stop_reason": None}
    begun["usage"] = {**message["usage"], "output_tokens": 1}
    yield _event("message_start", message=begun)
    if content["type"] == "text":
        yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        delta = {"type": "text_delta", "text": content["text"]}
    else:
        yield _event("content_block_start", index=0, content_block={**content, "input": {}})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(content["input"])}
    yield _event("content_block_delta", index=0, delta=delta)
    yield _event("content_block_stop", index=0)
    yield _event(
        "message_delta",
        delta={"stop_reason": message["stop_reason"], "stop_sequence": None},
        usage={"output_tokens": OUTPUT},
    )
    yield _event("message_stop")


def _event(kind: str, **more: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"
