"""Every write to overrides, and the rule of what one may do (rule 5)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from allocation.audit.operations import facts, record, subject_of
from allocation.catalog.models import SubAgent, Tier
from allocation.floors.models import ModelFloor, Override
from allocation.policy.errors import RuleError
from allocation.policy.floors import EVERY, FloorTable, floor_for
from allocation.policy.phases import Phase

# A leap year: "until this day next year" is always allowed.
LONGEST = timedelta(days=366)


def floor_table(rows: Iterable[ModelFloor] | None = None) -> FloorTable:
    """The floors as the rules take them. Rows given must have their foreign keys at hand."""
    if rows is None:
        rows = ModelFloor.objects.select_related("sub_agent", "tier", "relaxed_tier")
    return {
        (row.sub_agent.code if row.sub_agent else EVERY, row.phase): row.to_policy() for row in rows
    }


def create_override(
    *,
    sub_agent: SubAgent,
    phase: str,
    tier: Tier,
    reason: str,
    actor: str,
    now: datetime,
    expires_at: datetime,
) -> Override:
    """Force a tier for a sub-agent until `expires_at`: one audit entry.

    `phase` is "" for all phases. It may name any tier from the floor up, and a lower one where the
    floor gives way. Raises RuleError with one sentence for anything else.
    """
    if not reason.strip():
        raise RuleError("Say why: an override needs a reason.")
    if phase not in {EVERY, *Phase}:
        raise RuleError(f"“{phase}” is not a phase; there are {', '.join(Phase)}.")
    if expires_at <= now:
        raise RuleError("The expiry lies in the past: choose a moment that is still to come.")
    if expires_at > now + LONGEST:
        raise RuleError(
            f"An override lasts {LONGEST.days} days at most: choose an earlier expiry, "
            "or change the floor itself."
        )
    with transaction.atomic():
        # Two forms sent at once stand in line here, so that the second sees what the first did.
        SubAgent.objects.select_for_update().get(pk=sub_agent.pk)
        _check_floors(sub_agent, phase, tier)
        _check_newness(sub_agent, phase, tier, expires_at, now)
        override = Override.objects.create(
            sub_agent=sub_agent,
            phase=phase,
            tier=tier,
            reason=reason.strip(),
            actor=actor,
            created_at=now,
            expires_at=expires_at,
        )
        record(
            actor=actor,
            action="override creation",
            subject=subject_of(override),
            after=facts(override),
            reason=reason,
            now=now,
        )
    return override


def revoke_override(*, override: Override, actor: str, now: datetime, reason: str = "") -> Override:
    """End an override before its time: one audit entry.

    Raises RuleError if it does not act any more.
    """
    with transaction.atomic():
        row = Override.objects.select_for_update(of=("self",)).get(pk=override.pk)
        if row.revoked_at is not None:
            raise RuleError(f"The override of {row} was revoked already, by {row.revoked_by}.")
        if row.expires_at <= now:
            raise RuleError(f"The override of {row} has expired: there is nothing to revoke.")
        before = facts(row)
        row.revoked_at, row.revoked_by = now, actor
        row.save(update_fields=["revoked_at", "revoked_by"])
        record(
            actor=actor,
            action="override revocation",
            subject=subject_of(row),
            before=before,
            after=facts(row),
            reason=reason,
            now=now,
        )
    return row


def _check_floors(sub_agent: SubAgent, phase: str, tier: Tier) -> None:
    """Refuse a tier below a floor that never gives way, in any phase that the override covers."""
    table = floor_table()
    covered = [phase] if phase else list(Phase)
    floors = {each: floor_for(table, sub_agent.code, each) for each in covered}
    refusing = [each for each, floor in floors.items() if not floor.allows(tier.to_policy())]
    if refusing:
        floor = floors[refusing[0]]
        where = "any phase" if len(refusing) == len(Phase) else " and ".join(refusing)
        raise RuleError(
            f"{sub_agent.code} never runs below {floor.tier} in {where}: that floor never gives "
            "way. Change the floor itself if it should."
        )


def _check_newness(
    sub_agent: SubAgent, phase: str, tier: Tier, expires_at: datetime, now: datetime
) -> None:
    """Refuse an override that the newest one for the same runs makes idle."""
    newest = (
        Override.objects.in_force(now)
        .filter(sub_agent=sub_agent, phase=phase)
        .order_by("-created_at", "-id")
        .first()
    )
    if newest is not None and newest.tier_id == tier.pk and newest.expires_at >= expires_at:
        raise RuleError(
            f"{newest} runs on {tier} by an override of {newest.actor} already, until "
            f"{newest.expires_at:%Y-%m-%d %H:%M} UTC."
        )
