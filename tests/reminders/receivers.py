"""Receivers on loopback that behave well or badly: HTTP, and mail."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


@dataclass
class Receiver:
    """A listening port. `requests` are the heads and bodies that came, whole ones only."""

    port: int
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=1"


@contextmanager
def http(answer: bytes | Answer, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Reads one request a connection and sends the answer, or lets a function do as it likes."""

    def serve(link: socket.socket, receiver: Receiver) -> None:
        receiver.requests.append(_request(link))
        if isinstance(answer, bytes):
            link.sendall(answer)
        else:
            answer(link)

    with _listening(serve, tls) as receiver:
        yield receiver


@contextmanager
def smtp(*, at_data: bytes | None = b"250 ok", at_rcpt: bytes = b"250 ok") -> Iterator[Receiver]:
    """Takes mail, or answers otherwise; at_data=None hangs up after the message."""

    def serve(link: socket.socket, receiver: Receiver) -> None:
        link.sendall(b"220 here\r\n")
        with link.makefile("rb") as file:
            for line in file:
                command = line[:4].upper()
                if command == b"DATA":
                    link.sendall(b"354 go\r\n")
                    receiver.requests.append(("", b"".join(iter(file.readline, b".\r\n"))))
                    if at_data is None:
                        return
                    link.sendall(at_data + b"\r\n")
                else:
                    link.sendall((at_rcpt if command == b"RCPT" else b"250 ok") + b"\r\n")

    with _listening(serve, None) as receiver:
        yield receiver


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _listening(
    serve: Callable[[socket.socket, Receiver], None], tls: ssl.SSLContext | None
) -> Iterator[Receiver]:
    """Serves each connection in a thread, until the block is left."""
    links: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver = Receiver(listener.getsockname()[1])

        def one(link: socket.socket) -> None:
            # What a receiver sends to a sender that has left is nobody's fault.
            with suppress(OSError), tls.wrap_socket(link, server_side=True) if tls else link as end:
                serve(end, receiver)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    link, _ = listener.accept()
                    links.append(link)
                    threading.Thread(target=one, args=(link,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
            for link in links:
                link.close()


def _request(link: socket.socket) -> tuple[str, bytes]:
    read = b""
    while b"\r\n\r\n" not in read:
        read += _more(link)
    head, _, body = read.partition(b"\r\n\r\n")
    text = head.decode()
    (length,) = (int(line[15:]) for line in text.split("\r\n") if line[:15] == "Content-Length:")
    while len(body) < length:
        body += _more(link)
    return text, body


def _more(link: socket.socket) -> bytes:
    if more := link.recv(4096):
        return more
    raise ConnectionError
