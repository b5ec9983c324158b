"""What reminders follow from, read from the rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, QuerySet

from allocation.audit.models import AuditEntry
from allocation.checkpoints.models import Checkpoint
from allocation.directives.models import Status, StrategicDirective
from allocation.forecasts.record import newest_forecast
from allocation.policy.phases import Phase
from allocation.policy.reminders import ActiveSd, Circumstances, PhaseWork, closes_soon
from allocation.policy.weeks import Window
from allocation.usage.models import Source, UsageHour
from allocation.usage.standing import Standing

HOUR = timedelta(hours=1)
# What puts an SD in progress again without a checkpoint, as the trail calls it.
TAKEN_UP = ("SD resumption", "SD release", "SD approval")
MOST_SDS = 500

# When an SD, or a phase of it, was logged last.
Moments = Mapping[int, datetime]


def circumstances_at(now: datetime, standing: Standing, *, quiet_hours: int) -> Circumstances:
    """The circumstances of the week that `standing` tells of. At most seven queries."""
    sds = list(
        StrategicDirective.objects.filter(status__in=[Status.IN_PROGRESS, Status.PAUSED]).order_by(
            "started_at", "id"
        )[:MOST_SDS]
    )
    logged = _last(Checkpoint.objects.filter(sd__in=sds, at__lte=now), "at", "sd")
    forecast = newest_forecast(now, standing.meter) if standing.enabled else None
    return Circumstances(
        now=now,
        week=standing.window,
        quiet_hours=quiet_hours,
        sds=_active([sd for sd in sds if sd.status == Status.IN_PROGRESS], logged, now),
        phases=_phases(sds, logged, standing.window, now),
        zone=standing.zone if standing.enabled else None,
        limit=f"{float(standing.effective_limit):g}",
        exhausted=standing.exhausted,
        exhausts_at=forecast.exhaustion_median if forecast else None,
    )


def _active(sds: Sequence[StrategicDirective], logged: Moments, now: datetime) -> list[ActiveSd]:
    used = _last(UsageHour.objects.filter(sd__in=sds, hour__lte=now), "hour", "sd")
    codes = [sd.code for sd in sds]
    trail = AuditEntry.objects.filter(subject__in=codes, action__in=TAKEN_UP, at__lte=now)
    taken_up = _last(trail, "at", "subject")
    return [
        ActiveSd(
            sd.code,
            max(
                sd.started_at or sd.created_at,
                logged.get(sd.pk, sd.created_at),
                # An hour tells that something was used in it, and not when.
                min(now, used[sd.pk] + HOUR) if sd.pk in used else sd.created_at,
                taken_up.get(sd.code, sd.created_at),
            ),
        )
        for sd in sds
    ]


def _phases(
    sds: Sequence[StrategicDirective], logged: Moments, week: Window, now: datetime
) -> list[PhaseWork]:
    """What each phase stands at, read only while the week is about to close."""
    if not closes_soon(week, now):
        return []
    checkpoints = Checkpoint.objects.filter(sd__in=sds, at__lte=now)
    hours = UsageHour.objects.filter(sd__in=sds, hour__gte=week.start, hour__lte=now)
    by_phase = _last(checkpoints, "at", "sd", "phase")
    captured = _last(hours.exclude(source=Source.MANUAL), "hour", "sd", "phase")
    found = []
    for sd in sds:
        for phase in Phase:
            current = sd.phase == phase
            at = (logged.get(sd.pk) or sd.started_at) if current else by_phase.get((sd.pk, phase))
            hour = captured.get((sd.pk, phase))
            # What was used in the hour of a checkpoint was logged with it.
            since = hour is not None and (at is None or hour > at)
            found.append(PhaseWork(sd.code, phase, current, at, since))
    return found


def _last(rows: QuerySet[Any], column: str, *by: str) -> dict[Any, datetime]:
    """The last moment of each group: by its key, or by the tuple of its keys."""
    found = rows.order_by().values_list(*by).annotate(Max(column))
    return {row[0] if len(by) == 1 else row[:-1]: row[-1] for row in found}
