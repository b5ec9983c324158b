"""Every write of the optimizer: a change is applied, and undone."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction

from allocation.audit.operations import facts, record, subject_of
from allocation.catalog.models import SubAgent, Tier
from allocation.floors.models import ModelCeiling, ModelFloor
from allocation.floors.operations import ceiling_table, floor_table, put_ceiling, put_floor
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.opportunities import Opportunity
from allocation.policy.ceilings import ceiling_for
from allocation.policy.errors import RuleError, check_reason
from allocation.policy.floors import Floor, GivesWay, floor_for
from allocation.policy.meter import Meter

Columns = dict[str, Any]


def apply_opportunity(
    *, opportunity: Opportunity, meter: Meter, reason: str, actor: str, now: datetime
) -> AppliedChange:
    """Let a sub-agent run a tier lower in a phase, and keep what that should save.

    It gets a ceiling there, and a lower floor where that one gives way: an audit entry for each,
    and one for the change. Raises RuleError without a reason, where quality says no, and where the
    floor or the ceiling is no longer what the estimate was made with.
    """
    check_reason(reason, "a change of the rules")
    if not opportunity.verdict.allows:
        raise RuleError("Quality says no: what was measured forbids this change.")
    phase, move = opportunity.phase.value, opportunity.move
    with transaction.atomic():
        # Two clicks at once stand in line here, so that the second sees what the first did.
        sub_agent = SubAgent.objects.select_for_update(of=("self",)).get(
            pk=opportunity.sub_agent.pk
        )
        _check_as_estimated(opportunity)
        tiers = {row.name: row for row in Tier.objects.all()}
        where: Columns = {"sub_agent": sub_agent, "phase": phase}
        how: Columns = {"rationale": reason.strip(), "reason": reason, "actor": actor, "now": now}
        change = AppliedChange(
            **where,
            from_tier=tiers[move.from_tier.name],
            to_tier=tiers[move.to.name],
            at=now,
            actor=actor,
            reason=reason.strip(),
            meter=meter.name,
            in_dollars=meter.in_dollars,
            per_week=_decimal(opportunity.per_week.budget),
            per_sd=_decimal(opportunity.per_sd.budget),
            usd_per_week=opportunity.per_week.usd,
            quality=opportunity.verdict.value,
            ceiling_before=_ceiling_columns(sub_agent, phase),
        )
        put_ceiling(**where, tier=move.to.name, **how)
        if move.rules.floor != opportunity.before.floor:
            change.floor_before = _floor_columns(sub_agent, phase)
            put_floor(**where, floor=move.rules.floor, **how)
            change.floor_after = _floor_columns(sub_agent, phase)
        change.save()
        record(
            actor=actor,
            action="optimisation application",
            subject=subject_of(change),
            after=facts(change),
            reason=reason,
            now=now,
        )
    return change


def undo_change(*, change: AppliedChange, reason: str, actor: str, now: datetime) -> Sequence[str]:
    """Go back to the ceiling and the floor from before a change; what was left as it is, in words.

    What somebody changed since then stays as they left it. Raises RuleError without a reason, where
    it was undone already, and where a later change of the same place stands on it.
    """
    check_reason(reason, "an undo")
    with transaction.atomic():
        row = AppliedChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
        sub_agent = SubAgent.objects.select_for_update(of=("self",)).get(pk=row.sub_agent_id)
        if row.undone_at is not None:
            raise RuleError(f"The change of {row} was undone already, by {row.undone_by}.")
        where: Columns = {"sub_agent": sub_agent, "phase": row.phase}
        later = AppliedChange.objects.filter(**where, undone_at__isnull=True, pk__gt=row.pk)
        if later.exists():
            raise RuleError(f"A later change of {row} stands on this one: undo that one first.")
        how: Columns = {"reason": reason, "actor": actor, "now": now}
        left = []
        if (_ceiling_columns(sub_agent, row.phase) or {}).get("tier") == row.to_tier.name:
            before = row.ceiling_before or {}
            rationale = before.get("rationale", "")
            put_ceiling(**where, tier=before.get("tier"), rationale=rationale, **how)
        else:
            left.append("ceiling")
        if row.floor_after and _floor_columns(sub_agent, row.phase) == row.floor_after:
            before = row.floor_before or {}
            rationale = before.get("rationale", "")
            put_floor(**where, floor=_floor(before), rationale=rationale, **how)
        elif row.floor_after:
            left.append("floor")
        was = facts(row)
        row.undone_at, row.undone_by, row.undo_reason = now, actor, reason.strip()
        row.save(update_fields=["undone_at", "undone_by", "undo_reason"])
        record(
            actor=actor,
            action="optimisation undo",
            subject=subject_of(row),
            before=was,
            after=facts(row),
            reason=reason,
            now=now,
        )
    return left


def _check_as_estimated(opportunity: Opportunity) -> None:
    """Raise RuleError where the rules are not those that it was estimated with any more."""
    code, phase = opportunity.sub_agent.code, opportunity.phase.value
    floor = floor_for(floor_table(), code, phase)
    ceiling = ceiling_for(ceiling_table(), code, phase)
    if (floor, ceiling) != (opportunity.before.floor, opportunity.before.ceiling):
        raise RuleError(
            f"The rules for {code} in {phase} changed in the meantime: look at the opportunities "
            "again."
        )
    to = opportunity.move.to.name
    standing = AppliedChange.objects.filter(
        sub_agent=opportunity.sub_agent, phase=phase, to_tier__name=to, undone_at__isnull=True
    )
    if standing.exists():
        raise RuleError(
            f"{code} in {phase} on {to}: this was applied before, and its ceiling changed since. "
            "Undo it first."
        )


def _ceiling_columns(sub_agent: SubAgent, phase: str) -> Columns | None:
    row = ModelCeiling.objects.select_related("tier").filter(sub_agent=sub_agent, phase=phase)
    return next(({"tier": each.tier.name, "rationale": each.rationale} for each in row), None)


def _floor_columns(sub_agent: SubAgent, phase: str) -> Columns | None:
    rows = ModelFloor.objects.select_related("tier", "relaxed_tier")
    return next(
        (
            {
                "tier": each.tier.name,
                "gives_way": each.gives_way,
                "relaxed": each.relaxed_tier.name if each.relaxed_tier else None,
                "rationale": each.rationale,
            }
            for each in rows.filter(sub_agent=sub_agent, phase=phase)
        ),
        None,
    )


def _floor(columns: Columns) -> Floor | None:
    if not columns:
        return None
    tiers = {row.name: row.to_policy() for row in Tier.objects.all()}
    relaxed = columns["relaxed"]
    return Floor(
        tiers[columns["tier"]], GivesWay(columns["gives_way"]), tiers[relaxed] if relaxed else None
    )


def _decimal(value: Fraction | None) -> Decimal | None:
    return None if value is None else Decimal(round(value * 1_000_000)).scaleb(-6)
