"""Make the tables of floors, ceilings and overrides."""

import django.db.models.deletion
from django.db import migrations, models

from allocation import merged


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('floors', '0001_tables')

    dependencies = [
        ('catalog', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='ModelFloor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(blank=True, help_text='Empty for every sub-agent without a floor of its own.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='floors', to='catalog.subagent', verbose_name='sub-agent')),
                ('phase', models.CharField(blank=True, choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], help_text='Empty for all phases.', max_length=4)),
                ('tier', models.ForeignKey(help_text='The least tier allowed.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('gives_way', models.CharField(choices=[('never', 'never'), ('under_pressure', 'under budget pressure (Yellow and worse)'), ('read_only', 'for read-only work')], default='never', help_text='When the floor yields to the relaxed tier. A floor that never gives way also stops the Chairman’s overrides.', max_length=20)),
                ('relaxed_tier', models.ForeignKey(blank=True, help_text='What it gives way to. Empty if it never does.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('rationale', models.TextField(blank=True, help_text='Why the floor is where it is.')),
            ],
            options={
                'verbose_name': 'floor',
                'db_table': 'sub_agent_model_floors',
                'ordering': ['sub_agent__code', 'phase'],
                'constraints': [models.UniqueConstraint(fields=('sub_agent', 'phase'), name='one_floor_per_sub_agent_and_phase', violation_error_message='There is a floor for this sub-agent and phase already: change that one.'), models.UniqueConstraint(condition=models.Q(('sub_agent__isnull', True)), fields=('phase',), name='one_default_floor_per_phase', violation_error_message='There is a default floor for this phase already.'), models.CheckConstraint(condition=models.Q(models.Q(('gives_way', 'never'), ('relaxed_tier__isnull', True)), models.Q(models.Q(('gives_way', 'never'), _negated=True), ('relaxed_tier__isnull', False)), _connector='OR'), name='floor_has_relaxed_tier_exactly_if_it_gives_way', violation_error_message='A floor that gives way needs a relaxed tier; one that never does must not have one.')],
            },
        ),
        migrations.CreateModel(
            name='ModelCeiling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ceilings', to='catalog.subagent', verbose_name='sub-agent')),
                ('phase', models.CharField(blank=True, choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], help_text='Empty for all phases.', max_length=4)),
                ('tier', models.ForeignKey(help_text='What its ordinary work gets at most, whatever its complexity.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('rationale', models.TextField(blank=True, help_text='Why the ceiling is where it is.')),
            ],
            options={
                'verbose_name': 'ceiling',
                'db_table': 'sub_agent_model_ceilings',
                'ordering': ['sub_agent__code', 'phase'],
                'constraints': [models.UniqueConstraint(fields=('sub_agent', 'phase'), name='one_ceiling_per_sub_agent_and_phase', violation_error_message='There is a ceiling for this sub-agent and phase already: change that one.')],
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to='catalog.subagent', verbose_name='sub-agent')),
                ('phase', models.CharField(blank=True, choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], help_text='Empty for all phases.', max_length=4)),
                ('sd_code', models.CharField(blank=True, help_text='Empty for the runs of every SD, and of none.', max_length=60, verbose_name='SD')),
                ('uses_left', models.PositiveSmallIntegerField(blank=True, editable=False, help_text='Runs that it still forces; empty for all.', null=True)),
                ('tier', models.ForeignKey(help_text='The tier to run on.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('reason', models.TextField(help_text='Why. It stands in the audit trail.')),
                ('actor', models.CharField(editable=False, max_length=150)),
                ('created_at', models.DateTimeField(editable=False)),
                ('expires_at', models.DateTimeField(help_text='When it stops acting. Left empty, the end of this budget week.')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('revoked_by', models.CharField(blank=True, editable=False, max_length=150)),
            ],
            options={
                'db_table': 'overrides',
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['expires_at'], name='override_expiry')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='override_has_a_reason', violation_error_message='Say why: an override needs a reason.')],
            },
        ),
    ]
