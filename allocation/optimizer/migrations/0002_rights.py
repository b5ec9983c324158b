"""Put ceilings and applied changes under their rules."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("optimizer", "0001_initial"), ("floors", "0004_ceilings")]
    operations = [protecting("sub_agent_model_ceilings", "applied_changes")]
