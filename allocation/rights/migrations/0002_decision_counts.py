"""Put the counts of decisions under their rule, where the database is PostgreSQL."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0004_counts_and_filters"),
        ("rights", "0001_row_level_security"),
    ]
    operations = [protecting("decision_counted_weeks", "decision_counts")]
