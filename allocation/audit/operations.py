"""The one way into the audit trail, and writes that leave their entry in it."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, router, transaction
from django.db.models.deletion import Collector

from allocation.audit.models import AuditEntry
from allocation.policy.errors import check_reason

# Who did what no person did, but the clock brought about.
CLOCK = "budgetctl"

Facts = dict[str, Any]

# A row that was created, changed or deleted, and the entry that says so.
Written = tuple[models.Model, AuditEntry]

# Columns whose content nobody may read, in the trail either.
SECRET = frozenset({"password", "webhook_secret"})


def facts(row: models.Model) -> Facts:
    """The columns of a row as JSON can hold them; a foreign key is given by its text.

    Equal values give equal facts, whether they come from a form or from the database: decimals are
    rounded as their column is and written without trailing zeros, moments in UTC.
    """
    values: Facts = {}
    for field in row._meta.concrete_fields:
        if field.primary_key or field.name in SECRET:
            continue
        value = getattr(row, field.attname)
        if field.is_relation and value is not None:
            value = str(getattr(row, field.name))
        elif isinstance(field, models.DecimalField) and isinstance(value, Decimal):
            value = _plain(value, field.decimal_places)
        elif value is not None and not isinstance(value, bool | int | str | dict | list):
            moment = isinstance(value, datetime)
            value = DjangoJSONEncoder().default(value.astimezone(UTC) if moment else value)
        values[field.name] = value
    return values


def _plain(value: Decimal, places: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-places)) if value.is_finite() else value
    return f"{rounded.normalize():f}"


def fingerprint(values: Facts) -> dict[str, str]:
    """A short digest of each column: what a row looked like, without saying what is in it."""
    return {
        name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
        for name, value in values.items()
    }


def subject_of(row: models.Model) -> str:
    """What the trail calls a row: `floor SECURITY, all phases`.

    A row's text therefore names it by what rarely changes, so that its history stays together.
    """
    return f"{row._meta.verbose_name} {row}"[:200]


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


def save_audited(
    *, row: models.Model, actor: str, now: datetime, reason: str = ""
) -> AuditEntry | None:
    """Store a new or changed row with its entry; None, and nothing stored, if nothing differs.

    The row is compared with what is in the database now, not with what its caller read earlier.
    """
    with transaction.atomic():
        stored = locked(row)
        before = facts(stored) if stored else None
        after = facts(row)
        if before == after:
            return None
        row.save()
        return record(
            actor=actor,
            action=f"{row._meta.verbose_name} {'change' if stored else 'creation'}",
            subject=subject_of(stored or row),
            before=before,
            after=after,
            reason=reason,
            now=now,
        )


def delete_audited(*, row: models.Model, actor: str, now: datetime, reason: str) -> list[Written]:
    """Delete a row and what belongs to it, with one entry for each row that goes.

    Raises RuleError without a reason, and Django's ProtectedError if something else needs the row.
    """
    check_reason(reason, "a deletion")
    with transaction.atomic():
        if locked(row) is None:  # somebody was faster
            return []
        doomed = [(gone, subject_of(gone), facts(gone)) for gone in _deleted_with(row)]
        row.delete()
        return [
            (
                gone,
                record(
                    actor=actor,
                    action=f"{gone._meta.verbose_name} deletion",
                    subject=subject,
                    before=before,
                    reason=reason,
                    now=now,
                ),
            )
            for gone, subject, before in doomed
        ]


def locked(row: models.Model) -> models.Model | None:
    """The row as it is in the database, which nobody else can change until the transaction ends."""
    if row.pk is None:
        return None
    rows: models.QuerySet[models.Model] = type(row)._default_manager.select_for_update()
    # Without an order, which may join tables that PostgreSQL refuses to lock along.
    return rows.order_by().filter(pk=row.pk).first()


def _deleted_with(row: models.Model) -> Iterator[models.Model]:
    """The row itself and the rows that a deletion takes along."""
    collector = Collector(using=router.db_for_write(type(row)), origin=row)
    collector.collect([row])
    for rows in (*collector.data.values(), *collector.fast_deletes):
        # A row that only joins two others is part of them.
        yield from (gone for gone in rows if not gone._meta.auto_created)
