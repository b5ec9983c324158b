"""Sign-in that was tried too often."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The answer to whoever may not try again yet. django-axes calls it (AXES_LOCKOUT_CALLABLE)."""
    wait = get_cool_off(request) or timedelta()
    minutes = round(wait / timedelta(minutes=1))
    page = render(request, "registration/locked_out.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(round(wait.total_seconds()))
    return page
