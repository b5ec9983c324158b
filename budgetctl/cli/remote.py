"""The commands that work on a budgetctl elsewhere: BUDGETCTL_URL and, for its agent token,
BUDGETCTL_TOKEN. An agent's rights are the token's; limits, floors and overrides are not among them.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

from allocation.claude_code.client.home import site
from allocation.claude_code.client.transport import parts
from allocation.policy.phases import CheckpointKind, Phase
from budgetctl.cli.parameters import Typed, on_clock, read_optional_tokens
from budgetctl.cli.refusals import Refused, Unanswered

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from allocation.api import week_shapes as shapes
    from allocation.claude_code.front_matter import Tiers

Json = dict[str, Any]

SECONDS = 20
MOST_BYTES = 32 * 1024 * 1024
_PAGE = 500
_PACKED_FROM = 16 * 1024  # bytes; less is one packet or two


class _Said(dict[str, Any]):
    """An object of an answer. Where it lacks what is asked of it, another server has answered, or
    one of another version."""

    def __missing__(self, name: str) -> NoReturn:
        raise Unanswered(f"The server does not say “{name}”: is it budgetctl, of this version?")


@dataclass(frozen=True, slots=True)
class Hub:
    """A server and the token to speak to it with."""

    url: str
    token: str

    def get(self, path: str) -> Json:
        """What the API answers. Raises Refused with the server's own sentence where it says no."""
        return self._ask(f"/api/v1{path}", None)

    def week(self) -> "shapes.Week":
        """The running week in full. Raises Refused."""
        return cast("shapes.Week", self.get("/week"))

    def forecast(self) -> "shapes.Outlook":
        """How far the week's budget will reach. Raises Refused."""
        return cast("shapes.Outlook", self.get("/forecast"))

    def next_sd(self) -> "shapes.Plan":
        """The plan for the SD whose turn it is, if there is one. Raises Refused."""
        return cast("shapes.Plan", self.get("/next"))

    def check(self, sd: str) -> "shapes.Plan":
        """The plan for an SD. Raises Refused."""
        return cast("shapes.Plan", self.get(f"/sds/{quote(sd, safe='')}/check"))

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Send an object and give back what is answered. Raises Refused."""
        return self._ask(f"/api/v1{path}", json.dumps(body).encode())

    def tiers(self) -> "Tiers | None":
        """The current tiers of sub-agents, None while the server is off. Raises Refused."""
        return cast("Tiers | None", self._ask("/hooks/state", b"{}")["tiers"])

    def _ask(self, path: str, body: bytes | None) -> Json:
        from gzip import compress
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import HTTPRedirectHandler, Request, build_opener

        class Stay(HTTPRedirectHandler):
            """Follows nothing: the token would be sent to wherever the answer leads."""

            def redirect_request(self, *_: Any) -> None:
                return None

        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if body is not None and len(body) >= _PACKED_FROM:
            body, headers["Content-Encoding"] = compress(body, 1), "gzip"
        request = Request(f"{self.url}{path}", body, headers)  # noqa: S310 -- see hub()
        try:
            with build_opener(Stay).open(request, timeout=SECONDS) as answer:
                return self._said(answer)
        except HTTPError as error:
            with error:
                raise (Refused if error.code < 500 else Unanswered)(self._no(error)) from error
        except URLError as error:
            why = getattr(error.reason, "strerror", None) or error.reason
            raise Unanswered(f"{self.url} cannot be reached{self._by_proxy()}: {why}.") from error
        except ConnectionError as error:
            raise Unanswered(f"{self.url} broke off before it had answered.") from error
        except TimeoutError as error:
            raise Unanswered(f"{self.url} has not answered within {SECONDS} seconds.") from error
        except (OSError, HTTPException, ValueError) as error:
            raise Unanswered(f"{self.url} does not answer as budgetctl does.") from error

    def _by_proxy(self) -> str:
        """Which variable of the environment leads through a proxy, "" where none does."""
        from urllib.request import getproxies, proxy_bypass

        scheme, host = self.url.partition(":")[0], parts(self.url)[1]
        if scheme not in getproxies() or proxy_bypass(host):
            return ""
        return f" through the proxy that {scheme}_proxy names (no_proxy={host} goes past it)"

    def _said(self, answer: "HTTPResponse | Any") -> Json:
        said = json.loads(answer.read(MOST_BYTES), object_hook=_Said)
        if not isinstance(said, dict):
            raise ValueError
        return said

    def _no(self, error: Any) -> str:
        try:
            return str(self._said(error)["error"])
        except (OSError, ValueError, Unanswered):
            return f"{self.url} answers {error.code}: is it budgetctl, and its whole address?"


def hub() -> Hub | None:
    """The server that the environment names; None where it names none, or has no token for it.

    Raises Refused for what is no web address.
    """
    url, token = os.environ.get("BUDGETCTL_URL", ""), os.environ.get("BUDGETCTL_TOKEN", "")
    if not (url and token):
        return None
    try:
        parts(url)
    except ValueError as error:
        raise Refused(
            f"BUDGETCTL_URL must be an address such as https://budget.example: {error}."
        ) from error
    if not (token.isascii() and token.isprintable()):
        raise Refused("BUDGETCTL_TOKEN has characters in it that no token has: copy it once more.")
    return Hub(site(url), token)


def sds(to: Hub, *, everything: bool) -> list[Json]:
    """All SDs of the server, newest first; without `everything`, those that are not over."""
    return [
        sd for sd in _all_sds(to) if everything or sd["status"] not in {"completed", "archived"}
    ]


def _all_sds(to: Hub) -> Iterator[Json]:
    before = ""
    while True:
        page = to.get(f"/sds?size={_PAGE}{before}")
        yield from page["sds"]
        if page["next"] is None:
            return
        before = f"&before={page['next']}"


def log(to: Hub, sd: str, kind: CheckpointKind | None, phase: Phase | None, typed: Typed) -> Json:
    """Log a checkpoint. Raises RuleError for tokens or a mix that cannot be read, and Refused."""
    from allocation.checkpoints.mix_text import read_mix

    mix, _ = read_mix(typed.mix)
    return to.post(
        "/checkpoints",
        {
            "sd": sd,
            "kind": kind,
            "phase": phase,
            "tokens": read_optional_tokens(typed.tokens),
            "mix": mix,
            "rework_cycles": typed.rework,
            "lines_modified": typed.lines,
            "note": typed.note,
            "at": _moment(to, typed.at),
            "submission": typed.submission and str(typed.submission),
        },
    )


def _moment(to: Hub, at: datetime | None) -> str | None:
    if at is not None and at.tzinfo is None:
        try:
            at = on_clock(at, ZoneInfo(to.get("/week")["time_zone"]))
        except Unanswered:
            raise
        except Refused as error:
            hint = "Or give --at with an offset, as in 2026-11-23T14:00+01:00."
            raise Refused(f"{error} {hint}") from error
    return at.isoformat() if at else None


def answers(to: Hub, lines: Iterable[bytes], *, sd: str | None) -> Iterator[Json]:
    """An answer to each line that is not blank: that of the server, or `error` alone."""
    for line in filter(bytes.strip, lines):
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ValueError
        except (ValueError, RecursionError):
            yield {"error": "The line is no JSON object."}
            continue
        try:
            yield to.post("/recommend", ({"sd": sd} if sd else {}) | asked)
        except Refused as error:
            yield {"error": str(error)}
