"""The built-in server: its address, its requests, and the scheduled work beside them."""

import errno
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from ipaddress import ip_address

from budgetctl.cli.background import guarded, repeating
from budgetctl.cli.refusals import Refused, first_line

TICK_SECONDS = 60
FRESH_SECONDS = 0.5
LOG_SECONDS = 1
THREADS = 8
# How long one thread may keep the interpreter from the others. A hook waits for its answer while
# another thread takes a batch of telemetry in; Python's own 5 ms would be half of what it may take.
SWITCH_SECONDS = 0.001


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is done, so that a taken one changes nothing.

    From now on connections wait until `serve` answers them. Port 0 takes any that is free.
    """
    try:
        # IPv4 first: that is what people type, and `localhost` is reached on it everywhere.
        found = sorted(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE),
            key=lambda entry: entry[0] != socket.AF_INET,
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise Refused(f"--host {host} is no address: {_reason(error)}.") from error
    try:
        # The port of a server that just stopped is free again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise Refused(_why_not(error, host, port)) from error
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken, perhaps by another budgetctl. "
            "Stop that, or choose another port with --port."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is no address of this machine."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights. Choose one above 1023 with --port."
    return f"Cannot serve on {host}, port {port}: {_reason(error)}."


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or first_line(error)


def is_any(listener: socket.socket) -> bool:
    """Whether it listens on all addresses of this machine."""
    address, *_ = listener.getsockname()
    return ip_address(address.partition("%")[0]).is_unspecified


def host_in_address(host: str) -> str:
    """The host as it stands in an address and in a Host header: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def serve(listener: socket.socket, stopped: threading.Event) -> None:
    """Answer requests until the event is set."""
    import waitress
    from django.conf import settings

    from allocation.api.apart import telemetry_apart
    from budgetctl.wsgi import application

    # It warns of every request that waits a moment, and a browser sends several at once.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # Behind a proxy that ends TLS, its word on the scheme counts; otherwise nobody's does.
    behind_tls = (
        {"trusted_proxy": "*", "trusted_proxy_headers": {"x-forwarded-proto"}}
        if settings.TLS
        else {}
    )
    server = waitress.create_server(
        application, sockets=[listener], threads=THREADS, ident="budgetctl", **behind_tls
    )
    sys.setswitchinterval(SWITCH_SECONDS)
    import_module(settings.ROOT_URLCONF)  # or the first request does it, which takes a second
    # All that was imported stays to the end, so the collector need not look through it again and
    # again, which would hold requests up.
    gc.freeze()

    def run() -> None:
        try:
            server.run()
        finally:
            stopped.set()

    threading.Thread(target=run, name="server", daemon=True).start()
    with telemetry_apart(), keeping_fresh(), emptying_log():
        stopped.wait()
    server.task_dispatcher.shutdown()  # what is being answered may end, for a bounded time


class Stopping:
    """What Ctrl-C and SIGTERM do: raise KeyboardInterrupt and, after `gently`, only set `stopped`.

    The exception may come in the middle of anything. That must not happen any more once other
    threads run: if it broke off an import in this one, they might wait for that import for ever.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._is_gentle = False

    def gently(self) -> threading.Event:
        """From here on raise nothing; the event is set when it is time to stop."""
        self._is_gentle = True
        return self.stopped

    def stop(self, number: int, frame: object) -> None:
        """Take a signal."""
        self.stopped.set()
        if not self._is_gentle:
            raise KeyboardInterrupt


@contextmanager
def stopping_on_signals() -> Iterator[Stopping]:
    """Stop at Ctrl-C and SIGTERM within the block.

    Also in a job that a shell has put into the background, where SIGINT would be ignored otherwise.
    """
    stopping = Stopping()
    before = {
        number: signal.signal(number, stopping.stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def keeping_fresh() -> Iterator[None]:
    """Keep what hooks are answered from fresh in the background, so that no hook has to read it."""
    from allocation.claude_code.situation import keep_fresh
    from budgetctl.cli import clock

    def refresh() -> None:
        guarded("Keeping fresh", lambda: keep_fresh(clock.now()))

    with repeating(refresh, seconds=FRESH_SECONDS):
        yield


@contextmanager
def emptying_log() -> Iterator[None]:
    """Move SQLite's write-ahead log into the database's file, in the background."""
    from budgetctl.sqlite.log import empty_log

    with repeating(lambda: guarded("Emptying the log", empty_log), seconds=LOG_SECONDS):
        yield


@contextmanager
def ticking() -> Iterator[None]:
    """Do the scheduled work now, and then once a minute in a thread."""
    tick_once()
    with repeating(tick_once, seconds=TICK_SECONDS):
        yield


def tick_once() -> None:
    """One tick. What fails in it is tried again with the next."""
    from allocation.dashboard.tick import tick
    from budgetctl.cli import clock

    guarded("Scheduled work", lambda: tick(now=clock.now()))
