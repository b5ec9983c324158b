"""Make the tables of what the harness tells, and the one row of defaults of the hooks."""

import django.core.validators
from django.db import migrations, models

from allocation import merged


def add_defaults(apps, schema_editor):
    """What a run without an SD is taken for by the columns' defaults: EXEC, complexity 3."""
    apps.get_model("claude_code", "HookDefaults").objects.create(pk=1)


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('claude_code', '0001_tables')

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='HookDefaults',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], default='EXEC', max_length=4)),
                ('complexity', models.PositiveSmallIntegerField(default=3, help_text='1 (trivial) to 5 (critical).', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
            ],
            options={
                'verbose_name': 'hook defaults',
                'verbose_name_plural': 'hook defaults',
                'db_table': 'hook_defaults',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_row_of_hook_defaults'), models.CheckConstraint(condition=models.Q(('complexity__gte', 1), ('complexity__lte', 5)), name='hook_complexity_is_1_to_5')],
            },
        ),
        migrations.CreateModel(
            name='HarnessSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_id', models.CharField(max_length=100, unique=True)),
                ('machine', models.CharField(blank=True, max_length=100)),
                ('cli_version', models.CharField(blank=True, max_length=40, verbose_name='version')),
                ('project', models.CharField(blank=True, max_length=100)),
                ('first_heard', models.DateTimeField()),
                ('last_heard', models.DateTimeField()),
                ('hook_at', models.DateTimeField(blank=True, null=True, verbose_name='last hook')),
                ('status_line_at', models.DateTimeField(blank=True, null=True, verbose_name='last status line')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'session',
                'db_table': 'harness_sessions',
                'ordering': ['-last_heard', '-id'],
                'indexes': [models.Index(fields=['-last_heard', '-id'], name='session_last_heard_first')],
            },
        ),
        migrations.CreateModel(
            name='PlanReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('window', models.CharField(choices=[('five_hour', '5 hours'), ('seven_day', '7 days')], max_length=10)),
                ('used_percent', models.DecimalField(decimal_places=2, max_digits=7, verbose_name='used, %')),
                ('resets_at', models.DateTimeField(verbose_name='resets')),
                ('session_id', models.CharField(blank=True, max_length=100)),
                ('source', models.CharField(choices=[('status_line', 'status line'), ('headless', 'headless event')], max_length=12)),
            ],
            options={
                'db_table': 'plan_readings',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['window', '-at'], name='plan_reading_newest_first'), models.Index(fields=['session_id', 'window', '-at'], name='plan_reading_by_session')],
                'constraints': [models.CheckConstraint(condition=models.Q(('used_percent__gte', 0)), name='plan_reading_is_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='UnsteeredRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=210, unique=True)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('session_id', models.CharField(blank=True, max_length=100)),
                ('agent_type', models.CharField(blank=True, max_length=100, verbose_name='sub-agent')),
                ('why', models.CharField(choices=[('workflow', 'started by a workflow: no hook is asked'), ('fork', 'a fork: it keeps its parent’s model'), ('resumed', 'resumed: it keeps the model it had')], max_length=10)),
            ],
            options={
                'verbose_name': 'run not steered',
                'verbose_name_plural': 'runs not steered',
                'db_table': 'unsteered_runs',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['-at', '-id'], name='unsteered_newest_first')],
            },
        ),
        migrations.RunPython(add_defaults, migrations.RunPython.noop),
    ]
