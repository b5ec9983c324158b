"""Let nobody rewrite what was decided, and why: only what became of it is told afterwards."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("rights", "0002_taking_back")]
    operations = [protecting("model_allocation_decisions")]
