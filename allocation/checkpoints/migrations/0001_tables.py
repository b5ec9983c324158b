"""Make the tables of checkpoints and of tokens by SD and phase, and the group of operators."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from allocation import merged
from allocation.access import OPERATORS


def add_group(apps, schema_editor):
    """Its members log checkpoints and manage SDs; the Chairman puts people into it."""
    apps.get_model("auth", "Group").objects.get_or_create(name=OPERATORS)


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('checkpoints', '0001_tables')

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('directives', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sd', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checkpoints', to='directives.strategicdirective', verbose_name='SD')),
                ('kind', models.CharField(choices=[('sd_start_lead', 'SD start (LEAD)'), ('lead_to_plan', 'LEAD to PLAN'), ('plan_to_exec', 'PLAN to EXEC'), ('exec_to_plan', 'EXEC to PLAN'), ('sd_completion', 'SD completion')], max_length=14, verbose_name='checkpoint')),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], help_text='The phase that burned them.', max_length=4)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('actor', models.CharField(max_length=150, verbose_name='who')),
                ('tokens', models.PositiveBigIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(9007199254740991)])),
                ('mix', models.JSONField(blank=True, default=dict, verbose_name='model mix')),
                ('rework_cycles', models.PositiveSmallIntegerField(default=0)),
                ('lines_modified', models.PositiveIntegerField(blank=True, null=True, verbose_name='lines of code')),
                ('note', models.TextField(blank=True)),
                ('state', models.JSONField(default=dict)),
                ('submission', models.UUIDField(unique=True)),
            ],
            options={
                'db_table': 'checkpoints',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['sd', 'at'], name='checkpoint_by_sd')],
                'constraints': [models.CheckConstraint(condition=models.Q(('tokens__isnull', False), models.Q(('kind__contains', '_to_'), _negated=True), _connector='OR'), name='handover_has_tokens', violation_error_message='A phase hand-over cannot be logged without tokens.')],
            },
        ),
        migrations.CreateModel(
            name='SdTokenLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sd', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='token_logs', to='directives.strategicdirective', verbose_name='SD')),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('complexity', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('tokens_burned', models.PositiveBigIntegerField()),
                ('rework_cycles', models.PositiveSmallIntegerField(default=0)),
                ('model_distribution', models.JSONField(default=dict)),
                ('lines_modified', models.PositiveIntegerField(blank=True, null=True)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'SD token log',
                'db_table': 'sd_token_logs',
                'ordering': ['sd', 'phase'],
                'constraints': [models.UniqueConstraint(fields=('sd', 'phase'), name='one_token_log_per_sd_and_phase')],
            },
        ),
        migrations.RunPython(add_group, migrations.RunPython.noop),
    ]
