"""The page of the calibration, and its one button."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from allocation.access import may_rule, require_chairman
from allocation.budgets.calibration import apply_calibration
from allocation.claude_code.calibration_page import calibration_page, latest, offer_of
from allocation.claude_code.forms import ApplyForm
from allocation.display.format import tokens


@require_safe
def calibrate(request: HttpRequest) -> HttpResponse:
    """What 100 % of the plan stands for, as far as its readings say."""
    return _show(request, ApplyForm())


@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Take the estimate that was looked at as the limit and the meter."""
    actor = require_chairman(request.user, "change the budget rule")
    now = timezone.now()
    offer = offer_of(latest(now))
    form = ApplyForm(request.POST, offered=offer.key if offer else "")
    if offer is None or not form.is_valid():
        return _show(request, form, status=422)
    apply_calibration(
        limit=offer.limit,
        weights=offer.weights,
        actor=actor,
        now=now,
        reason=form.cleaned_data["reason"],
    )
    messages.success(
        request,
        f"Applied: {tokens(offer.limit)} budget tokens a week by the measured meter. All history "
        "is metered anew, except weeks that are closed. It can be undone under Last changes.",
    )
    return redirect("budgets:change-rule")


def _show(request: HttpRequest, form: ApplyForm, status: int = 200) -> HttpResponse:
    zone = timezone.get_current_timezone()
    page = calibration_page(timezone.now(), zone)
    context = {"page": page, "form": form, "may_rule": may_rule(request.user)}
    return render(request, "claude_code/calibration.html", context, status=status)
