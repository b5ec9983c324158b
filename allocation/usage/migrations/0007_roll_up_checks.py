"""Keep on which days the roll-ups were compared with their records."""

from django.db import migrations, models

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("usage", "0006_other_ids_of_records")]
    operations = [
        migrations.CreateModel(
            name="RollUpCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("mended", models.PositiveIntegerField(default=0)),
            ],
            options={"db_table": "usage_roll_up_checks", "ordering": ["-day"]},
        ),
        protecting("usage_roll_up_checks"),
    ]
