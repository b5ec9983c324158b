"""The page of the budget rule, and the switch."""

from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from allocation.access import may_rule, require_chairman
from allocation.audit.models import AuditEntry
from allocation.audit.operations import facts
from allocation.audit.shown import refuse
from allocation.budgets.forms import RuleForm, SwitchForm, time_zones
from allocation.budgets.models import BudgetRule, Meter
from allocation.budgets.operations import SUBJECT, change_rule, switch, undo_change
from allocation.budgets.page import rule_page, saved_in_words, skipped_in_words
from allocation.budgets.weeks import window_at
from allocation.display.confirm import GET_POST
from allocation.display.format import amount
from allocation.policy.errors import RuleError

# What the running week has used under each meter, by the meter's id. Usage is above budgets in
# the order of imports, so the project's urls pass the function in.
Weigh = Callable[[datetime], Mapping[int, Fraction]]

_CHANGE = "change the budget rule"


@require_http_methods(GET_POST)
def change(request: HttpRequest, *, weigh: Weigh) -> HttpResponse:
    """Everybody reads the rule; the Chairman changes it."""
    rule = BudgetRule.objects.select_related("meter").get()
    if request.method != "POST":
        return _show(request, RuleForm(rule=rule), rule, weigh=weigh)
    actor = require_chairman(request.user, _CHANGE)
    form = RuleForm(request.POST, rule=rule)
    if form.is_valid():
        before, now = facts(rule), timezone.now()
        try:
            said = {"reason": form.cleaned_data["reason"], "seen": form.cleaned_data["shown"]}
            rule = change_rule(change=form.change(), actor=actor, now=now, **said)
        except RuleError as error:
            refuse(form, error, None)
        else:
            end = window_at(now, rule).end
            messages.success(request, saved_in_words(before, facts(rule), rule=rule, end=end))
            _note_consequences(request, before["meter"], rule, weigh(now), now)
            return redirect("budgets:change-rule")
    return _show(request, form, rule, weigh=weigh, status=422)


@require_POST
def switch_system(request: HttpRequest, *, weigh: Weigh) -> HttpResponse:
    """Turn budgetctl on or off, with a reason."""
    actor = require_chairman(request.user, _CHANGE)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        rule = BudgetRule.objects.select_related("meter").get()
        return _show(request, RuleForm(rule=rule), rule, weigh=weigh, switch_form=form, status=422)
    enabled = form.cleaned_data["enabled"]
    switch(enabled=enabled, actor=actor, now=timezone.now(), reason=form.cleaned_data["reason"])
    if enabled:
        messages.success(request, "budgetctl is on: it recommends and forecasts again.")
    else:
        messages.success(
            request, "budgetctl is off: each sub-agent runs on its registered default model."
        )
    return redirect("budgets:change-rule")


@require_POST
def undo(request: HttpRequest, pk: int, *, weigh: Weigh) -> HttpResponse:
    """Set one change of the history back."""
    actor = require_chairman(request.user, _CHANGE)
    entry = get_object_or_404(AuditEntry, pk=pk, subject=SUBJECT)
    before = facts(BudgetRule.objects.select_related("meter").get())
    now = timezone.now()
    try:
        rule = undo_change(entry=entry, actor=actor, now=now)
    except RuleError as error:
        messages.error(request, str(error))
    else:
        end = window_at(now, rule).end
        said = saved_in_words(before, facts(rule), rule=rule, end=end)
        messages.success(request, said.replace("Saved", "Undone", 1))
        _note_consequences(request, before["meter"], rule, weigh(now), now)
    return redirect("budgets:change-rule")


def _show(
    request: HttpRequest,
    form: RuleForm,
    rule: BudgetRule,
    *,
    weigh: Weigh,
    switch_form: SwitchForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    chosen = str(form["meter"].value())
    # A form that was refused has not changed the rule, but it may have set the row in memory.
    rule = BudgetRule.objects.select_related("meter").get() if form.is_bound else rule
    context = {
        "form": form,
        "switch_form": switch_form or SwitchForm(initial={"enabled": int(not rule.enabled)}),
        "page": rule_page(rule, weigh(now), chosen=chosen, now=now),
        "may_rule": may_rule(request.user),
        "time_zones": time_zones(),
    }
    return render(request, "budgets/rule.html", context, status=status)


def _note_consequences(
    request: HttpRequest,
    meter_before: str,
    rule: BudgetRule,
    used: Mapping[int, Fraction],
    now: datetime,
) -> None:
    """Say what a change brings about that nobody asked for."""
    if rule.meter.name != meter_before:
        before = Meter.objects.filter(name=meter_before).first()
        was = _week(before, used) if before else "unknown"
        messages.warning(
            request,
            "All history is metered anew, except weeks that are closed. This week stands at "
            f"{_week(rule.meter, used)} instead of {was}.",
        )
    skipped = skipped_in_words(rule, now)
    if skipped:
        messages.warning(request, skipped)


def _week(meter: Meter, used: Mapping[int, Fraction]) -> str:
    in_dollars = meter.to_policy().in_dollars
    text = amount(used.get(meter.pk, Fraction(0)), in_dollars=in_dollars)
    return text if in_dollars else f"{text} tokens"
