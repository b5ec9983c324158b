"""A change of the password, and sign-in that was tried too often."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_cool_off
from django.contrib.auth import views as accounts
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class ChangePassword(accounts.PasswordChangeView):
    """Django's, which answers a form that is refused with the status that all pages do."""

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        """The form again, with what is wrong in it."""
        response = super().form_invalid(form)
        response.status_code = 422
        return response


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The answer to whoever may not try again yet. django-axes calls it (AXES_LOCKOUT_CALLABLE)."""
    wait = get_cool_off(request) or timedelta()
    minutes = round(wait / timedelta(minutes=1))
    page = render(request, "registration/locked_out.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(round(wait.total_seconds()))
    return page
