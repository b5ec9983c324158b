"""Load the floors that ship."""

from django.db import migrations

from allocation import merged
from allocation.floors.facts import FLOORS


def load(apps, schema_editor):
    sub_agents = apps.get_model("catalog", "SubAgent").objects.in_bulk(field_name="code")
    tiers = apps.get_model("catalog", "Tier").objects.in_bulk(field_name="name")
    floors = apps.get_model("floors", "ModelFloor").objects
    for code, phase, tier, gives_way, relaxed, rationale in FLOORS:
        floors.create(
            sub_agent=code and sub_agents[code],
            phase=phase,
            tier=tiers[tier],
            gives_way=gives_way,
            relaxed_tier=relaxed and tiers[relaxed],
            rationale=rationale,
        )


class Migration(migrations.Migration):
    replaces = merged.names("floors", "0002_shipped_facts")
    dependencies = [("floors", "0001_tables"), ("catalog", "0002_shipped_facts")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
