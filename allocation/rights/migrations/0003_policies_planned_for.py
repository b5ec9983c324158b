"""Word the policies so that PostgreSQL plans as if every row passed them, which is so."""

from django.db import migrations

from allocation.rights.policies import protecting_again


class Migration(migrations.Migration):
    dependencies = [
        ("forecasts", "0003_never_rewritten"),
        ("optimizer", "0002_rights"),
        ("reminders", "0003_rights"),
        ("rights", "0002_decision_counts"),
    ]
    operations = [protecting_again()]
