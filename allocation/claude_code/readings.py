"""Readings of the plan's own meter: from a status line, or from a headless session's event."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from allocation.claude_code.client.payload import text
from allocation.claude_code.models import HarnessSession, PlanReading, ReadingSource
from allocation.policy.errors import RuleError
from allocation.policy.plan_windows import SAME_RESET, PlanWindowKind, percent_of

# A reset further away than this is no reset of a window of seven days.
FURTHEST_RESET = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Said:
    """One window's part of what was said."""

    window: PlanWindowKind
    percent: Decimal
    resets_at: datetime


def said_by_status_line(body: Mapping[str, Any], now: datetime) -> list[Said]:
    """The readings in a status line's JSON: percent from 0 to 100. Raises RuleError."""
    limits = _object(body.get("rate_limits"), "rate_limits")
    return list(_windows(limits, "used_percentage", "resets_at", whole=100, now=now))


def said_by_headless_event(body: Mapping[str, Any], now: datetime) -> list[Said]:
    """The readings in a `rate_limit_event`: shares from 0 to 1. Raises RuleError."""
    info = _object(body.get("rate_limit_info"), "rate_limit_info")
    windows = _object(info.get("unifiedWindows"), "unifiedWindows")
    if not windows and info.get("rateLimitType"):
        windows = {str(info["rateLimitType"]): info}
    return list(_windows(windows, "utilization", "resetsAt", whole=1, now=now))


def store_readings(
    *, said: Iterable[Said], session_id: str, source: ReadingSource, now: datetime
) -> int:
    """Store the readings that differ from what the session said last; how many.

    Sessions are compared with themselves only: an idle one repeats for hours what was true when it
    last spoke to the plan.
    """
    new = []
    with transaction.atomic():
        # One at a time for a session, so that the same line twice is stored once.
        list(HarnessSession.objects.select_for_update().filter(session_id=session_id))
        for one in said:
            rows = PlanReading.objects.filter(session_id=session_id, window=one.window.value)
            last = rows.order_by("-at", "-id").first()
            if last is None or _differs(last, one):
                new.append(
                    PlanReading(
                        at=now,
                        window=one.window.value,
                        used_percent=one.percent,
                        resets_at=one.resets_at,
                        session_id=session_id,
                        source=source.value,
                    )
                )
        PlanReading.objects.bulk_create(new)
    return len(new)


def _differs(last: PlanReading, said: Said) -> bool:
    moved = abs(said.resets_at - last.resets_at) > SAME_RESET
    return moved or said.percent != last.used_percent


def _windows(
    limits: Mapping[str, Any], share: str, reset: str, *, whole: int, now: datetime
) -> Iterator[Said]:
    for kind in PlanWindowKind:
        window = _object(limits.get(kind.value), kind.value)
        if window.get(share) is None or window.get(reset) is None:
            continue  # each may be absent, on its own
        yield Said(kind, percent_of(window[share], whole=whole), _moment(window[reset], now))


def _moment(value: Any, now: datetime) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RuleError("A reset must be given in seconds since 1970.")
    try:
        at = datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise RuleError(f"{value} is no moment.") from None
    if abs(at - now) > FURTHEST_RESET:
        raise RuleError(f"{value} is no reset of a plan's window; it is given in seconds.")
    return at


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RuleError(f"{text(name)} must be an object.")
    return value
