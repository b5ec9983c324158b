"""Put the tables of reminders under their rules."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("reminders", "0002_settings")]
    operations = [protecting("reminder_settings", "reminders", "reminder_deliveries")]
