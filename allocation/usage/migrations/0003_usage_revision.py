"""Add the mark of the roll-ups, and its one row."""

from django.db import migrations, models


def add_row(apps, schema_editor):
    apps.get_model("usage", "UsageRevision").objects.create(pk=1, mark="")


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_estimates_and_unnamed")]
    operations = [
        migrations.CreateModel(
            name="UsageRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.CharField(blank=True, max_length=32)),
            ],
            options={"db_table": "usage_revision"},
        ),
        migrations.RunPython(add_row, migrations.RunPython.noop),
    ]
