"""Count mismatches too: the counts that are stored do not know them, and are counted anew."""

from django.db import migrations, models


def count_anew(apps, schema_editor):
    apps.get_model("decisions", "CountedWeek").objects.update(ready=False)


class Migration(migrations.Migration):
    dependencies = [("decisions", "0001_tables")]
    operations = [
        migrations.AddField(
            model_name="decisioncount",
            name="mismatch",
            field=models.CharField(default="", max_length=20),
            preserve_default=False,
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]
