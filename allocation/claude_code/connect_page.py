"""What the page about Claude Code prints: how to connect, and what is heard."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, Max
from django.urls import reverse

from allocation.catalog.models import SubAgent
from allocation.claude_code.connect.wanted import (
    COMMAND_ONLY,
    Choice,
    hook_entries,
    telemetry,
)
from allocation.claude_code.cross_check import CheckedDay, checked_days
from allocation.claude_code.health import telemetry_heard
from allocation.claude_code.models import (
    PLAN_WINDOWS,
    HarnessSession,
    PlanReading,
    UnsteeredRun,
)
from allocation.decisions.models import Decision
from allocation.policy.plan_windows import Reading, plan_windows
from allocation.usage.models import Source, UsageHour, UsageRecord
from allocation.usage.names import UNKNOWN, load_registry

MOST_SESSIONS = 50
MOST_RUNS = 20
MOST_READINGS = 500
LATELY = timedelta(days=30)
TELEMETRY_SHOWN = timedelta(days=1)
TOKEN = "bctl_…"  # noqa: S105 - where the reader puts theirs


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session, and when it was last heard by each way."""

    session: HarnessSession
    telemetry_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlanGauge:
    """One window of the plan's own meter, as it was last read, and the windows before it."""

    label: str
    percent: Decimal
    read_at: datetime
    resets_at: datetime
    is_over: bool
    opened_at: datetime
    opened_percent: Decimal
    before: Sequence[tuple[datetime, Decimal]]


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A type of sub-agent that nobody registered, and where to do so."""

    name: str
    runs: int
    last: datetime
    url: str


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """The whole page."""

    address: str
    hooks: str
    environment: Sequence[tuple[str, str]]
    hook_at: datetime | None
    status_line_at: datetime | None
    telemetry_at: datetime | None
    sessions: Sequence[SessionRow]
    gauges: Sequence[PlanGauge]
    checked: Sequence[CheckedDay]
    unregistered: Sequence[Unregistered]
    unsteered: Sequence[UnsteeredRun]

    @property
    def heard(self) -> bool:
        """Whether anything ever came in."""
        return bool(self.hook_at or self.status_line_at or self.telemetry_at)


def connect_page(*, address: str, now: datetime) -> ConnectPage:
    """The page at `now` of a server that is reached at `address`. As many queries for any rows."""
    choice = Choice(url=address, token=TOKEN, http=True)
    # Nothing of ours need be installed for these; what takes only commands is left out.
    entries = {
        event: [entry] for event, entry in hook_entries(choice).items() if event not in COMMAND_ONLY
    }
    heard = HarnessSession.objects.aggregate(Max("hook_at"), Max("status_line_at"))
    return ConnectPage(
        address=address,
        hooks=json.dumps({"hooks": entries}, indent=2),
        environment=list({"BUDGETCTL_TOKEN": TOKEN, **telemetry(choice)}.items()),
        hook_at=heard["hook_at__max"],
        status_line_at=heard["status_line_at__max"],
        telemetry_at=telemetry_heard(now),
        sessions=_sessions(now),
        gauges=plan_gauges(now=now),
        checked=checked_days(now),
        unregistered=_unregistered(now),
        unsteered=list(UnsteeredRun.objects.all()[:MOST_RUNS]),
    )


def plan_gauges(*, now: datetime) -> list[PlanGauge]:
    """The plan's windows as last read; none where no session told of them."""
    gauges = []
    for kind, label in PLAN_WINDOWS:
        rows = PlanReading.objects.filter(window=kind).order_by("-at", "-id")[:MOST_READINGS]
        readings = [Reading(row.at, row.used_percent, row.resets_at) for row in rows]
        if not readings:
            continue
        *before, window = plan_windows(readings)
        gauges.append(
            PlanGauge(
                label=label,
                percent=window.last.percent,
                read_at=window.last.at,
                resets_at=window.resets_at,
                is_over=window.resets_at <= now,
                opened_at=window.first.at,
                opened_percent=window.first.percent,
                before=[(one.last.at, one.last.percent) for one in reversed(before[-5:])],
            )
        )
    return gauges


def _sessions(now: datetime) -> list[SessionRow]:
    sessions = list(HarnessSession.objects.all()[:MOST_SESSIONS])
    records = UsageRecord.objects.filter(
        hour__gte=now - TELEMETRY_SHOWN,
        source=Source.OTLP,
        session_id__in=[row.session_id for row in sessions],
    )
    heard = dict(records.order_by().values_list("session_id").annotate(Max("at")))
    return [SessionRow(row, heard.get(row.session_id)) for row in sessions]


def _unregistered(now: datetime) -> list[Unregistered]:
    """The names of the last 30 days that lead to no registered sub-agent, most runs first."""
    since = now - LATELY
    decided = Decision.objects.filter(at__gte=since).order_by()
    counted = UsageHour.objects.filter(hour__gte=since).exclude(sub_agent="").order_by()
    found: dict[str, tuple[int, datetime]] = {
        name: (0, last) for name, last in counted.values_list("sub_agent").annotate(Max("hour"))
    }
    for name, runs, last in decided.values_list("sub_agent").annotate(Count("pk"), Max("at")):
        found[name] = (runs, max(last, found.get(name, (0, last))[1]))
    registry = load_registry()
    registered = {UNKNOWN, *SubAgent.objects.values_list("code", flat=True)}
    rows = [
        Unregistered(name, runs, last, _add_url(name))
        for name, (runs, last) in found.items()
        if registry.sub_agent(name, sidechain=True) not in registered
    ]
    return sorted(rows, key=lambda row: (-row.runs, row.name))


def _add_url(name: str) -> str:
    """The form that registers it, with a code that can be: capitals, digits and hyphens."""
    code = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name.upper())
    code = code.lstrip("-0123456789").rstrip("-") or "SUB-AGENT"
    query = urlencode({"code": code[:50], "runs_in_exec": "on"})
    return f"{reverse('admin:catalog_subagent_add')}?{query}"
