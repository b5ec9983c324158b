"""The signed webhook: one POST to a checked address, and what came of it.

    Budgetctl-Delivery: the id of the delivery, the same at every try
    Budgetctl-Signature: t=UNIX_SECONDS,v1=HEX

HEX is the HMAC-SHA256 of `UNIX_SECONDS.BODY` with the signing secret as it was shown; a receiver
computes it over the bytes of the body, compares in constant time, and refuses an old t.

No library was taken: none that is kept up pins the connection to the address that was checked, and
one request of which only the status is read is shorter than the hooks that would make one do so.
"""

import hmac
import ipaddress
import socket
import ssl
from hashlib import sha256
from time import monotonic

from allocation.policy.errors import RuleError
from allocation.reminders.addresses import Address, Target, may_reach, read_target
from allocation.reminders.outcome import Handover, Outcome

# Seconds. A receiver has to answer at once and may work afterwards.
TOTAL = 8.0
CONNECT = 3.0
# An answer's status line and headers are read, its body never.
MOST_READ = 16_384
_INSIDE = "{} leads inside this network, where no webhook may go."


def signature(secret: str, body: bytes, *, at: int) -> str:
    """The header's value. `at` is in seconds since 1970."""
    signed = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    allow_loopback: bool,
    handover: Handover,
) -> Outcome:
    """Send it to the first of the host's addresses that answers, within TOTAL seconds beside the
    time that its name takes. A redirect is never followed. Raises nothing."""
    try:
        target = read_target(url, allow_loopback=allow_loopback)
    except RuleError as error:
        return Outcome.given_up(str(error))
    try:
        addresses = _resolved(target)
    except (OSError, UnicodeError) as error:
        return Outcome.refused(f"{target.host} was not found ({_reason(error)}).")
    allowed = [
        address
        for address in addresses
        if may_reach(address, allow_loopback=allow_loopback)
        and (target.secure or address.is_loopback)
    ]
    if not allowed:
        return Outcome.given_up(_INSIDE.format(target.host))
    try:
        until = monotonic() + TOTAL
        link = _connected(target, allowed, until)
    except OSError as error:
        return Outcome.refused(f"{target.host} could not be reached ({_reason(error)}).")
    with link:
        if not handover.begin():
            return Outcome.refused(f"{target.host} took too long to connect.")
        return _exchange(link, target, _request(target, body, headers), until)


def _resolved(target: Target) -> list[Address]:
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(entry[4][0]) for entry in found]


def _connected(target: Target, addresses: list[Address], until: float) -> socket.socket:
    """A connection to the address itself; TLS checks the certificate against the name."""
    failure: OSError = TimeoutError("no time was left")
    for address in addresses:
        try:
            left = _left(until)
            link = socket.create_connection((str(address), target.port), min(CONNECT, left))
        except OSError as error:
            failure = error
            continue
        if not target.secure:
            return link
        try:
            link.settimeout(_left(until))
            return ssl.create_default_context().wrap_socket(link, server_hostname=target.host)
        except OSError:
            link.close()
            raise
    raise failure


def _request(target: Target, body: bytes, headers: dict[str, str]) -> bytes:
    lines = {
        "Host": target.host_header,
        "User-Agent": "budgetctl",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _exchange(link: socket.socket, target: Target, request: bytes, until: float) -> Outcome:
    try:
        link.settimeout(_left(until))
        link.sendall(request)
    except OSError as error:  # it cannot act on a request that it has only half of
        return Outcome.refused(f"{target.host} broke the connection off ({_reason(error)}).")
    try:
        status = _status(link, until)
    except (OSError, ValueError) as error:
        return Outcome.uncertain(f"{target.host} gave no answer ({_reason(error)}).")
    if 200 <= status < 300:
        return Outcome.arrived(f"{target.host} answered {status}.")
    if 300 <= status < 400:
        return Outcome.given_up(
            f"{target.host} answered {status}, a redirect, which is never followed: "
            "enter the address that it leads to."
        )
    return Outcome.refused(f"{target.host} answered {status}.")


def _status(link: socket.socket, until: float) -> int:
    """The status of the answer, after those that only announce one (1xx)."""
    read = b""
    while True:
        line, ended, rest = read.partition(b"\r\n")
        if ended:
            status = _parsed(line)
            if status >= 200:
                return status
            _, ended, rest = read.partition(b"\r\n\r\n")
            if ended:
                read = rest
                continue
        if len(read) > MOST_READ:
            raise ValueError("its answer is not HTTP")
        link.settimeout(_left(until))
        more = link.recv(4096)
        if not more:
            raise ValueError("it closed the connection")
        read += more


def _parsed(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or not code.isdigit() or len(code) < 3:
        raise ValueError("its answer is not HTTP")
    return int(code)


def _left(until: float) -> float:
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError("no time was left")
    return left


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
