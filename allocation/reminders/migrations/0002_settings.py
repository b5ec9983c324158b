"""The one row of reminder settings: everything is off except the page."""

from django.db import migrations


def load(apps, schema_editor):
    apps.get_model("reminders", "ReminderSettings").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
