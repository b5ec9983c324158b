"""What budgetctl's own PostgreSQL role is granted, where another role owns the tables."""

from collections.abc import Iterator

from allocation.rights.rules import RULES


def grants(role: str) -> Iterator[str]:
    """The statements that make the role, and give it what it needs. They may be repeated.

    `role` is a plain name: it is put into the statements as it is.
    """
    yield (
        f"DO $make$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role} LOGIN; END IF; END $make$"
    )
    # Usage comes in by COPY to a temporary table.
    yield (
        "DO $grant$ BEGIN EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO "
        f"{role}', current_database()); END $grant$"
    )
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
    # And in what later versions add.
    later = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
    yield f"{later} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"
    yield f"{later} USAGE ON SEQUENCES TO {role}"
    for table, rule in RULES.items():
        if not rule.update | rule.delete:
            yield f"REVOKE UPDATE, DELETE ON {table} FROM {role}"
