"""Answers to forms that cannot be taken just now, with what was typed in them, to be sent again.

While somebody fills in a long form the session may end, another account sign in in another tab, or
the database go away. The browser's "back" need not bring the input back, since our pages may not be
kept by browsers (middleware.kept_by_nobody). No password is sent back, and nothing that came from
another site: the answer to these has no input in it.
"""

import sys
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.views.defaults import server_error

Field = tuple[str, str]


def signed_out_forms(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., object]:
    """Answer a form of somebody who was signed out meanwhile with a page that can send it again.

    A part of a page gets a refusal too, where the sign-in page would be put into its place.
    """
    login = f"{resolve_url(settings.LOGIN_URL)}?next="

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 302 or not response["Location"].startswith(login):
            return response
        fields = _typed(request)
        if not fields and "HX-Request" not in request.headers:
            return response
        return render(request, "signed_out.html", {"fields": fields}, status=403)

    return middleware


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose key is not that of this browser (CSRF_FAILURE_VIEW)."""
    return render(request, "403_csrf.html", {"fields": _typed(request)}, status=403)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The answer while the database is away. It asks the database nothing, as a page with the usual
    context would."""
    context = {
        "fields": _typed(request),
        "path": request.get_full_path(),
        "csrf_token": get_token(request),
    }
    return HttpResponse(render_to_string("503.html", context), status=503)


def failed(request: HttpRequest) -> HttpResponse:
    """The answer to a fault (handler500). Who asks is looked up before any view is, and the
    database may be away then already."""
    if isinstance(sys.exc_info()[1], OperationalError):
        return unavailable(request)
    return server_error(request)


def _typed(request: HttpRequest) -> Sequence[Field]:
    """What a form of one of our pages sent, to be sent again; nothing of one with a password."""
    # Browsers say with each form where it comes from.
    ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if not ours or any("password" in name for name in request.POST):
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
