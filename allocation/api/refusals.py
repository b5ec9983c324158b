"""How the JSON API says no: `{"error": "one sentence"}` and the status that fits, never a trace."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import msgspec
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from allocation.api.bodies import BodyRefused
from allocation.api.operations import AccessRefused
from allocation.policy.errors import RuleError

logger = logging.getLogger(__name__)

BUSY = "The database is busy or away, or its disk is full. Nothing was stored; send it again later."

View = Callable[..., Any]


class Conflict(Exception):
    """What cannot be done because something else was done before. `str()` is one sentence."""


@contextmanager
def of_item(place: object | None) -> Iterator[None]:
    """Say of which item of a list a rule refuses something: the place is worded as `_sentence`
    words it. None for what came alone."""
    try:
        yield
    except RuleError as error:
        if place is None:
            raise
        raise RuleError(f"“{place}”: {error}") from error


class StrictParser(Parser):
    """JSON as the standard has it: no NaN, no lone surrogates, no nesting beyond all reason."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python values. Raises an exception that the API answers with 400."""
        return msgspec.json.decode(request.body)


def refusal(status: int, sentence: str) -> HttpResponse:
    """The answer that says why not."""
    body = msgspec.json.encode({"error": sentence})
    response = HttpResponse(body, content_type="application/json", status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response["Retry-After"] = "5"
    return response


def for_agents(view: View) -> View:
    """A view for agents, who carry no session cookie: exempt from the login and from the check
    against cross-site requests, it asks for a token instead. A method that it does not take is
    refused as all else is."""

    @csrf_exempt
    @login_not_required
    @wraps(view, updated=())
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = response["Allow"]
            response = refusal(405, f"This address takes {allowed}, not {request.method}.")
            response["Allow"] = allowed
        return response

    return answer


def say_no(api: NinjaAPI) -> None:
    """Teach an API to answer every exception in this way."""

    @api.exception_handler(AccessRefused)
    @api.exception_handler(BodyRefused)
    def with_its_status(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(error.status, str(error))

    @api.exception_handler(RuleError)
    def against_a_rule(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(422, str(error))

    @api.exception_handler(Conflict)
    def in_conflict(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(409, str(error))

    @api.exception_handler(Http404)
    @api.exception_handler(ObjectDoesNotExist)
    def not_found(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(404, str(error) or "There is nothing at this address.")

    @api.exception_handler(HttpError)
    def ninjas_own(request: HttpRequest, error: Any) -> HttpResponse:
        malformed = error.status_code == 400
        return refusal(error.status_code, "The body is not JSON." if malformed else str(error))

    @api.exception_handler(ValidationError)
    def of_wrong_shape(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(422, _sentence(error.errors))

    @api.exception_handler(OperationalError)
    def database_away(request: HttpRequest, error: Any) -> HttpResponse:
        logger.exception("%s", request.path)
        return refusal(503, BUSY)

    @api.exception_handler(Exception)
    def unforeseen(request: HttpRequest, error: Any) -> HttpResponse:
        logger.exception("%s", request.path)
        return refusal(500, "Something went wrong that should not; the server's log says what.")


def _sentence(errors: list[dict[str, Any]]) -> str:
    """The first thing that is wrong, and how many more there are."""
    first = errors[0]
    source, *named = first["loc"]
    # A body's first part is only the name of our parameter, `one` and `many` its two shapes.
    named = (
        [part for part in named[1:] if part not in {"one", "many"}] if source == "body" else named
    )
    where = ".".join(map(str, named))
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    if not where and first["type"] in {"too_short", "too_long"}:
        return f"The body: {first['msg'].replace(' after validation', '')}{more}."
    if not where:
        return f"The body is missing, or is no object that can be taken here{more}."
    if first["type"] == "model_type":
        return f"“{where[:100]}” must be an object{more}."
    if first["type"] == "extra_forbidden":
        return f"“{where[:100]}” is not something that can be set here{more}."
    if first["type"] == "string_pattern_mismatch":
        return f"“{where[:100]}” has a NUL character{more}."
    return f"“{where[:100]}”: {first['msg']}{more}."
