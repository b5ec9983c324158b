"""Every write to overrides, the rule of what one may do (rule 5), and the raising of a floor."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from allocation.audit.operations import (
    delete_audited,
    facts,
    record,
    save_audited,
    subject_of,
)
from allocation.catalog.models import SubAgent, Tier
from allocation.floors.models import ModelCeiling, ModelFloor, Override
from allocation.policy.ceilings import CeilingTable
from allocation.policy.errors import RuleError, check_reason
from allocation.policy.floors import EVERY, Floor, FloorTable, GivesWay, floor_for
from allocation.policy.phases import Phase
from allocation.rights.roles import Role, acting_as

# A leap year: "until this day next year" is always allowed.
LONGEST = timedelta(days=366)


def floor_table() -> FloorTable:
    """The floors as the rules take them."""
    rows = ModelFloor.objects.select_related("sub_agent", "tier", "relaxed_tier")
    return {
        (row.sub_agent.code if row.sub_agent else EVERY, row.phase): row.to_policy() for row in rows
    }


def ceiling_table() -> CeilingTable:
    """The ceilings as the rules take them."""
    rows = ModelCeiling.objects.select_related("sub_agent", "tier")
    return {(row.sub_agent.code, row.phase): row.tier.to_policy() for row in rows}


def create_override(
    *,
    sub_agent: SubAgent,
    phase: str,
    tier: Tier,
    reason: str,
    actor: str,
    now: datetime,
    expires_at: datetime,
    sd_code: str = "",
    one_run: bool = False,
) -> Override:
    """Force a tier for a sub-agent until `expires_at`: one audit entry.

    `phase` is "" for all phases, `sd_code` "" for all runs, whatever their SD. With `one_run` the
    first decision that it forces uses it up. It may name any tier from the floor up, and a lower
    one where the floor gives way. Raises RuleError with one sentence for anything else.
    """
    check_reason(reason, "an override")
    if phase not in {EVERY, *Phase}:
        raise RuleError(f"“{phase}” is not a phase; there are {', '.join(Phase)}.")
    check_expiry(expires_at, now)
    with transaction.atomic():
        # Two forms sent at once stand in line here, so that the second sees what the first did.
        SubAgent.objects.select_for_update().get(pk=sub_agent.pk)
        _check_floors(sub_agent, phase, tier)
        override = Override(
            sub_agent=sub_agent,
            phase=phase,
            sd_code=sd_code,
            uses_left=1 if one_run else None,
            tier=tier,
            reason=reason.strip(),
            actor=actor,
            created_at=now,
            expires_at=expires_at,
        )
        _check_newness(override)
        override.save()
        record(
            actor=actor,
            action="override creation",
            subject=subject_of(override),
            after=facts(override),
            reason=reason,
            now=now,
        )
    return override


def check_expiry(expires_at: datetime, now: datetime) -> None:
    """Raises RuleError unless an override that is given now may last until then."""
    if expires_at <= now:
        raise RuleError("The expiry lies in the past: choose a moment that is still to come.")
    if expires_at > now + LONGEST:
        raise RuleError(
            f"An override lasts {LONGEST.days} days at most: choose an earlier expiry, "
            "or change the floor itself."
        )


def revoke_override(*, override: Override, actor: str, now: datetime, reason: str) -> Override:
    """End an override before its time: one audit entry.

    Raises RuleError without a reason, and if it does not act any more.
    """
    check_reason(reason, "a revocation")
    with transaction.atomic():
        row = Override.objects.select_for_update(of=("self",)).get(pk=override.pk)
        if row.revoked_at is not None:
            raise RuleError(f"The override of {row} was revoked already, by {row.revoked_by}.")
        if row.expires_at <= now:
            raise RuleError(f"The override of {row} has expired: there is nothing to revoke.")
        before = facts(row)
        if row.uses_left == 0:
            raise RuleError(f"The override of {row} was used already: there is nothing to revoke.")
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


@acting_as(Role.SYSTEM)  # whoever asks for the decision may not write overrides
def use_override(*, override: Override, actor: str, now: datetime) -> bool:
    """Take one of the runs that an override is for: one audit entry. False if none is left.

    Of two who ask at once only one gets it, whatever they read before.
    """
    left = Override.objects.in_force(now).filter(pk=override.pk, uses_left__gt=0)
    with transaction.atomic():
        if not left.update(uses_left=F("uses_left") - 1):
            return False
        row = Override.objects.select_related("sub_agent").get(pk=override.pk)
        record(
            actor=actor,
            action="override use",
            subject=subject_of(row),
            before={"uses_left": (row.uses_left or 0) + 1},
            after={"uses_left": row.uses_left},
            now=now,
        )
    return True


def raise_floor(
    *, sub_agent: SubAgent, phase: str, tier: Tier, reason: str, actor: str, now: datetime
) -> ModelFloor:
    """Raise a sub-agent's floor in a phase, so that it never runs below `tier`: one audit entry.

    Where only a more general floor applied, the sub-agent gets one of its own for the phase, and
    the rest stays as it is. Raises RuleError without a reason, for no phase, or where nothing below
    `tier` gets through already: this raises floors and never lowers one.
    """
    check_reason(reason, "raising a floor")
    if phase not in set(Phase):
        raise RuleError(f"“{phase}” is not a phase; there are {', '.join(Phase)}.")
    with transaction.atomic():
        # Two clicks at once stand in line here, so that the second sees what the first did.
        SubAgent.objects.select_for_update().get(pk=sub_agent.pk)
        current = floor_for(floor_table(), sub_agent.code, phase)
        if (current.relaxed or current.tier) >= tier.to_policy():
            raise RuleError(
                f"{sub_agent.code} runs on {current.relaxed or current.tier} or better in {phase} "
                "already: there is nothing to raise."
            )
        rows = ModelFloor.objects.filter(sub_agent=sub_agent, phase=phase)
        row = rows.first() or ModelFloor(sub_agent=sub_agent, phase=phase)
        row.tier = tier
        # A floor that stands above `tier` and gives way below it keeps its height.
        if current.tier > tier.to_policy():
            row.tier = Tier.objects.get(name=current.tier.name)
        row.gives_way, row.relaxed_tier = GivesWay.NEVER.value, None
        row.rationale = reason.strip()
        save_audited(row=row, actor=actor, now=now, reason=reason)
    return row


def put_ceiling(
    *,
    sub_agent: SubAgent,
    phase: str,
    tier: str | None,
    rationale: str,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Give a sub-agent a ceiling of its own in a phase, or none: one audit entry, if it differs."""
    row = ModelCeiling.objects.filter(sub_agent=sub_agent, phase=phase).first()
    if tier is None:
        if row is not None:
            delete_audited(row=row, actor=actor, now=now, reason=reason)
        return
    row = row or ModelCeiling(sub_agent=sub_agent, phase=phase)
    row.tier, row.rationale = Tier.objects.get(name=tier), rationale
    save_audited(row=row, actor=actor, now=now, reason=reason)


