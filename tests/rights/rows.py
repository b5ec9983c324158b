"""A row for each table that starts out empty."""

import uuid
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models

from allocation.rights.rules import RULES
from tests import factories

FACTORIES = {kind._meta.model: kind for kind in factories.FACTORIES}
# What the checks of a table ask for beyond the types of its columns.
GIVEN: dict[str, dict[str, Any]] = {"quality_events": {"kind": "review", "passed": 1, "failed": 0}}


def tables() -> dict[str, type[models.Model]]:
    """The tables under rules, with their models."""
    return {table: row for row in apps.get_models() if (table := row._meta.db_table) in RULES}


def fill() -> None:
    """Put a row into each table that has none."""
    for kind in tables().values():
        _row_of(kind)


def _row_of(kind: type[models.Model]) -> models.Model:
    rows = kind._default_manager
    if (row := rows.first()) is not None:
        return row
    if kind in FACTORIES:
        made: models.Model = FACTORIES[kind]()
        return made
    given = GIVEN.get(kind._meta.db_table, {})
    values = {
        field.name: _value(field)
        for field in kind._meta.concrete_fields
        if not (field.primary_key or field.null or field.has_default() or field.name in given)
    }
    return rows.create(**values, **given)


def _value(field: Any) -> Any:
    if field.is_relation:
        return _row_of(field.related_model)
    if isinstance(field, models.DateTimeField):
        # A span must not end where it starts.
        return factories.NOW + timedelta(hours=field.name in {"end", "expires_at", "until"})
    if field.choices:
        return field.choices[0][0]
    plain = {
        "BooleanField": False,
        "CharField": field.name[: field.max_length],
        "DateField": factories.NOW.date(),
        "TextField": field.name,
        "UUIDField": uuid.uuid4(),
    }
    return plain.get(field.get_internal_type(), 1)
