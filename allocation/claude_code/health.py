"""What was heard of the fleet lately, and whether its runs followed their decisions."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q

from allocation.claude_code.models import HarnessSession
from allocation.decisions.models import Decision
from allocation.policy.model_truth import Truth
from allocation.usage.models import Source, UsageHour

LATELY = timedelta(days=7)


def health_at(now: datetime) -> dict[str, Any]:
    """The facts at `now`, as JSON can hold them: three queries."""
    decided = Decision.objects.filter(at__gte=now - LATELY).exclude(session_id="")
    counts = decided.aggregate(
        decided=Count("pk"),
        observed=Count("pk", filter=~Q(mismatch=Truth.UNKNOWN.value)),
        silent=Count("pk", filter=Q(mismatch=Truth.SILENT_MISMATCH.value)),
    )
    hook_at = HarnessSession.objects.aggregate(at=Max("hook_at"))["at"]
    telemetry_at = telemetry_heard(now)
    return {
        "at": now.timestamp(),
        **counts,
        "hook_at": hook_at.isoformat() if hook_at else "",
        "telemetry_at": telemetry_at.isoformat() if telemetry_at else "",
    }


def telemetry_heard(now: datetime) -> datetime | None:
    """When telemetry last counted something: to the end of the hour, but not beyond `now`."""
    hours = UsageHour.objects.filter(source=Source.OTLP, hour__gte=now - LATELY)
    last: datetime | None = hours.aggregate(hour=Max("hour"))["hour"]
    return min(now, last + timedelta(hours=1)) if last else None
