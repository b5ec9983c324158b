"""The door of the JSON API: a token with the scope, then a body of bounded size."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from allocation.api.bodies import BodyRefused, media_type, read_body
from allocation.api.models import AgentToken
from allocation.api.operations import authenticate
from allocation.policy.errors import RuleError
from allocation.rights.roles import Role, act_as

MOST_BYTES = 10 * 1024 * 1024


def admit(request: HttpRequest, *, scope: str, now: datetime) -> AgentToken:
    """The agent's token that a request carries; from here on the request acts for an agent.

    Raises AccessRefused.
    """
    token = authenticate(header=request.headers.get("Authorization", ""), scope=scope, now=now)
    act_as(Role.AGENT)
    return token


class Bearer(HttpBearer):
    """An agent token with a scope. The token is `request.auth` afterwards.

    `query` are the keys that may stand in the address. Raises AccessRefused, RuleError for another
    key, and BodyRefused for a body that is too large or not JSON by its type.
    """

    def __init__(self, scope: str, query: Collection[str] = ()) -> None:
        super().__init__()
        self.scope = scope
        self.query = frozenset(query)

    def __call__(self, request: HttpRequest) -> AgentToken:
        token = admit(request, scope=self.scope, now=timezone.now())
        if unknown := sorted(request.GET.keys() - self.query):
            # Passed over, a misspelt filter would be answered with everything.
            raise RuleError(f"“{unknown[0][:100]}” is not something that can be asked for here.")
        if request.method == "POST":
            if media_type(request) != "application/json":
                raise BodyRefused(415, "Content-Type must be application/json.")
            # Django's own reading stops at DATA_UPLOAD_MAX_MEMORY_SIZE, which is meant for forms,
            # and knows no gzip. What is read here is what `request.body` gives to the parser.
            request._body = read_body(request, most=MOST_BYTES)
        return token

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Never called: `__call__` does all of it."""
        raise NotImplementedError
