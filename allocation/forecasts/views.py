"""The forecast-accuracy page."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from allocation.forecasts.page import forecast_page


@require_safe
def view_forecasts(request: HttpRequest) -> HttpResponse:
    """What was forecast, what came, and how often the intervals held."""
    page = forecast_page(datetime.now(UTC), ZoneInfo(timezone.get_current_timezone_name()))
    return render(request, "forecasts/record.html", {"page": page})
