"""The deferral queue: read by everybody, put in order and filled by those who may write SDs."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from allocation.access import may_log, may_rule, require_chairman, require_log
from allocation.catalog.models import Tier
from allocation.decisions.deferral_page import deferrals_page
from allocation.decisions.deferrals import (
    check_may_go,
    defer_proposed,
    drop_run,
    move_run,
    run_now,
)
from allocation.decisions.forms import RunNowForm
from allocation.decisions.models import DeferredRun
from allocation.directives.models import StrategicDirective
from allocation.directives.waiting import move_sd
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.policy.errors import RuleError
from allocation.usage.standing import running_week

# The chance that the week runs out. Forecasts stand beside decisions in the order of imports, so
# the project's urls pass the function in.
Chance = Callable[[datetime], Decimal | None]

_WAY = {True: "up", False: "down"}


@require_safe
def deferrals(request: HttpRequest, *, chance: Chance) -> HttpResponse:
    """What waits for the next week, what is proposed for it, and what waits for approval."""
    now = timezone.now()
    context = {
        "page": deferrals_page(now, chance(now)),
        "may_log": may_log(request.user),
        "may_rule": may_rule(request.user),
    }
    return render(request, "decisions/deferrals.html", context)


@require_POST
def move_deferred_sd(request: HttpRequest, code: str, *, up: bool) -> HttpResponse:
    """Move an SD one place in the queue."""
    actor = require_log(request.user)
    sd = get_object_or_404(StrategicDirective, code=code)
    try:
        move_sd(row=sd, up=up, actor=actor, now=timezone.now())
    except RuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{sd.code} moved {_WAY[up]}.")
    return redirect("steering:list-deferrals")


@require_POST
def move_deferred_run(request: HttpRequest, pk: int, *, up: bool) -> HttpResponse:
    """Move a run one place in the queue."""
    actor = require_log(request.user)
    row = get_object_or_404(DeferredRun.objects.select_related("sd"), pk=pk)
    try:
        move_run(row=row, up=up, actor=actor, now=timezone.now())
    except RuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The {row} moved {_WAY[up]}.")
    return redirect("steering:list-deferrals")


@require_POST
def defer_all(request: HttpRequest, *, chance: Chance) -> HttpResponse:
    """Defer one of the proposed SDs, or all of them."""
    actor, now = require_chairman(request.user, "confirm proposed deferrals"), timezone.now()
    only = request.POST.get("sd", "")
    try:
        done = defer_proposed(chance=chance(now), only=only, actor=actor, now=now)
    except RuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Deferred to the next budget week: {', '.join(done)}.")
    return redirect("steering:list-deferrals")


@require_http_methods(GET_POST)
def run_deferred(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a deferred run go now, by an override for it."""
    actor, now = require_chairman(request.user, "override a deferral"), timezone.now()
    row = get_object_or_404(DeferredRun.objects.select_related("decision", "sd"), pk=pk)
    try:
        check_may_go(row)
    except RuleError as error:  # nothing that is typed into the form would mend it
        messages.error(request, str(error))
        return redirect("steering:list-deferrals")

    def do(tier: Tier, reason: str) -> str:
        until = running_week(now).window.end
        made = run_now(row=row, tier=tier, until=until, actor=actor, now=now, reason=reason)
        return f"Override given: {made} on {made.tier}. Ask for it again."

    form = RunNowForm(sent(request), initial={"tier": row.decision.floor})
    return confirm(request, _act(row, "Run now anyway", _RUN_NOW), form, do, blamed="tier")


@require_http_methods(GET_POST)
def drop_deferred(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a run out of the queue, with a reason."""
    actor = require_log(request.user)
    row = get_object_or_404(DeferredRun.objects.select_related("decision", "sd"), pk=pk)

    def do(reason: str) -> str:
        drop_run(row=row, actor=actor, now=timezone.now(), reason=reason)
        return f"Removed the {row}."

    form = ReasonForm(sent(request), "Say why: a run is not forgotten without a reason.")
    return confirm(request, _act(row, "Remove run", _DROP), form, do)


_RUN_NOW = "An override lets this one run go in this week, on the tier chosen here."
_DROP = "It leaves the queue and does not come back when the next budget week opens."


def _act(row: DeferredRun, button: str, lede: str) -> Act:
    whose = f" for {row.sd.code}" if row.sd else ""
    return Act(
        heading=f"{button}: {row.sub_agent} in {row.phase}{whose}",
        lede=f"{lede} It was put off because: {row.decision.reason}",
        button=button,
        back_label="Deferral queue",
        back_url=reverse("steering:list-deferrals"),
    )
