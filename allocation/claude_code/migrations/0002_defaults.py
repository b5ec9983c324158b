"""What a run without an SD is taken for: EXEC, complexity 3."""

from django.db import migrations


def load(apps, schema_editor):
    apps.get_model("claude_code", "HookDefaults").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("claude_code", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
