"""Make the table of strategic directives."""

import django.core.validators
from django.db import migrations, models

from allocation import merged


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('directives', '0001_tables')

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='StrategicDirective',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='For example SD-PERF-OPT-001.', max_length=60, unique=True, validators=[django.core.validators.RegexValidator('^SD(-[A-Z0-9]+)+$', 'Write SD, then words in capitals or digits joined by hyphens: SD-PERF-OPT-001.')], verbose_name='SD')),
                ('title', models.CharField(blank=True, max_length=200)),
                ('complexity', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high')], default=2)),
                ('critical', models.BooleanField(default=False, help_text='Critical work keeps better tiers for longer as the week fills up.')),
                ('estimate', models.PositiveBigIntegerField(blank=True, help_text='Empty to estimate from its sub-agents.', null=True, verbose_name='estimated tokens')),
                ('status', models.CharField(choices=[('proposed', 'proposed'), ('in_progress', 'in progress'), ('paused', 'paused'), ('deferred', 'deferred'), ('completed', 'completed'), ('archived', 'archived')], default='proposed', max_length=12)),
                ('phase', models.CharField(blank=True, choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('deferral_reason', models.CharField(blank=True, max_length=300)),
                ('deferred_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('queue_position', models.PositiveIntegerField(blank=True, editable=False, help_text='The place in the deferral queue.', null=True)),
                ('approved_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('approved_up_to', models.PositiveBigIntegerField(blank=True, editable=False, help_text='How far it may go on after its week ran out, in fresh tokens since it began.', null=True, verbose_name='approved up to, tokens')),
            ],
            options={
                'verbose_name': 'SD',
                'db_table': 'strategic_directives',
                'ordering': ['-created_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('complexity__gte', 1), ('complexity__lte', 5)), name='sd_complexity_is_1_to_5'), models.CheckConstraint(condition=models.Q(models.Q(('completed_at__isnull', False), ('status', 'completed')), models.Q(models.Q(('status', 'completed'), _negated=True), ('completed_at__isnull', True)), ('status', 'archived'), _connector='OR'), name='sd_is_completed_exactly_with_a_moment')],
            },
        ),
    ]
