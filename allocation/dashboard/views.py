"""The week page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from allocation.access import may_log, may_rule
from allocation.dashboard.page import OFF, week_page


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """The running week: the light, what is left, and what to run on next."""
    page = week_page(timezone.now(), timezone.get_current_timezone())
    # Given here, so that the frame of the page does not read the week again.
    light = {"zone": page.zone.lower(), "system_off": page.zone == OFF}
    rules = may_rule(request.user)
    # On the Chairman's first day they stand in place of all that is empty.
    steps = page.first_steps if rules else []
    may = {"may_log": may_log(request.user), "may_rule": rules, "first_steps": steps}
    return render(request, "dashboard/week.html", {"page": page, **light, **may})
