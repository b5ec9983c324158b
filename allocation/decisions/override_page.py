"""What the page of overrides prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from allocation.decisions.counts import OVERRIDDEN
from allocation.decisions.models import Decision
from allocation.display.bands import judged
from allocation.floors.models import Override
from allocation.policy.kpis import KPI_BY_KEY, Reading
from allocation.policy.weeks import Window
from allocation.usage.standing import running_week

LAST_PAST = 50


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One override. `used` counts the decisions that it forced; `ended` says how it ended, and
    `ended_at` when, where that is kept."""

    pk: int
    sub_agent: str
    phase: str
    scope: str
    tier: str
    reason: str
    actor: str
    created_at: datetime
    expires_at: datetime
    used: int
    ended: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OverridesPage:
    """Everything on the page beside its form. `share` is "" while there are no decisions."""

    in_force: Sequence[OverrideRow]
    past: Sequence[OverrideRow]
    more_past: bool
    share: str
    reading: Reading
    overridden: int
    decisions: int
    target: str


def overrides_page(now: datetime) -> OverridesPage:
    """The page at `now`. The number of queries does not depend on how many there are."""
    rows = Override.objects.select_related("sub_agent", "tier")
    acting = list(rows.in_force(now))
    past = list(rows.exclude(pk__in=[row.pk for row in acting])[: LAST_PAST + 1])
    used = _used([*acting, *past])
    overridden, decisions = _rate(running_week(now).window)
    kpi = KPI_BY_KEY["override-rate"]
    rate = Decimal(overridden * 100) / decisions if decisions else None
    return OverridesPage(
        in_force=[_row(row, used, now) for row in acting],
        past=[_row(row, used, now) for row in past[:LAST_PAST]],
        more_past=len(past) > LAST_PAST,
        share=judged(kpi, rate) if decisions else "",
        reading=kpi.read(rate),
        overridden=overridden,
        decisions=decisions,
        target=kpi.target,
    )


def scope_in_words(override: Override) -> str:
    """Which runs it acts on: all runs, SD-A, one run of SD-A."""
    if override.uses_left is None:
        return override.sd_code or "all runs"
    return f"one run of {override.sd_code}" if override.sd_code else "one run"


def _rate(week: Window) -> tuple[int, int]:
    of_week = Decision.objects.filter(at__gte=week.start, at__lt=week.end)
    counts = of_week.aggregate(overridden=Count("pk", filter=OVERRIDDEN), decisions=Count("pk"))
    return counts["overridden"], counts["decisions"]


def _used(overrides: Sequence[Override]) -> dict[int, int]:
    """How many decisions each override forced. Not joined: that would read all decisions."""
    forced = Decision.objects.filter(override__in=[row.pk for row in overrides]).order_by()
    return dict(forced.values_list("override").annotate(n=Count("pk")))


def _row(override: Override, used: Mapping[int, int], now: datetime) -> OverrideRow:
    return OverrideRow(
        pk=override.pk,
        sub_agent=override.sub_agent.code,
        phase=override.phase or "all phases",
        scope=scope_in_words(override),
        tier=override.tier.name,
        reason=override.reason,
        actor=override.actor,
        created_at=override.created_at,
        expires_at=override.expires_at,
        used=used.get(override.pk, 0),
        ended=(ended := _ended(override, now)),
        ended_at=override.expires_at if ended == "expired" else override.revoked_at,
    )


def _ended(override: Override, now: datetime) -> str:
    if override.revoked_at:
        return f"revoked by {override.revoked_by}"
    if override.uses_left == 0:
        return "used up"
    return "expired" if override.expires_at <= now else ""
