"""Make the table of applied changes."""

import django.db.models.deletion
from django.db import migrations, models

from allocation import merged


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('optimizer', '0001_tables')

    dependencies = [
        ('catalog', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='AppliedChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applied_changes', to='catalog.subagent')),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('from_tier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('to_tier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('at', models.DateTimeField(verbose_name='applied')),
                ('actor', models.CharField(max_length=150, verbose_name='who')),
                ('reason', models.TextField()),
                ('meter', models.CharField(max_length=60)),
                ('in_dollars', models.BooleanField(default=False)),
                ('per_week', models.DecimalField(decimal_places=6, max_digits=20, null=True, verbose_name='saved a week')),
                ('per_sd', models.DecimalField(decimal_places=6, max_digits=20, null=True, verbose_name='saved per SD')),
                ('usd_per_week', models.DecimalField(decimal_places=6, max_digits=20, null=True, verbose_name='US dollars a week')),
                ('quality', models.CharField(choices=[('quality holds', 'quality holds'), ('not tried enough', 'not tried enough'), ('more rework expected', 'more rework expected'), ('quality says no', 'quality says no')], max_length=30, verbose_name='quality then')),
                ('ceiling_before', models.JSONField(null=True)),
                ('floor_before', models.JSONField(null=True)),
                ('floor_after', models.JSONField(null=True)),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone')),
                ('undone_by', models.CharField(blank=True, max_length=150)),
                ('undo_reason', models.TextField(blank=True)),
            ],
            options={
                'verbose_name': 'optimisation',
                'db_table': 'applied_changes',
                'ordering': ['-at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('sub_agent', 'phase', 'to_tier'), name='one_standing_change_per_place_and_tier'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='applied_change_has_a_reason'), models.CheckConstraint(condition=models.Q(('from_tier', models.F('to_tier')), _negated=True), name='applied_change_changes_the_tier'), models.CheckConstraint(condition=models.Q(('undone_at__isnull', True), models.Q(models.Q(('undone_by', ''), _negated=True), models.Q(('undo_reason', ''), _negated=True)), _connector='OR'), name='undone_change_says_by_whom_and_why')],
            },
        ),
    ]
