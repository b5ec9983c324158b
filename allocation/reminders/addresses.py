"""Which addresses a webhook may go to: none inside the network that budgetctl runs in.

Who may set the address of a webhook could otherwise make this server ask for pages that only it
can reach (SSRF): the metadata of a cloud, a router, a database. An address is judged as a number
after its name was resolved, and the connection goes to that number: a name that resolves to
another one a moment later changes nothing.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from allocation.policy.errors import RuleError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_URL = 1000
# Addresses of IPv4 written as IPv6, for translators (RFC 6052, RFC 8215).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_LOCALLY_TRANSLATED = ipaddress.IPv6Network("64:ff9b:1::/48")
_NO_ADDRESS = "This is not an address; write https://example.com/path."
_INSIDE = "localhost", "localhost.localdomain", "ip6-localhost"


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address in parts. `path` has the query; `host` has no brackets."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The host as HTTP wants it: IPv6 in brackets, the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """What may be shown and logged: a path often holds a secret."""
        return f"{'https' if self.secure else 'http'}://{self.host_header}/…"


def read_target(url: str, *, allow_loopback: bool) -> Target:
    """The parts of a webhook's address. Raises RuleError with one sentence.

    Plain HTTP is for a receiver on this machine only, while that is allowed (for development). A
    name is not resolved here: what it stands for is judged when it is used (`may_reach`).
    """
    parts = _parts(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"https", "http"} or not host or parts.port == 0:
        raise RuleError(_NO_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise RuleError("Leave the user name and password out of the address.")
    secure = parts.scheme == "https"
    if not secure and not allow_loopback:
        raise RuleError("The address must begin with https://.")
    literal = _literal(host)
    if not allow_loopback and host in _INSIDE:
        raise RuleError("This address is inside this network, where no webhook may go.")
    if literal is not None and not may_reach(literal, allow_loopback=allow_loopback):
        raise RuleError("This address is inside this network, where no webhook may go.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, parts.port or (443 if secure else 80), path)


def check_site(url: str) -> None:
    """Refuse what cannot begin the links of a message. Raises RuleError."""
    parts = _parts(url)
    plain = parts.scheme in {"https", "http"} and parts.hostname and parts.username is None
    if not plain or url != f"{parts.scheme}://{parts.netloc}":
        raise RuleError("Write scheme and host only, such as https://budget.example.com.")


def may_reach(address: Address, *, allow_loopback: bool) -> bool:
    """Whether a webhook may go to an address: a public one, or loopback where that is allowed."""
    real = _real(address)
    if real.is_loopback:
        return allow_loopback
    inside = (
        real.is_private,
        real.is_link_local,
        real.is_multicast,
        real.is_reserved,
        real.is_unspecified,
        isinstance(real, ipaddress.IPv6Address) and real.is_site_local,
        isinstance(real, ipaddress.IPv6Address) and real in _LOCALLY_TRANSLATED,
    )
    return real.is_global and not any(inside)


def _real(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only carries it, by whatever way."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address.teredo is not None:
        carried = address.teredo[1]
    if carried is None and address in _TRANSLATED:
        carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address if carried is None else carried


def _parts(url: str) -> SplitResult:
    """The parts of a text that may be an address. Raises RuleError for one that cannot."""
    if len(url) > LONGEST_URL:
        raise RuleError(f"An address has {LONGEST_URL:,} characters at most.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RuleError("Write the address without spaces and with ASCII characters only.")
    try:
        parts = urlsplit(url)
        _ = parts.port  # it is read when it is asked for
    except ValueError:
        raise RuleError(_NO_ADDRESS) from None
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
