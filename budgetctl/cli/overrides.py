"""Overrides as JSON and as text. Needs `open_database` before it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.display import format as fmt
from allocation.display.json_values import iso
from allocation.floors.models import Override
from allocation.policy.plain import safe
from allocation.usage.standing import running_week
from budgetctl.cli.printing import Line, row


def in_force(now: datetime) -> list[Override]:
    """Those that act now, the newest first."""
    return list(Override.objects.in_force(now).select_related("sub_agent", "tier"))


def end_of_week(now: datetime) -> datetime:
    """When an override expires for which nobody said when."""
    return running_week(now).window.end


def as_json(override: Override) -> dict[str, Any]:
    """One override."""
    return {
        "id": override.pk,
        "sub_agent": override.sub_agent.code,
        "phase": override.phase or None,
        "sd": override.sd_code or None,
        "uses_left": override.uses_left,
        "tier": override.tier.name,
        "reason": override.reason,
        "actor": override.actor,
        "created_at": iso(override.created_at),
        "expires_at": iso(override.expires_at),
        "revoked_at": iso(override.revoked_at),
    }


def as_text(found: Sequence[Override], clock: ZoneInfo) -> Iterator[Line]:
    """Who is forced to what, until when, and why."""
    if not found:
        yield "No override is in force."
    for override in found:
        where = f"{override.phase or 'all phases'}{_scope(override)}"
        yield Text.assemble(
            (f"{override.sub_agent.code} in {where} runs on {override.tier}", "bold"),
            f" until {fmt.moment(override.expires_at, clock)}",
        )
        yield row("reason", safe(override.reason))
        yield row("by", safe(override.actor))
        yield row("end it", f"budgetctl override --revoke {override.pk} --reason …")


def _scope(override: Override) -> str:
    whose = f" for {override.sd_code}" if override.sd_code else ""
    return f"{whose}, one run," if override.uses_left is not None else whose
