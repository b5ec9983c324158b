"""Servers that behave, and that do not, on a port of their own."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Self

Request = tuple[str, dict[str, str], Any]  # path, headers, body
HANGS_SECONDS = 4
Reply = Callable[[Request], bytes]


def ok(body: Any) -> bytes:
    """A good answer."""
    content = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content


class FakeServer:
    """Answers each connection with what `reply` gives; None closes it without a word."""

    def __init__(self, reply: Callable[[Request], bytes | None]) -> None:
        self.requests: list[Request] = []
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = False
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while not self._over:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(link,), daemon=True).start()

    def _one(self, link: socket.socket) -> None:
        with link:
            link.settimeout(5)
            try:
                request = self._read(link)
                self.requests.append(request)
                answer = self._reply(request)
                if answer is not None:
                    link.sendall(answer)
            except OSError:
                return

    def _read(self, link: socket.socket) -> Request:
        whole = b""
        while b"\r\n\r\n" not in whole:
            whole += link.recv(65536)
        head, _, content = whole.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        while len(content) < int(headers["Content-Length"]):
            content += link.recv(65536)
        return first.split()[1], headers, json.loads(content)


def hangs(_: Request) -> bytes | None:
    """Says nothing for longer than a client waits."""
    time.sleep(HANGS_SECONDS)
    return None
