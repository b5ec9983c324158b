"""What happens around every request."""

import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from allocation.budgets.models import BudgetRule
from budgetctl.faults import database_sentence

logger = logging.getLogger(__name__)

Responder = Callable[[HttpRequest], HttpResponse]


def owners_zone(get_response: Responder) -> Responder:
    """Show all times in the owner's zone, which is the zone of the budget rule."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = BudgetRule.objects.values_list("timezone", flat=True).first()
        with timezone.override(ZoneInfo(name) if name else None):
            return get_response(request)

    return middleware


class DatabaseFaults:
    """Answer a locked, read-only or missing database with one sentence instead of a stack trace."""

    def __init__(self, get_response: Responder) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django hands an exception of a view to this hook only, so this middleware is a class."""
        if not isinstance(error, OperationalError):
            return None
        logger.error("%s: %s", request.path, error)
        return render(request, "503.html", {"sentence": database_sentence(error)}, status=503)
