"""Reads of a few rows that are fast enough for hooks.

Claude Code waits for a hook before each sub-agent, and some rows are read by every hook. These
reads leave out what the ORM and the driver would do besides asking the database.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def rows_where(model: type[Row], condition: str, params: Sequence[Any]) -> list[Row]:
    """The rows of a model for which a condition in SQL holds: `rows_where(Token, "id = %s", [7])`.

    `condition` is put into the statement as it is, so it must be written here and hold no input;
    `params` are bound. The ORM would take five times as long to build the statement.
    """
    columns = [field.column for field in model._meta.concrete_fields if field.column]
    found = model._default_manager.raw(
        f"SELECT {', '.join(columns)} FROM {model._meta.db_table} WHERE {condition}",  # noqa: S608 -- names of ours
        params,
    )
    # Without this, Django asks the driver for the name of each column, and psycopg looks them up
    # one by one.
    found.columns = columns
    return [*found]
