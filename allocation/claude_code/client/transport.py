"""One POST, with a deadline for all of it. A socket and no http.client, which takes longer to
import than the request takes."""

import json
import socket
from time import monotonic

from allocation.claude_code.client.payload import Json

MOST_BYTES = 4 * 1024 * 1024
NO_ADDRESS = "the address is none of http or https, or has a password in it"
NO_PORT = "the port of the address is no number up to 65535"


class Away(Exception):
    """The server cannot be reached, is too slow, or does not answer as one."""


class Refused(Exception):
    """The server is there and says no: to our token, or to what we sent. `status` is 4xx."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The server answered {status}.")
        self.status = status


def post(url: str, path: str, body: Json, headers: dict[str, str], seconds: float) -> Json:
    """Send an object and give back the object that is answered. Raises Away and Refused."""
    until = monotonic() + seconds
    try:
        secure, host, port, prefix = parts(url)
        content = json.dumps(body).encode()
        lines = [
            # HTTP/1.0: the answer ends where the connection ends, and never comes in chunks.
            f"POST {prefix}{path} HTTP/1.0",
            f"Host: {host}:{port}" if ":" not in host else f"Host: [{host}]:{port}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            "Connection: close",
            *(f"{name}: {_header(value)}" for name, value in headers.items() if value),
        ]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + content
        return _answer(_exchange(secure, host, port, request, until))
    except (OSError, ValueError, RecursionError) as error:
        raise Away(getattr(error, "strerror", None) or str(error)) from error


def parts(url: str) -> tuple[bool, str, int, str]:
    """Whether TLS is used, the host, the port and the path prefix.

    Raises ValueError, which does not quote the address: it may hold a password.
    """
    scheme, mark, rest = url.strip().partition("://")
    if not mark or scheme not in {"http", "https"}:
        raise ValueError(NO_ADDRESS)
    place, _, prefix = rest.partition("/")
    host, port = place, ""
    if place.startswith("["):
        host, closed, port = place[1:].partition("]")
        host = host if closed else ""
        port = port.removeprefix(":")
    elif ":" in place:
        host, _, port = place.partition(":")
    # A name and a password would be shown wherever the address is; a line break would add headers.
    if not host or "@" in place or not rest.isprintable():
        raise ValueError(NO_ADDRESS)
    if port and not (port.isascii() and port.isdecimal() and int(port[:6]) < 65536):
        raise ValueError(NO_PORT)
    prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
    return scheme == "https", host, int(port or (443 if scheme == "https" else 80)), prefix


def _header(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")[:1000]


def _exchange(secure: bool, host: str, port: int, request: bytes, until: float) -> bytes:
    link = socket.create_connection((host, port), timeout=_left(until))
    try:
        if secure:
            import ssl  # noqa: PLC0415 - it takes longer to import than all else together

            link = ssl.create_default_context().wrap_socket(link, server_hostname=host)
        link.settimeout(_left(until))
        link.sendall(request)
        whole = bytearray()
        while True:
            link.settimeout(_left(until))
            piece = link.recv(65536)
            if not piece:
                return bytes(whole)
            whole += piece
            if len(whole) > MOST_BYTES:
                raise ValueError("the answer is too long")
    finally:
        link.close()


def _left(until: float) -> float:
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _answer(whole: bytes) -> Json:
    head, mark, content = whole.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    words = first.split(None, 2)
    if not mark or len(words) < 2 or not words[0].startswith(b"HTTP/"):
        raise ValueError("no HTTP answer")
    status = int(words[1])
    if 400 <= status < 500 and status not in {408, 429}:
        raise Refused(status)
    if not 200 <= status < 300:
        raise ValueError(f"status {status}")
    for line in lines:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and len(content) < int(value):
            raise ValueError("the answer broke off")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("the answer is no JSON") from error
    if not isinstance(value, dict):
        raise ValueError("the answer is no object")
    return value
