"""What happens around every request."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from zoneinfo import ZoneInfo

from django.db import OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control

from allocation.access import role_of
from allocation.budgets.models import BudgetRule
from allocation.rights.roles import acting_as, each_as
from budgetctl.kept_forms import unavailable

logger = logging.getLogger(__name__)

Responder = Callable[[HttpRequest], HttpResponse]


def acting_for_the_user(get_response: Responder) -> Responder:
    """Speak to the database in the name of whoever is signed in, and of nobody else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        role = role_of(request.user)
        with acting_as(role):
            response = get_response(request)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = each_as(role, response.streaming_content)
        return response

    return middleware


def kept_by_nobody(get_response: Responder) -> Responder:
    """Let no browser or proxy keep a page: on a shared machine "back" would show it after the
    sign-out, to whoever sits there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def owners_zone(get_response: Responder) -> Responder:
    """Show all times in the owner's zone, which is the zone of the budget rule."""

    def middleware(request: HttpRequest) -> HttpResponse:
        rules = BudgetRule.objects.values_list("timezone", flat=True)
        name = rules.first() if request.user.is_authenticated else None
        with timezone.override(ZoneInfo(name) if name else None):
            return get_response(request)

    return middleware


def refused_methods(get_response: Responder) -> Responder:
    """Say in a page what is wrong with opening an address that only takes what a form sends.

    A browser does that when somebody signs in again in mid-form, or reloads what a form answered.
    Django's own refusal has no body, for which a browser shows a fault of the server.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        page = render(request, "405.html", status=response.status_code)
        page["Allow"] = response["Allow"]
        return page

    return middleware


class DatabaseFaults:
    """Answer a locked, read-only or missing database with one sentence instead of a stack trace."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django hands an exception of a view to this hook only, so this middleware is a class."""
        if isinstance(error, ProgrammingError) and "row-level security" in str(error):
            # The views ask first; what gets past one of them ends here.
            logger.error("%s: %s", request.path, error)
            return render(request, "403.html", status=403)
        if not isinstance(error, OperationalError):
            return None
        logger.error("%s: %s", request.path, error)
        return unavailable(request)
