"""A paused SD: the Chairman approves tokens for it, or stops it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from allocation.access import require_chairman
from allocation.checkpoints.forms import ApprovalForm
from allocation.decisions.deferrals import approve
from allocation.directives.models import StrategicDirective
from allocation.directives.waiting import stop_sd
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.display.format import tokens

_APPROVE = (
    "Its week ran out in mid-SD. It goes on until it has burned so many more fresh tokens, or the "
    "next budget week opens."
)
_STOP = (
    "It ends and leaves the lists, unless the Chairman restores it. Its checkpoints, tokens and "
    "decisions stay."
)


@require_http_methods(GET_POST)
def approve_sd(request: HttpRequest, code: str) -> HttpResponse:
    """Let a paused SD go on until an amount is used."""
    actor = require_chairman(request.user, "approve tokens")
    sd = get_object_or_404(StrategicDirective, code=code)

    def do(amount: int, reason: str) -> str:
        approve(sd=sd, amount=amount, actor=actor, now=timezone.now(), reason=reason)
        return f"Approved {tokens(amount)} tokens: {sd.code} goes on."

    act = _act(sd, "Approve tokens", f"Approve tokens for {sd.code}", _APPROVE)
    return confirm(request, act, ApprovalForm(sent(request)), do, blamed="amount")


@require_http_methods(GET_POST)
def stop(request: HttpRequest, code: str) -> HttpResponse:
    """End a paused SD."""
    actor = require_chairman(request.user, "stop an SD")
    sd = get_object_or_404(StrategicDirective, code=code)

    def do(reason: str) -> str:
        stop_sd(row=sd, actor=actor, now=timezone.now(), reason=reason)
        return f"Stopped {sd.code}."

    act = _act(sd, "Stop SD", f"Stop {sd.code}", _STOP, danger=True)
    form = ReasonForm(sent(request), "Say why: stopping an SD needs a reason.")
    return confirm(request, act, form, do)


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
