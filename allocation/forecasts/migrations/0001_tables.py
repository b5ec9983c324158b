"""Make the tables of forecasts, estimates and their scores.

The database itself refuses to rewrite any of them.
A later migration that has SQLite make one of these tables anew must make its trigger anew too.
"""

import django.db.models.deletion
from django.db import migrations, models

from allocation import merged

NEVER_REWRITTEN = ("forecasts", "forecast_scores", "sd_estimates", "sd_estimate_scores")

FUNCTION = """
CREATE OR REPLACE FUNCTION budgetctl_never_rewritten() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = TG_TABLE_NAME || ' are never rewritten';
END
$guard$
"""


def guard(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    if on_postgresql:
        schema_editor.execute(FUNCTION, params=None)
    action = (
        "FOR EACH ROW EXECUTE FUNCTION budgetctl_never_rewritten()"
        if on_postgresql
        else "BEGIN SELECT RAISE(ABORT, '{table} are never rewritten'); END"
    )
    for table in NEVER_REWRITTEN:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_never_rewritten BEFORE UPDATE ON {table} "
            + action.format(table=table),
            params=None,
        )


def release(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for table in NEVER_REWRITTEN:
        where = f" ON {table}" if on_postgresql else ""
        schema_editor.execute(f"DROP TRIGGER {table}_never_rewritten{where}", params=None)
    if on_postgresql:
        schema_editor.execute("DROP FUNCTION budgetctl_never_rewritten()", params=None)


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('forecasts', '0001_tables')

    dependencies = [
        ('budgets', '0001_tables'),
        ('directives', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='forecasts', to='budgets.budgetweek')),
                ('made_at', models.DateTimeField()),
                ('hour', models.DateTimeField(help_text='The hour (UTC) that it was made in.')),
                ('hours_in', models.PositiveSmallIntegerField(help_text='Full hours into the week.')),
                ('occasion', models.CharField(choices=[('hour', 'every hour'), ('checkpoint', 'at a checkpoint')], max_length=10)),
                ('method', models.CharField(max_length=30)),
                ('version', models.CharField(max_length=20)),
                ('inputs_digest', models.CharField(max_length=64)),
                ('chosen', models.BooleanField()),
                ('used', models.BigIntegerField()),
                ('effective_limit', models.BigIntegerField()),
                ('point', models.BigIntegerField(null=True)),
                ('low50', models.BigIntegerField(null=True)),
                ('high50', models.BigIntegerField(null=True)),
                ('low80', models.BigIntegerField(null=True)),
                ('high80', models.BigIntegerField(null=True)),
                ('quantiles', models.JSONField(default=list)),
                ('course', models.JSONField(help_text='What part of the tokens to come is used by the end of each hour from then on, in thousandths; kept of the method that spoke.', null=True)),
                ('exhaustion_early', models.DateTimeField(null=True)),
                ('exhaustion_median', models.DateTimeField(null=True)),
                ('exhaustion_late', models.DateTimeField(null=True)),
                ('exhaustion_chance', models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                ('zone_chances', models.JSONField(default=dict)),
                ('zone', models.CharField(blank=True, choices=[('GREEN', 'Green'), ('YELLOW', 'Yellow'), ('ORANGE', 'Orange'), ('RED', 'Red')], max_length=6)),
            ],
            options={
                'db_table': 'forecasts',
                'ordering': ['-made_at', 'method'],
                'indexes': [models.Index(fields=['week', 'made_at'], name='forecast_by_week'), models.Index(condition=models.Q(('chosen', True)), fields=['-made_at'], name='forecast_newest'), models.Index(condition=models.Q(('chosen', True), ('occasion', 'hour')), fields=['hours_in'], name='forecast_by_hours_in')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('occasion', 'hour')), fields=('hour', 'method'), name='one_forecast_per_hour_and_method')],
            },
        ),
        migrations.CreateModel(
            name='ForecastScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('forecast', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='score', to='forecasts.forecast')),
                ('actual', models.BigIntegerField()),
                ('error', models.DecimalField(decimal_places=6, max_digits=12, null=True, verbose_name='absolute percentage error')),
                ('hit50', models.BooleanField()),
                ('hit80', models.BooleanField()),
                ('zone_hit', models.BooleanField()),
                ('exhaustion_hours', models.DecimalField(decimal_places=2, max_digits=7, verbose_name='exhaustion error, hours')),
                ('crps', models.DecimalField(decimal_places=2, max_digits=22)),
                ('scored_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'forecast_scores',
            },
        ),
        migrations.CreateModel(
            name='SdEstimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sd', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='estimates', to='directives.strategicdirective')),
                ('made_at', models.DateTimeField()),
                ('low', models.PositiveBigIntegerField()),
                ('point', models.PositiveBigIntegerField()),
                ('high', models.PositiveBigIntegerField()),
                ('evidence', models.CharField(max_length=40)),
                ('cases', models.PositiveIntegerField(help_text='How many cases the evidence has.')),
                ('by_agent', models.JSONField(default=list)),
            ],
            options={
                'db_table': 'sd_estimates',
                'ordering': ['-made_at', '-id'],
                'constraints': [models.UniqueConstraint(fields=('sd',), name='one_estimate_per_sd')],
            },
        ),
        migrations.CreateModel(
            name='SdEstimateScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('estimate', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='score', to='forecasts.sdestimate')),
                ('actual', models.PositiveBigIntegerField()),
                ('error', models.DecimalField(decimal_places=6, max_digits=12, null=True, verbose_name='absolute percentage error')),
                ('inside', models.BooleanField()),
                ('scored_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'sd_estimate_scores',
            },
        ),
        migrations.RunPython(guard, release),
    ]
