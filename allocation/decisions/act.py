"""A page that asks before something is done: one form, one button, a way back."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@dataclass(frozen=True, slots=True)
class Act:
    """What is about to be done, in words. `button` is verb and noun."""

    heading: str
    lede: str
    button: str
    back_label: str
    back_url: str
    danger: bool = False


def ask(request: HttpRequest, act: Act, form: forms.Form) -> HttpResponse:
    """The page. After a POST it is shown because something was wrong with it."""
    status = 422 if request.method == "POST" else 200
    return render(request, "decisions/act.html", {"act": act, "form": form}, status=status)
