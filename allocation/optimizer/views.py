"""The optimizer: what it found, and its changes applied and undone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from allocation.access import may_rule, require_chairman
from allocation.display.confirm import GET_POST, Act, ReasonForm, confirm, sent
from allocation.optimizer import words
from allocation.optimizer.measure import Reviews, read_facts
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.operations import apply_opportunity, undo_change
from allocation.optimizer.opportunities import Opportunity, find_opportunities
from allocation.optimizer.page import optimize_page
from allocation.policy.meter import Meter


@require_safe
def view_optimize(request: HttpRequest, reviews: Reviews) -> HttpResponse:
    """What could be saved, what was applied, and what each kind of work costs on each tier."""
    page = optimize_page(timezone.now(), reviews)
    context = {"page": page, "may_rule": may_rule(request.user)}
    return render(request, "optimizer/optimize.html", context)


@require_http_methods(GET_POST)
def apply_change(
    request: HttpRequest, sub_agent: str, phase: str, tier: str, reviews: Reviews
) -> HttpResponse:
    """Let a sub-agent run a tier lower in a phase, with a reason."""
    actor, now = require_chairman(request.user, "apply an optimisation"), timezone.now()
    facts = read_facts(now, reviews)
    place = (sub_agent, phase, tier)
    found = next((each for each in find_opportunities(facts) if _place(each) == place), None)
    if found is None or not found.verdict.allows:
        messages.warning(request, f"{sub_agent} in {phase} on {tier} is not offered now.")
        return redirect("optimizer:view-optimize")

    def do(reason: str) -> str:
        meter = facts.meter
        apply_opportunity(opportunity=found, meter=meter, reason=reason, actor=actor, now=now)
        return f"Applied: {words.title(found)}."

    form = ReasonForm(
        sent(request),
        "Say why: a change of the rules needs a reason.",
        "It becomes the ceiling’s rationale and stands in the audit trail.",
    )
    return confirm(request, _applying(found, facts.meter), form, do)


@require_http_methods(GET_POST)
def undo_applied(request: HttpRequest, pk: int) -> HttpResponse:
    """Go back to the ceiling and the floor from before a change."""
    actor = require_chairman(request.user, "undo an optimisation")
    rows = AppliedChange.objects.select_related("sub_agent", "from_tier", "to_tier")
    change = get_object_or_404(rows, pk=pk)

    def do(reason: str) -> str:
        left = undo_change(change=change, reason=reason, actor=actor, now=timezone.now())
        return words.undone(change, left)

    why = "Say why: an undo needs a reason."
    form = ReasonForm(sent(request), why, "It stands in the audit trail.")
    return confirm(request, _undoing(change), form, do)


def _place(opportunity: Opportunity) -> tuple[str, str, str]:
    return (opportunity.sub_agent.code, opportunity.phase.value, opportunity.move.to.name)


def _applying(opportunity: Opportunity, meter: Meter) -> Act:
    saved = words.saving(opportunity.per_week.budget, meter)
    unit = "" if meter.in_dollars else " budget tokens"
    change, *moved = words.changes(opportunity)
    return Act(
        heading=words.title(opportunity),
        lede=change,
        notes=[
            *moved,
            f"Estimated to save {saved}{unit} a week.",
            f"{opportunity.verdict.capitalize()}. {words.quality(opportunity)}",
        ],
        button="Apply change",
        back_label="Optimisation",
        back_url=reverse("optimizer:view-optimize"),
    )


def _undoing(change: AppliedChange) -> Act:
    return Act(
        heading=f"Undo change: {change} on {change.to_tier}",
        lede=f"Its work may get {change.from_tier} again: the ceiling, and the floor if that was "
        "lowered too, go back to what they were. What somebody changed since stays.",
        button="Undo change",
        back_label="Optimisation",
        back_url=reverse("optimizer:view-optimize"),
    )
