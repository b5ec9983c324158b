"""Whether the rules of the tables bind the role that we connect as."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections

_BYPASSES = (
    "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"
)


def unbound_role(alias: str = "default") -> str:
    """The name of our role in PostgreSQL if no row-level security binds it, else ""."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_BYPASSES)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def check_role(*, databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Django's check of a database: `manage.py check --database default`."""
    found = [(alias, unbound_role(alias)) for alias in databases or ()]
    return [
        Warning(
            f"The PostgreSQL role {role} bypasses row-level security.",
            hint="Connect as a role that is no superuser: docs/database-rights.md says how.",
            obj=alias,
            id="rights.W001",
        )
        for alias, role in found
        if role
    ]
