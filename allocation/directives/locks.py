"""The order of locks: the budget rule, the turn of the weeks, SDs by their keys, the turn of usage.

Who needs several takes them in this order, so that no two wait for each other.
"""

from typing import Any

from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError


def locked_sds(**which: Any) -> list[StrategicDirective]:
    """SDs as they stand now, for this transaction to change, and their checkpoints with them.

    `which` is a lookup. `no_key`, because usage that is written meanwhile refers to the key and
    must not wait for it.
    """
    rows = StrategicDirective.objects.select_for_update(no_key=True).filter(**which)
    return list(rows.order_by("pk"))


def locked_sd(row: StrategicDirective) -> StrategicDirective:
    """One of them. Raises RuleError where it was deleted meanwhile."""
    found = locked_sds(pk=row.pk)
    if not found:
        raise RuleError(f"{row.code} was deleted meanwhile: nothing was stored.")
    return found[0]
