"""The list of SDs, and the forms that write them. The page of one SD is in `checkpoints`."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from allocation.access import may_log, require_chairman, require_log
from allocation.audit.shown import refuse
from allocation.directives.forms import SdForm
from allocation.directives.models import StrategicDirective
from allocation.directives.operations import create_sd, edit_sd
from allocation.directives.page import Spend, rubric, sd_list
from allocation.directives.queue import to_propose
from allocation.directives.steps import archive_sd, defer_sd, restore_sd, resume_sd
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.display.format import percent
from allocation.policy.errors import RuleError

# The chance that the week runs out. Forecasts are above SDs in the order of imports, so the
# project's urls pass the function in.
Chance = Callable[[datetime], Decimal | None]


@require_safe
def list_sds(request: HttpRequest, *, chance: Chance, spend: Spend) -> HttpResponse:
    """All SDs, or those with a status or a word, and which ones are proposed for deferral."""
    runs_out = chance(timezone.now())
    context = {
        "page": sd_list(request.GET, spend),
        "proposed": to_propose(runs_out),
        "chance": percent(runs_out) if runs_out is not None else "",
        "may_log": may_log(request.user),
    }
    return render(request, "directives/list.html", context)


@require_http_methods(GET_POST)
def create(request: HttpRequest) -> HttpResponse:
    """Propose an SD."""
    actor = require_log(request.user)
    levels, words = rubric()
    form = SdForm(sent(request), rubric=levels)
    if form.is_valid():
        try:
            sd = create_sd(sd=form.facts(), actor=actor, now=timezone.now())
        except RuleError as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, f"Created {sd.code}.{_rubric_note(form, sd)}")
            return redirect("checkpoints:view-sd", sd.code)
    context = {"form": form, "rubric": words}
    return render(request, "directives/edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(GET_POST)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what is said of an SD."""
    actor = require_log(request.user)
    sd = get_object_or_404(StrategicDirective, code=code)
    levels, words = rubric()
    form = SdForm(sent(request), rubric=levels, sd=sd)
    if form.is_valid():
        try:
            seen = form.cleaned_data["shown"]
            changed = edit_sd(row=sd, sd=form.facts(), actor=actor, now=timezone.now(), seen=seen)
        except RuleError as error:
            refuse(form, error, "code")
        else:
            messages.success(request, f"Saved {changed.code}.{_rubric_note(form, changed)}")
            return redirect("checkpoints:view-sd", changed.code)
    context = {"form": form, "rubric": words, "sd": sd}
    return render(request, "directives/edit.html", context, status=422 if form.is_bound else 200)


@require_http_methods(GET_POST)
def defer(request: HttpRequest, code: str) -> HttpResponse:
    """Put an SD off to the next budget week, with a reason."""
    actor = require_log(request.user)
    lede = "It waits for the next budget week and comes back by itself when that opens."
    form = ReasonForm(
        sent(request),
        "Say why: a deferral needs a reason.",
        "It stands beside the SD until it is resumed.",
    )
    return _act(request, code, defer_sd, form, actor=actor, verb="Defer", lede=lede)


@require_http_methods(GET_POST)
def resume(request: HttpRequest, code: str) -> HttpResponse:
    """Take a deferred SD up again."""
    actor, form = require_log(request.user), ReasonForm(sent(request))
    lede = "It goes on where it stood."
    return _act(request, code, resume_sd, form, actor=actor, verb="Resume", lede=lede)


@require_http_methods(GET_POST)
def archive(request: HttpRequest, code: str) -> HttpResponse:
    """Take an SD out of the lists."""
    actor, form = require_log(request.user), ReasonForm(sent(request))
    lede = "It leaves the lists. Its checkpoints, tokens and decisions stay, and its page too."
    return _act(request, code, archive_sd, form, actor=actor, verb="Archive", lede=lede)


@require_http_methods(GET_POST)
def restore(request: HttpRequest, code: str) -> HttpResponse:
    """Take an SD out of the archive: the Chairman's, who alone ends one for good."""
    actor = require_chairman(request.user, "restore an SD")
    form = ReasonForm(sent(request), "Say why: restoring an SD needs a reason.")
    lede = "It comes back to the lists where it stood: its agents may run again."
    return _act(request, code, restore_sd, form, actor=actor, verb="Restore", lede=lede)


def _act(
    request: HttpRequest,
    code: str,
    operation: Callable[..., StrategicDirective],
    form: ReasonForm,
    *,
    actor: str,
    verb: str,
    lede: str,
) -> HttpResponse:
    """Ask for confirmation and a reason, then act."""
    sd = get_object_or_404(StrategicDirective, code=code)

    def do(reason: str) -> str:
        changed = operation(row=sd, actor=actor, now=timezone.now(), reason=reason)
        return f"{changed.code} is {changed.get_status_display()}."

    act = Act(
        heading=f"{verb} {sd.code}",
        lede=lede,
        button=f"{verb} {sd.code}",
        back_label=sd.code,
        back_url=reverse("checkpoints:view-sd", args=[sd.code]),
    )
    return confirm(request, act, form, do)


def _rubric_note(form: SdForm, sd: StrategicDirective) -> str:
    """Says where the complexity came from, if lines or dependencies were given."""
    level = form.by_rubric
    if level is None:
        return ""
    if level == sd.complexity:
        return f" By the rubric its complexity is {level}."
    return f" Complexity {sd.complexity} as chosen; the rubric says {level}."
