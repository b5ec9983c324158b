"""A page that asks before something is done: one form, one button, a way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from allocation.display.fields import reason_field
from allocation.policy.errors import RuleError

# What a page with a form takes.
GET_POST = ("GET", "HEAD", "POST")


@dataclass(frozen=True, slots=True)
class Act:
    """What is about to be done, in words; `notes` are what else is to be known, a line each.
    `button` is verb and noun."""

    heading: str
    lede: str
    button: str
    back_label: str
    back_url: str
    danger: bool = False
    notes: Sequence[str] = ()


class ReasonForm(forms.Form):
    """Why something is done, as `reason_field` asks for it."""

    def __init__(self, data: QueryDict | None, missing: str = "", help_text: str = "") -> None:
        super().__init__(data)
        self.fields["reason"] = reason_field(missing, help_text)


def confirm(
    request: HttpRequest,
    act: Act,
    form: forms.Form,
    do: Callable[..., str],
    *,
    blamed: str = "reason",
) -> HttpResponse:
    """Ask; once the form is right do it, say so and go back.

    `do` takes the form's data by name, and says what it did. Where it raises RuleError, the
    sentence stands beside the field `blamed`.
    """
    if form.is_valid():
        try:
            done = do(**form.cleaned_data)
        except RuleError as error:
            form.add_error(blamed, str(error))
        else:
            messages.success(request, done)
            return redirect(act.back_url)
    # After a POST it is shown because something was wrong with it.
    status = 422 if request.method == "POST" else 200
    return render(request, "confirm.html", {"act": act, "form": form}, status=status)


def sent(request: HttpRequest) -> QueryDict | None:
    """What was posted, None for a GET: an empty POST is a wrong one, not a fresh form."""
    return request.POST if request.method == "POST" else None
