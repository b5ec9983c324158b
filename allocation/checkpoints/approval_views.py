"""A paused SD: the Chairman approves tokens for it, or stops it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from allocation.access import require_chairman
from allocation.checkpoints.forms import ApprovalForm, StopForm
from allocation.decisions.act import Act, ask
from allocation.decisions.deferrals import approve
from allocation.directives.models import StrategicDirective
from allocation.directives.waiting import stop_sd
from allocation.display.format import tokens
from allocation.policy.errors import RuleError

GET_POST = ["GET", "HEAD", "POST"]
_APPROVE = (
    "Its week ran out in mid-SD. It goes on until it has burned so many more fresh tokens, or the "
    "next budget week opens."
)
_STOP = "It ends for good and leaves the lists. Its checkpoints, tokens and decisions stay."


@require_http_methods(GET_POST)
def approve_sd(request: HttpRequest, code: str) -> HttpResponse:
    """Let a paused SD go on until an amount is used."""
    actor = require_chairman(request.user, "approve tokens")
    sd = get_object_or_404(StrategicDirective, code=code)
    form = ApprovalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            approve(sd=sd, actor=actor, now=timezone.now(), **form.cleaned_data)
        except RuleError as error:
            form.add_error("amount", str(error))
        else:
            amount = tokens(form.cleaned_data["amount"])
            messages.success(request, f"Approved {amount} tokens: {sd.code} goes on.")
            return redirect("checkpoints:view-sd", sd.code)
    return ask(request, _act(sd, "Approve tokens", f"Approve tokens for {sd.code}", _APPROVE), form)


@require_http_methods(GET_POST)
def stop(request: HttpRequest, code: str) -> HttpResponse:
    """End a paused SD."""
    actor = require_chairman(request.user, "stop an SD")
    sd = get_object_or_404(StrategicDirective, code=code)
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            stop_sd(row=sd, actor=actor, now=timezone.now(), reason=reason)
        except RuleError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, f"Stopped {sd.code}.")
            return redirect("checkpoints:view-sd", sd.code)
    return ask(request, _act(sd, "Stop SD", f"Stop {sd.code}", _STOP, danger=True), form)


def _act(
    sd: StrategicDirective, button: str, heading: str, lede: str, *, danger: bool = False
) -> Act:
    return Act(
        heading=heading,
        lede=lede,
        button=button,
        back_label=sd.code,
        back_url=reverse("checkpoints:view-sd", args=[sd.code]),
        danger=danger,
    )
