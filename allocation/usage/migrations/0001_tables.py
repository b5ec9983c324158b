"""Make the tables of usage records and their roll-ups, and the one row of the roll-ups' mark."""

import django.db.models.deletion
from django.db import migrations, models

from allocation import merged


def add_mark(apps, schema_editor):
    apps.get_model("usage", "UsageRevision").objects.create(pk=1, mark="")


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('usage', '0001_tables')

    dependencies = [
        ('directives', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='UsageRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=100, null=True, unique=True)),
                ('request_id', models.CharField(max_length=100, null=True)),
                ('source', models.CharField(choices=[('manual', 'logged by hand'), ('api', 'reported over the API'), ('transcript', 'transcript'), ('otlp', 'telemetry')], max_length=10)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('counted_at', models.DateTimeField(null=True, verbose_name='counts seen')),
                ('hour', models.DateTimeField(verbose_name='hour, UTC')),
                ('session_id', models.CharField(blank=True, max_length=100)),
                ('agent_id', models.CharField(blank=True, max_length=100)),
                ('agent_type', models.CharField(blank=True, max_length=100)),
                ('sidechain', models.BooleanField(default=False, verbose_name='sub-agent')),
                ('sub_agent', models.CharField(blank=True, max_length=100)),
                ('sd', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='usage_records', to='directives.strategicdirective')),
                ('phase', models.CharField(blank=True, choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('model', models.CharField(blank=True, max_length=100)),
                ('tier', models.CharField(blank=True, help_text='Hand-logged amounts name a tier and no model.', max_length=20)),
                ('long_prompt', models.BooleanField(default=False)),
                ('output_final', models.BooleanField(default=True)),
                ('input', models.PositiveBigIntegerField(default=0)),
                ('output', models.PositiveBigIntegerField(default=0)),
                ('cache_write_5m', models.PositiveBigIntegerField(default=0)),
                ('cache_write_1h', models.PositiveBigIntegerField(default=0)),
                ('cache_read', models.PositiveBigIntegerField(default=0)),
                ('unsplit', models.PositiveBigIntegerField(default=0)),
                ('estimated', models.BooleanField(default=False, help_text='Nobody counted these tokens: guessed from characters.')),
                ('answered', models.BooleanField(default=True, help_text='The model is the one that answered; telemetry knows only which was asked for.')),
                ('answer', models.TextField(blank=True, default='', help_text="The sight that told which model answered, where the counts are telemetry's.")),
            ],
            options={
                'db_table': 'usage_records',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['request_id'], name='usage_record_request'), models.Index(fields=['hour'], name='usage_record_hour'), models.Index(condition=models.Q(('agent_id', ''), _negated=True), fields=['session_id', 'agent_id'], name='usage_record_agent'), models.Index(condition=models.Q(('sd__isnull', False)), fields=['sd'], name='usage_record_sd')],
            },
        ),
        migrations.CreateModel(
            name='RecordId',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='other_ids', to='usage.usagerecord')),
                ('kind', models.CharField(choices=[('message', 'message'), ('request', 'request'), ('alone', 'alone')], max_length=7)),
                ('value', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'db_table': 'usage_record_ids',
                'ordering': ['record', 'kind', 'value'],
                'indexes': [models.Index(fields=['value'], name='usage_record_other_id')],
            },
        ),
        migrations.CreateModel(
            name='UsageHour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('sd', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='usage_hours', to='directives.strategicdirective')),
                ('phase', models.CharField(blank=True, max_length=4)),
                ('sub_agent', models.CharField(blank=True, max_length=100)),
                ('model', models.CharField(blank=True, max_length=100)),
                ('tier', models.CharField(blank=True, max_length=20)),
                ('source', models.CharField(choices=[('manual', 'logged by hand'), ('api', 'reported over the API'), ('transcript', 'transcript'), ('otlp', 'telemetry')], max_length=10)),
                ('long_prompt', models.BooleanField(default=False)),
                ('records', models.PositiveIntegerField()),
                ('input', models.PositiveBigIntegerField(default=0)),
                ('output', models.PositiveBigIntegerField(default=0)),
                ('cache_write_5m', models.PositiveBigIntegerField(default=0)),
                ('cache_write_1h', models.PositiveBigIntegerField(default=0)),
                ('cache_read', models.PositiveBigIntegerField(default=0)),
                ('unsplit', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'db_table': 'usage_hours',
                'ordering': ['hour'],
                'indexes': [models.Index(fields=['hour'], name='usage_hour_hour'), models.Index(fields=['sd', 'hour'], name='usage_hour_sd')],
            },
        ),
        migrations.CreateModel(
            name='UsageRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.CharField(blank=True, max_length=32)),
            ],
            options={
                'db_table': 'usage_revision',
            },
        ),
        migrations.CreateModel(
            name='RollUpCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True)),
                ('mended', models.PositiveIntegerField(default=0)),
            ],
            options={
                'db_table': 'usage_roll_up_checks',
                'ordering': ['-day'],
            },
        ),
        migrations.CreateModel(
            name='TranscriptFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=1000, unique=True)),
                ('head', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('modified_ns', models.BigIntegerField()),
                ('offset', models.PositiveBigIntegerField(help_text='Bytes read, to the end of a complete line.')),
                ('read_at', models.DateTimeField(null=True, verbose_name='last read')),
            ],
            options={
                'db_table': 'transcript_files',
                'ordering': ['path'],
            },
        ),
        migrations.CreateModel(
            name='AgentRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_id', models.CharField(max_length=100)),
                ('agent_id', models.CharField(max_length=100)),
                ('agent_type', models.CharField(max_length=100)),
                ('evidence', models.PositiveSmallIntegerField()),
            ],
            options={
                'db_table': 'agent_runs',
                'ordering': ['session_id', 'agent_id'],
                'constraints': [models.UniqueConstraint(fields=('session_id', 'agent_id'), name='one_run_per_agent_id')],
            },
        ),
        migrations.CreateModel(
            name='AgentCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tool_use_id', models.CharField(max_length=100, unique=True)),
                ('session_id', models.CharField(blank=True, max_length=100)),
                ('agent_type', models.CharField(blank=True, max_length=100)),
                ('agent_id', models.CharField(blank=True, max_length=100)),
                ('evidence', models.PositiveSmallIntegerField()),
            ],
            options={
                'db_table': 'agent_calls',
                'ordering': ['tool_use_id'],
            },
        ),
        migrations.CreateModel(
            name='UnnamedRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, unique=True)),
                ('session_id', models.CharField(blank=True, db_index=True, max_length=100)),
                ('message_id', models.CharField(blank=True, max_length=100, null=True, unique=True)),
                ('sight', models.TextField()),
            ],
            options={
                'db_table': 'unnamed_requests',
                'ordering': ['key'],
            },
        ),
        migrations.RunPython(add_mark, migrations.RunPython.noop),
    ]
