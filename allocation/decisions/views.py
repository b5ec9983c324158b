"""The audit trail of decisions, its exports, and the explanation of one."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from allocation.access import may_rule
from allocation.budgets.models import BudgetRule
from allocation.catalog.models import SubAgent
from allocation.decisions.explain import explain
from allocation.decisions.export import as_csv, as_json, export_batches
from allocation.decisions.models import TRUTHS, Decision
from allocation.decisions.trail import Filters, trail_page, week_options
from allocation.policy.errors import RuleError
from allocation.policy.recommend import Outcome


@require_safe
def list_decisions(request: HttpRequest) -> HttpResponse:
    """Newest first, fifty to a page; the filters live in the URL."""
    filters, sentence = Filters.from_query(request.GET.dict()), ""
    try:
        page = trail_page(
            filters, before=request.GET.get("before", ""), after=request.GET.get("after", "")
        )
    except RuleError as error:
        page, sentence = trail_page(Filters()), str(error)
    context = {
        "page": page,
        "sentence": sentence,
        "weeks": week_options(),
        "sub_agents": [(code, code) for code in SubAgent.objects.values_list("code", flat=True)],
        "outcomes": [(outcome.value, outcome.value) for outcome in Outcome],
        "overrides": [("yes", "with"), ("no", "without")],
        "mismatches": TRUTHS,
        "export": request.GET.urlencode(),
    }
    status = 422 if sentence else 200
    return render(request, "decisions/list.html", context, status=status)


@require_safe
def explain_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """The inputs as they were, the rules step by step, and every other zone."""
    rows = Decision.objects.select_related("sd", "recommended", "override__tier")
    decision = get_object_or_404(rows, pk=pk)
    meter = BudgetRule.objects.select_related("meter").get().meter.to_policy()
    context = {"page": explain(decision, meter), "may_override": may_rule(request.user)}
    return render(request, "decisions/explain.html", context)


@require_safe
def export_decisions(request: HttpRequest, suffix: str) -> HttpResponseBase:
    """Exactly what is filtered, as CSV or JSON, streamed."""
    try:
        batches = export_batches(Filters.from_query(request.GET.dict()))
    except RuleError as error:
        raise Http404(str(error)) from error
    if suffix == "csv":
        response = StreamingHttpResponse(as_csv(batches), content_type="text/csv; charset=utf-8")
    else:
        response = StreamingHttpResponse(as_json(batches), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="decisions.{suffix}"'
    return response