def put_floor(
    *,
    sub_agent: SubAgent,
    phase: str,
    floor: Floor | None,
    rationale: str,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Give a sub-agent a floor of its own in a phase, or none: one audit entry, if it differs."""
    row = ModelFloor.objects.filter(sub_agent=sub_agent, phase=phase).first()
    if floor is None:
        if row is not None:
            delete_audited(row=row, actor=actor, now=now, reason=reason)
        return
    row = row or ModelFloor(sub_agent=sub_agent, phase=phase)
    tiers = {tier.name: tier for tier in Tier.objects.all()}
    row.tier, row.gives_way = tiers[floor.tier.name], floor.gives_way.value
    row.relaxed_tier = tiers[floor.relaxed.name] if floor.relaxed else None
    row.rationale = rationale
    save_audited(row=row, actor=actor, now=now, reason=reason)


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


def _check_newness(override: Override) -> None:
    """Refuse an override that the newest one for the same runs makes idle."""
    same = ("sub_agent", "phase", "sd_code")
    newest = (
        Override.objects.in_force(override.created_at)
        .filter(uses_left__isnull=True, **{name: getattr(override, name) for name in same})
        .order_by("-created_at", "-id")
        .first()
    )
    if newest is None or newest.tier_id != override.tier_id:
        return
    if newest.expires_at >= override.expires_at:
        raise RuleError(
            f"{newest} runs on {newest.tier} by an override of {newest.actor} already, until "
            f"{newest.expires_at:%Y-%m-%d %H:%M} UTC."
        )
