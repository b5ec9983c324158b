"""Let a record be known by more than one message and request id, and records share a request id."""

import django.db.models.deletion
from django.db import migrations, models

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [("usage", "0005_answer"), ("rights", "0003_policies_planned_for")]
    operations = [
        migrations.AlterField(
            model_name="usagerecord",
            name="request_id",
            field=models.CharField(max_length=100, null=True),
        ),
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(fields=["request_id"], name="usage_record_request"),
        ),
        migrations.CreateModel(
            name="RecordId",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("message", "message"),
                            ("request", "request"),
                            ("alone", "alone"),
                        ],
                        max_length=7,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=100)),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="other_ids",
                        to="usage.usagerecord",
                    ),
                ),
            ],
            options={"db_table": "usage_record_ids", "ordering": ["record", "kind", "value"]},
        ),
        migrations.AddIndex(
            model_name="recordid",
            index=models.Index(fields=["value"], name="usage_record_other_id"),
        ),
        protecting("usage_record_ids"),
    ]
