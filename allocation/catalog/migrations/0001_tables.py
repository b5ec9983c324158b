"""Make the tables of tiers, models, prices and sub-agents, and of what is guessed about them."""

import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models

from allocation import merged


class Migration(migrations.Migration):

    initial = True

    replaces = merged.names('catalog', '0001_tables')

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(max_length=20, unique=True)),
                ('rank', models.PositiveSmallIntegerField(help_text='Higher is dearer. haiku 10, sonnet 20, opus 30, fable 40.', unique=True)),
            ],
            options={
                'db_table': 'tiers',
                'ordering': ['rank'],
            },
        ),
        migrations.CreateModel(
            name='ClaudeModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_id', models.CharField(help_text='Exactly as it is observed, for example claude-haiku-4-5-20251001.', max_length=100, unique=True, verbose_name='model id')),
                ('tier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='models', to='catalog.tier')),
            ],
            options={
                'verbose_name': 'model',
                'db_table': 'models',
                'ordering': ['tier__rank', 'model_id'],
            },
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='catalog.claudemodel')),
                ('valid_from', models.DateField(help_text='The first day (UTC) on which this price holds.')),
                ('prompt_over', models.PositiveIntegerField(default=0, help_text='0 for the ordinary price; else the prompt size in tokens above which this price holds for the whole request.', verbose_name='prompts over')),
                ('input', models.DecimalField(decimal_places=6, help_text='US dollars per million tokens.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='input')),
                ('output', models.DecimalField(decimal_places=6, help_text='US dollars per million tokens.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='output')),
                ('cache_write_5m', models.DecimalField(decimal_places=6, help_text='US dollars per million tokens.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cache write, 5 min')),
                ('cache_write_1h', models.DecimalField(decimal_places=6, help_text='US dollars per million tokens.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cache write, 1 h')),
                ('cache_read', models.DecimalField(decimal_places=6, help_text='US dollars per million tokens.', max_digits=12, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='cache read')),
            ],
            options={
                'db_table': 'model_prices',
                'ordering': ['model', '-valid_from', 'prompt_over'],
                'constraints': [models.UniqueConstraint(fields=('model', 'valid_from', 'prompt_over'), name='one_price_per_model_day_and_prompt_size', violation_error_message='There is a price for this model, day and prompt size already: change that one, or choose another day.')],
            },
        ),
        migrations.CreateModel(
            name='TaskType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=60, unique=True)),
                ('tokens', models.PositiveIntegerField(default=10000, help_text='Of a typical one, rework not counted: what the tiers are compared at.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='tokens of a task')),
            ],
            options={
                'db_table': 'task_types',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SubAgent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='Capital letters, digits and hyphens, for example SECURITY.', max_length=50, unique=True, validators=[django.core.validators.RegexValidator('^[A-Z][A-Z0-9-]*$', 'Use capital letters, digits and hyphens, beginning with a letter.')])),
                ('purpose', models.CharField(blank=True, max_length=200)),
                ('default_tier', models.ForeignKey(help_text='What it runs on while budgetctl is off.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('runs_in_lead', models.BooleanField(default=False, verbose_name='LEAD')),
                ('runs_in_plan', models.BooleanField(default=False, verbose_name='PLAN')),
                ('runs_in_exec', models.BooleanField(default=True, verbose_name='EXEC')),
                ('tokens_min', models.PositiveIntegerField(default=5000, verbose_name='tokens per run, from')),
                ('tokens_max', models.PositiveIntegerField(default=10000, verbose_name='tokens per run, to')),
                ('task_type', models.ForeignKey(blank=True, help_text='Whose rework rates apply to its runs.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sub_agents', to='catalog.tasktype')),
                ('active', models.BooleanField(default=True, help_text='Only active sub-agents are listed before an SD starts.')),
            ],
            options={
                'verbose_name': 'sub-agent',
                'db_table': 'sub_agents',
                'ordering': ['code'],
                'constraints': [models.CheckConstraint(condition=models.Q(('tokens_min__lte', models.F('tokens_max'))), name='sub_agent_token_range_rises', violation_error_message='Tokens per run must go from the lower to the higher.')],
            },
        ),
        migrations.CreateModel(
            name='SubAgentAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='catalog.subagent', verbose_name='sub-agent')),
                ('name', models.CharField(help_text='For example security-reviewer. Case, hyphens and underscores do not matter.', max_length=100)),
                ('normal_name', models.CharField(editable=False, max_length=100, unique=True)),
            ],
            options={
                'verbose_name': 'alias',
                'verbose_name_plural': 'aliases',
                'db_table': 'sub_agent_aliases',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PhaseTier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='phase_tiers', to='catalog.subagent', verbose_name='sub-agent')),
                ('phase', models.CharField(choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], max_length=4)),
                ('tier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
            ],
            options={
                'verbose_name': 'phase override',
                'db_table': 'sub_agent_phase_tiers',
                'ordering': ['sub_agent', 'phase'],
                'constraints': [models.UniqueConstraint(fields=('sub_agent', 'phase'), name='one_phase_tier_per_sub_agent_and_phase')],
            },
        ),
        migrations.CreateModel(
            name='ReworkPrior',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task_type', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rework_priors', to='catalog.tasktype')),
                ('tier', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.tier')),
                ('rate_percent', models.DecimalField(decimal_places=2, max_digits=5, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('100'))], verbose_name='rework rate, %')),
            ],
            options={
                'db_table': 'rework_priors',
                'ordering': ['task_type', 'tier__rank'],
                'constraints': [models.UniqueConstraint(fields=('task_type', 'tier'), name='one_rework_prior_per_task_type_and_tier')],
            },
        ),
        migrations.CreateModel(
            name='PassRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sub_agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pass_rates', to='catalog.subagent', verbose_name='sub-agent')),
                ('phase', models.CharField(blank=True, choices=[('LEAD', 'LEAD'), ('PLAN', 'PLAN'), ('EXEC', 'EXEC')], help_text='Empty for all phases together.', max_length=4)),
                ('tier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier')),
                ('rate_percent', models.DecimalField(blank=True, decimal_places=2, help_text='Empty where it varies too much to say.', max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('100'))], verbose_name='pass rate, %')),
            ],
            options={
                'db_table': 'pass_rates',
                'ordering': ['sub_agent', 'phase'],
                'constraints': [models.UniqueConstraint(fields=('sub_agent', 'phase', 'tier'), name='one_pass_rate_per_sub_agent_phase_and_tier')],
            },
        ),
        migrations.CreateModel(
            name='ComplexityLevel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField(unique=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('name', models.CharField(max_length=20)),
                ('description', models.CharField(max_length=200)),
                ('max_lines', models.PositiveIntegerField(blank=True, help_text='Empty for no upper bound.', null=True, verbose_name='lines of code, up to')),
                ('max_dependencies', models.PositiveIntegerField(blank=True, help_text='Empty for no upper bound.', null=True, verbose_name='dependencies, up to')),
                ('examples', models.CharField(blank=True, max_length=200)),
                ('preferred', models.ForeignKey(help_text='What work of this complexity gets while the zone is Green.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.tier', verbose_name='preferred tier')),
            ],
            options={
                'db_table': 'complexity_levels',
                'ordering': ['level'],
            },
        ),
        migrations.AddField(
            model_name='tier',
            name='weighed_as',
            field=models.ForeignKey(blank=True, help_text='The model whose price weighs tokens that were logged by hand for this tier.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.claudemodel'),
        ),
    ]
