"""Make the tables of meters, of the budget rule and of budget weeks."""

import allocation.budgets.models
import datetime
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models

from allocation import merged


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('budgets', '0001_tables')

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Meter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, unique=True)),
                ('weighting', models.CharField(choices=[('list_price', 'its list price relative to the reference price'), ('flat', 'every model weighs 1'), ('tier', 'as its tier weighs, below'), ('dollars', 'no weights: the budget is in US dollars')], max_length=12, verbose_name='model weight')),
                ('input', models.DecimalField(decimal_places=6, default=Decimal('1'), max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='input')),
                ('output', models.DecimalField(decimal_places=6, default=Decimal('1'), max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='output')),
                ('cache_write_5m', models.DecimalField(decimal_places=6, default=Decimal('1'), max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cache write, 5 min')),
                ('cache_write_1h', models.DecimalField(decimal_places=6, default=Decimal('1'), max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cache write, 1 h')),
                ('cache_read', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=9, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cache read')),
                ('reference_price', models.DecimalField(decimal_places=6, default=Decimal('3'), help_text='The input price, in US dollars per million tokens, of the model that weighs 1.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0.000001'))])),
                ('tier_weights', models.JSONField(blank=True, default=dict, help_text='What a model weighs by its tier, where it weighs by tier; 1 if left out.', validators=[allocation.budgets.models.check_tier_weights])),
            ],
            options={
                'db_table': 'meters',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='BudgetRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('enabled', models.BooleanField(default=True)),
                ('limit', models.DecimalField(decimal_places=2, default=Decimal('500000'), max_digits=18)),
                ('reserve_percent', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=5, verbose_name='reserve, %')),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='budgets.meter')),
                ('reset_weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], default=0)),
                ('reset_time', models.TimeField(default=datetime.time(14, 0))),
                ('timezone', models.CharField(default='America/Los_Angeles', max_length=64, verbose_name='time zone')),
                ('yellow_percent', models.DecimalField(decimal_places=2, default=Decimal('70'), max_digits=5)),
                ('orange_percent', models.DecimalField(decimal_places=2, default=Decimal('85'), max_digits=5)),
                ('red_percent', models.DecimalField(decimal_places=2, default=Decimal('95'), max_digits=5)),
            ],
            options={
                'verbose_name_plural': 'budget rule',
                'db_table': 'budget_rule',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_budget_rule'), models.CheckConstraint(condition=models.Q(('limit__gt', 0)), name='rule_limit_is_positive'), models.CheckConstraint(condition=models.Q(('reserve_percent__gte', 0), ('reserve_percent__lt', 100)), name='rule_reserve_is_a_share'), models.CheckConstraint(condition=models.Q(('yellow_percent__gt', 0), ('yellow_percent__lt', models.F('orange_percent')), ('orange_percent__lt', models.F('red_percent')), ('red_percent__lte', 100)), name='zone_bounds_rise')],
            },
        ),
        migrations.CreateModel(
            name='BudgetWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateTimeField(unique=True)),
                ('end', models.DateTimeField(unique=True)),
                ('limit', models.DecimalField(decimal_places=2, max_digits=18)),
                ('reserve_percent', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=5)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('tokens_burned', models.DecimalField(blank=True, decimal_places=6, max_digits=24, null=True, verbose_name='budget tokens burned')),
                ('budget_zone', models.CharField(blank=True, choices=[('GREEN', 'Green'), ('YELLOW', 'Yellow'), ('ORANGE', 'Orange'), ('RED', 'Red')], max_length=6)),
                ('meter_name', models.CharField(blank=True, max_length=40)),
            ],
            options={
                'verbose_name': 'budget week',
                'db_table': 'weekly_budget_snapshots',
                'ordering': ['-start'],
                'constraints': [models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='week_ends_after_start'), models.CheckConstraint(condition=models.Q(('limit__gt', 0)), name='week_limit_is_positive'), models.CheckConstraint(condition=models.Q(('reserve_percent__gte', 0), ('reserve_percent__lt', 100)), name='week_reserve_is_a_share')],
            },
        ),
    ]
