"""Taking over what was measured against the plan's own meter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count

from django.db import transaction

from allocation.audit.operations import save_audited
from allocation.budgets.models import BudgetRule, Meter
from allocation.budgets.operations import RuleChange, change_rule, locked_rule
from allocation.policy.errors import check_reason
from allocation.policy.meter import Weighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a meter that was measured gives a fresh token of each tier, and a cache read."""

    tiers: Mapping[str, Decimal]
    cache_read: Decimal


def apply_calibration(
    *, limit: Decimal, weights: Weights, actor: str, now: datetime, reason: str
) -> BudgetRule:
    """Take what was measured against the plan's own meter as the limit and the meter.

    The meter is stored beside the others, under the day that it was measured on, so that undoing
    the change of the rule brings the old one back; one that counts alike is taken again.
    Raises RuleError without a reason.
    """
    check_reason(reason, "a calibration")
    with transaction.atomic():
        # Of two clicks the second finds the meter that the first has stored.
        used = locked_rule().meter
        meter = Meter(
            name=_free_name(f"measured {now:%Y-%m-%d}"),
            weighting=Weighting.TIER.value,
            cache_read=weights.cache_read,
            tier_weights={tier: f"{weight:f}" for tier, weight in weights.tiers.items()},
        )
        counting = meter.to_policy().digest
        alike = (row for row in (used, *Meter.objects.all()) if row.to_policy().digest == counting)
        if (known := next(alike, None)) is not None:
            meter = known
        else:
            save_audited(row=meter, actor=actor, now=now, reason=reason)
        return change_rule(
            change=RuleChange(limit=limit, meter=meter),
            actor=actor,
            now=now,
            reason=reason,
            action="calibration",
        )


def _free_name(name: str) -> str:
    taken = set(Meter.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(free for n in count(1) if (free := name if n == 1 else f"{name}, {n}") not in taken)
