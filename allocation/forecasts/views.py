"""The forecast-accuracy page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from allocation.forecasts.page import closed_week, forecast_page


@require_safe
def view_forecasts(request: HttpRequest) -> HttpResponse:
    """What was forecast, what came, and how often the intervals held; `?week=` shows one week."""
    now, zone = timezone.now(), timezone.get_current_timezone()
    asked = request.GET.get("week", "")
    shown = closed_week(asked, now) if asked else None
    if asked and shown is None:
        raise Http404("There is no such week that is over.")
    page = forecast_page(now, zone, shown)
    return render(request, "forecasts/record.html", {"page": page})
