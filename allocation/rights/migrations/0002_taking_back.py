"""Let people, and no agent, take back what was logged, the SDs that came with it, and the score that
an SD's estimate got by a completion that was withdrawn."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("rights", "0001_policies")]
    operations = [
        protecting("checkpoints", "sd_token_logs", "strategic_directives", "sd_estimate_scores")
    ]
