"""Where the tokens of a week went."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from allocation.access import may_log
from allocation.policy.errors import RuleError
from allocation.usage.page import read_day, usage_page


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """The running week, or the one that `?week=` names by a day; 422 for a day that is none."""
    now, zone = timezone.now(), timezone.get_current_timezone()
    typed = request.GET.get("week", "")
    try:
        page, problem = usage_page(day=read_day(typed), now=now, zone=zone), ""
    except RuleError as error:
        page, problem = usage_page(day=None, now=now, zone=zone), str(error)
    shown = {"page": page, "may_log": may_log(request.user)}
    context = shown | {"typed": "" if problem else typed, "problem": problem}
    return render(request, "usage/week.html", context, status=422 if problem else 200)
