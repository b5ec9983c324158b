"""Load the floors that ship."""

from django.db import migrations

from allocation.floors.facts import FLOORS


def load(apps, schema_editor):
    sub_agents = apps.get_model("catalog", "SubAgent").objects
    tiers = apps.get_model("catalog", "Tier").objects
    for code, phase, tier, gives_way, relaxed, rationale in FLOORS:
        apps.get_model("floors", "ModelFloor").objects.create(
            sub_agent=code and sub_agents.get(code=code),
            phase=phase,
            tier=tiers.get(name=tier),
            gives_way=gives_way,
            relaxed_tier=relaxed and tiers.get(name=relaxed),
            rationale=rationale,
        )


class Migration(migrations.Migration):
    dependencies = [("floors", "0001_initial"), ("catalog", "0002_facts")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
