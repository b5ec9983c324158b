"""Make the group whose members log checkpoints and manage SDs; the Chairman puts people into it."""

from django.db import migrations

from allocation.access import OPERATORS


def make_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.get_or_create(name=OPERATORS)


class Migration(migrations.Migration):
    dependencies = [
        ("checkpoints", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
