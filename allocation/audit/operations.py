"""The one way into the audit trail."""

from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from allocation.audit.models import AuditEntry

Facts = dict[str, Any]


def facts(row: models.Model) -> Facts:
    """The columns of a row as JSON can hold them; a foreign key is given by its text."""
    values: Facts = {}
    for field in row._meta.concrete_fields:
        if field.primary_key:
            continue
        value = getattr(row, field.attname)
        if field.is_relation and value is not None:
            value = str(getattr(row, field.name))
        elif value is not None and not isinstance(value, bool | int | str | dict | list):
            # Decimals and moments as the encoder writes them, so that before and after compare.
            value = DjangoJSONEncoder().default(value)
        values[field.name] = value
    return values


def record(
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    before: Facts | None = None,
    after: Facts | None = None,
    reason: str = "",
) -> AuditEntry:
    """Add one entry. Of a change only the columns that differ are kept.

    `actor` is a user name or the name of what acted; `action` a noun and a verb (`floor change`).
    Call it in the transaction of the change, so that neither exists without the other.
    """
    if before is not None and after is not None:
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        before = {key: before[key] for key in sorted(changed) if key in before}
        after = {key: after[key] for key in sorted(changed) if key in after}
    return AuditEntry.objects.create(
        at=now,
        actor=actor,
        action=action,
        subject=subject[:200],
        before=before,
        after=after,
        reason=reason.strip(),
    )
