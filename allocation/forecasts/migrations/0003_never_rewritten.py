"""Let the database itself refuse to rewrite a forecast, an estimate or a score.

A later migration that has SQLite make one of these tables anew must make its trigger anew too.
"""

from typing import Any

from django.db import migrations

from allocation.rights.policies import protecting

TABLES = ("forecasts", "forecast_scores", "sd_estimates", "sd_estimate_scores")

FUNCTION = """
CREATE OR REPLACE FUNCTION budgetctl_never_rewritten() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = TG_TABLE_NAME || ' are never rewritten';
END
$guard$
"""


def guard(apps: Any, schema_editor: Any) -> None:
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    if on_postgresql:
        schema_editor.execute(FUNCTION, params=None)
    action = (
        "FOR EACH ROW EXECUTE FUNCTION budgetctl_never_rewritten()"
        if on_postgresql
        else "BEGIN SELECT RAISE(ABORT, '{table} are never rewritten'); END"
    )
    for table in TABLES:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_never_rewritten BEFORE UPDATE ON {table} "
            + action.format(table=table),
            params=None,
        )


def release(apps: Any, schema_editor: Any) -> None:
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        where = f" ON {table}" if on_postgresql else ""
        schema_editor.execute(f"DROP TRIGGER {table}_never_rewritten{where}", params=None)
    if on_postgresql:
        schema_editor.execute("DROP FUNCTION budgetctl_never_rewritten()", params=None)


class Migration(migrations.Migration):
    dependencies = [("forecasts", "0002_sd_estimates")]

    operations = [
        migrations.RunPython(guard, release),
        protecting("sd_estimates", "sd_estimate_scores"),
    ]
