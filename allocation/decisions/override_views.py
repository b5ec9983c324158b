"""The page of overrides: what is in force, what was, and a form to give one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from allocation.access import may_rule, require_chairman
from allocation.decisions.forms import OverrideForm
from allocation.decisions.override_page import overrides_page, scope_in_words
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.floors.models import Override
from allocation.floors.operations import create_override, revoke_override
from allocation.policy.errors import RuleError
from allocation.usage.standing import running_week


@require_http_methods(GET_POST)
def overrides(request: HttpRequest) -> HttpResponse:
    """Everybody reads them; the Chairman gives them."""
    now = timezone.now()
    posted = sent(request)
    actor = require_chairman(request.user, "override") if posted is not None else ""
    form = OverrideForm(
        posted,
        # A decision's page leads here with the sub-agent and the phase that it is about.
        initial={name: request.GET.get(name) for name in ("sub_agent", "phase")},
        now=now,
        zone=timezone.get_current_timezone(),
        end_of_week=lambda: running_week(now).window.end,
    )
    if form.is_valid():
        try:
            made = create_override(actor=actor, now=now, **form.given())
        except RuleError as error:
            form.add_error("tier", str(error))
        else:
            messages.success(request, f"Override given: {made} on {made.tier}.")
            return redirect("steering:list-overrides")
    context = {"page": overrides_page(now), "form": form, "may_override": may_rule(request.user)}
    status = 200 if posted is None else 422
    return render(request, "decisions/overrides.html", context, status=status)


@require_http_methods(GET_POST)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End an override before its time, with a reason."""
    actor = require_chairman(request.user, "revoke overrides")
    override = get_object_or_404(Override.objects.select_related("sub_agent", "tier"), pk=pk)

    def do(reason: str) -> str:
        revoke_override(override=override, actor=actor, now=timezone.now(), reason=reason)
        return f"Revoked the override of {override}."

    act = Act(
        heading=f"Revoke override of {override.sub_agent.code}",
        lede=f"It forces {override.tier} in {override.phase or 'all phases'} on "
        f"{scope_in_words(override)}: {override.reason}",
        button="Revoke override",
        back_label="Overrides",
        back_url=reverse("steering:list-overrides"),
        danger=True,
    )
    form = ReasonForm(sent(request), "Say why: a revocation needs a reason.")
    return confirm(request, act, form, do)
