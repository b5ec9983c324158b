"""Let people, and no agent, take back what was logged, and the SDs that came with it."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("rights", "0001_policies")]
    operations = [protecting("checkpoints", "sd_token_logs", "strategic_directives")]
