"""Load the four meters and the budget rule with the report's first guess of a limit."""

from django.db import migrations

from allocation import merged
from allocation.policy.meter import PRESETS, SONNET_EQUIVALENT


def load(apps, schema_editor):
    meters = apps.get_model("budgets", "Meter").objects
    for preset in PRESETS:
        meters.create(
            name=preset.name,
            weighting=preset.weighting.value,
            input=preset.input,
            output=preset.output,
            cache_write_5m=preset.cache_write_5m,
            cache_write_1h=preset.cache_write_1h,
            cache_read=preset.cache_read,
            reference_price=preset.reference_price,
        )
    # Limit, reserve, bounds and the reset on Monday at 14:00 in Los Angeles are column defaults.
    meter = meters.get(name=SONNET_EQUIVALENT.name)
    apps.get_model("budgets", "BudgetRule").objects.create(pk=1, meter=meter)


class Migration(migrations.Migration):
    replaces = merged.names("budgets", "0002_shipped_facts")
    dependencies = [("budgets", "0001_tables")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
