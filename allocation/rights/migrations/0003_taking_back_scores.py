"""Let the score of an SD's estimate go with the completion that it rested on."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("rights", "0002_taking_back")]
    operations = [protecting("sd_estimate_scores")]
