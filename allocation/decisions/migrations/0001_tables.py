"""Make the tables of decisions, of runs put off, and of counts of decisions by week."""

import django.db.models.deletion
from django.db import migrations, models

from allocation import merged


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('decisions', '0001_tables')

    dependencies = [
        ('budgets', '0001_tables'),
        ('catalog', '0001_tables'),
        ('directives', '0001_tables'),
        ('floors', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('actor', models.CharField(max_length=150, verbose_name='who')),
                ('sub_agent', models.CharField(max_length=100)),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('complexity', models.PositiveSmallIntegerField()),
                ('critical', models.BooleanField(default=False)),
                ('read_only', models.BooleanField(default=False)),
                ('sd', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='directives.strategicdirective')),
                ('zone', models.CharField(choices=[('GREEN', 'Green'), ('YELLOW', 'Yellow'), ('ORANGE', 'Orange'), ('RED', 'Red')], max_length=6)),
                ('share_percent', models.DecimalField(decimal_places=4, help_text='Of the effective limit.', max_digits=12, verbose_name='share used, %')),
                ('outcome', models.CharField(choices=[('use', 'use'), ('defer', 'defer'), ('pause', 'pause'), ('off', 'off')], max_length=6)),
                ('recommended', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('preferred', models.CharField(max_length=20)),
                ('floor', models.CharField(max_length=20)),
                ('override', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='floors.override')),
                ('reason', models.TextField()),
                ('path', models.JSONField(help_text='The rule path, step by step.')),
                ('inputs', models.JSONField(help_text='Everything the rules looked at, frozen.')),
                ('key', models.CharField(blank=True, max_length=150, null=True, unique=True)),
                ('requested', models.CharField(blank=True, help_text='The tier that the run asked for.', max_length=20)),
                ('observed', models.CharField(blank=True, help_text='The model that ran.', max_length=100)),
                ('mismatch', models.CharField(choices=[('followed', 'followed'), ('override', 'override'), ('floor_raise', 'floor raise'), ('silent_mismatch', 'silent mismatch'), ('unknown', 'unknown')], default='unknown', max_length=20)),
                ('override_reason', models.TextField(blank=True, help_text='Why it ran on another tier than the recommended one.')),
                ('result', models.CharField(blank=True, choices=[('passed', 'passed'), ('failed', 'failed'), ('rework', 'rework')], max_length=6)),
                ('session_id', models.CharField(blank=True, max_length=100)),
                ('agent_id', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'db_table': 'model_allocation_decisions',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['-at', '-id'], name='decision_newest_first'), models.Index(fields=['outcome', '-at', '-id', 'sub_agent', 'mismatch', 'override'], name='decision_by_outcome'), models.Index(fields=['mismatch', '-at', '-id', 'sub_agent', 'outcome', 'override'], name='decision_by_truth'), models.Index(fields=['outcome', 'mismatch', '-at', '-id'], name='decision_by_outcome_truth'), models.Index(condition=models.Q(('override__isnull', False)), fields=['-at', '-id', 'outcome', 'mismatch', 'sub_agent', 'override'], name='decision_forced'), models.Index(fields=['sub_agent', '-at', '-id', 'outcome', 'mismatch', 'override'], name='decision_by_sub_agent'), models.Index(fields=['sd', '-at', '-id', 'outcome', 'mismatch', 'override'], name='decision_by_sd'), models.Index(condition=models.Q(('override__isnull', False), models.Q(('override_reason', ''), _negated=True), _connector='OR'), fields=['sd', 'at'], name='decision_overridden'), models.Index(condition=models.Q(('session_id', ''), _negated=True), fields=['session_id', 'agent_id'], name='decision_by_agent')],
            },
        ),
        migrations.CreateModel(
            name='DeferredRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='deferral', to='decisions.decision')),
                ('sub_agent', models.CharField(max_length=100)),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('sd', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directives.strategicdirective')),
                ('at', models.DateTimeField()),
                ('position', models.PositiveIntegerField()),
                ('released_at', models.DateTimeField(null=True)),
                ('released_by', models.CharField(blank=True, max_length=150)),
                ('override', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='floors.override')),
            ],
            options={
                'db_table': 'deferred_runs',
                'ordering': ['position', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('sub_agent', 'phase', 'sd'), name='one_waiting_run_per_sd'), models.UniqueConstraint(condition=models.Q(('released_at__isnull', True), ('sd__isnull', True)), fields=('sub_agent', 'phase'), name='one_waiting_run_without_sd')],
            },
        ),
        migrations.CreateModel(
            name='CountedWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='budgets.budgetweek')),
                ('start', models.DateTimeField()),
                ('end', models.DateTimeField()),
                ('ready', models.BooleanField(default=False)),
            ],
            options={
                'db_table': 'decision_counted_weeks',
                'ordering': ['-start'],
            },
        ),
        migrations.CreateModel(
            name='DecisionCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counted', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='counts', to='decisions.countedweek')),
                ('sub_agent', models.CharField(max_length=100)),
                ('phase', models.CharField(max_length=4)),
                ('outcome', models.CharField(max_length=6)),
                ('observed', models.CharField(max_length=100)),
                ('result', models.CharField(max_length=6)),
                ('overridden', models.BooleanField()),
                ('n', models.PositiveIntegerField()),
                ('first', models.DateTimeField()),
                ('last', models.DateTimeField()),
            ],
            options={
                'db_table': 'decision_counts',
                'ordering': ['pk'],
            },
        ),
    ]
