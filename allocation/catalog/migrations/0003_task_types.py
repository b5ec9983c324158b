"""The size of a typical task, and a kind of work for each sub-agent that ships.

A sub-agent that has a kind of work already keeps it.
"""

from django.core.validators import MinValueValidator
from django.db import migrations, models

from allocation.catalog import facts
from allocation.rights.roles import Role, acting_as


def load(apps, schema_editor):
    # The tables may be under their rules already, and whoever migrates be nobody.
    with acting_as(Role.CHAIRMAN):
        fill(apps)


def fill(apps):
    task_types = apps.get_model("catalog", "TaskType").objects
    sub_agents = apps.get_model("catalog", "SubAgent").objects
    for slug, tokens in facts.TASK_TOKENS.items():
        task_types.filter(slug=slug).update(tokens=tokens)
    kinds = {row.slug: row for row in task_types.all()}
    for code, *_, slug in facts.SUB_AGENTS:
        if slug in kinds:
            sub_agents.filter(code=code, task_type__isnull=True).update(task_type=kinds[slug])


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_facts")]

    operations = [
        migrations.AddField(
            model_name="tasktype",
            name="tokens",
            field=models.PositiveIntegerField(
                default=10000,
                help_text="Of a typical one, rework not counted: what the tiers are compared at.",
                validators=[MinValueValidator(1)],
                verbose_name="tokens of a task",
            ),
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
