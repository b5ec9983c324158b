"""Load the tiers, models, prices, sub-agents, rework priors, pass rates and rubric that ship.

The tables of facts are in allocation.catalog.facts, in the order of the rows.
"""

from decimal import Decimal

from django.db import migrations

from allocation import merged
from allocation.catalog import facts
from allocation.policy.tiers import SHIPPED_TIERS

PRICE_COLUMNS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def load(apps, schema_editor):
    def table(name):
        return apps.get_model("catalog", name).objects

    tiers = {
        shipped.name: table("Tier").create(name=shipped.name, rank=shipped.rank)
        for shipped in SHIPPED_TIERS
    }
    load_models(table, tiers)
    task_types = load_task_types(table, tiers)
    load_sub_agents(table, tiers, task_types)
    load_rubric(table, tiers)


def load_models(table, tiers):
    def add_price(model, prompt_over, columns):
        table("Price").create(
            model=model,
            valid_from=facts.PRICED_FROM,
            prompt_over=prompt_over,
            **dict(zip(PRICE_COLUMNS, map(Decimal, columns), strict=True)),
        )

    models = {}
    for tier, ids, *columns in facts.PRICES:
        for model_id in ids:
            models[model_id] = table("ClaudeModel").create(model_id=model_id, tier=tiers[tier])
            add_price(models[model_id], 0, columns)
    for model_id, prompt_over, *columns in facts.LONG_PROMPT_PRICES:
        add_price(models[model_id], prompt_over, columns)
    for tier, model_id in facts.WEIGHED_AS:
        table("Tier").filter(name=tier).update(weighed_as=models[model_id])


def load_task_types(table, tiers):
    task_types = {}
    for slug, name, tokens, *rates in facts.TASK_TYPES:
        task_types[slug] = table("TaskType").create(slug=slug, name=name, tokens=tokens)
        for tier, rate in zip(("haiku", "sonnet", "opus"), rates, strict=True):
            table("ReworkPrior").create(
                task_type=task_types[slug], tier=tiers[tier], rate_percent=rate
            )
    return task_types


def load_sub_agents(table, tiers, task_types):
    sub_agents = {}
    for code, purpose, default, phases, low, high, task_type in facts.SUB_AGENTS:
        sub_agents[code] = table("SubAgent").create(
            code=code,
            purpose=purpose,
            default_tier=tiers[default],
            runs_in_lead="LEAD" in phases,
            runs_in_plan="PLAN" in phases,
            runs_in_exec="EXEC" in phases,
            tokens_min=low,
            tokens_max=high,
            task_type=task_types[task_type],
        )
    for code, phase, tier in facts.PHASE_TIERS:
        table("PhaseTier").create(sub_agent=sub_agents[code], phase=phase, tier=tiers[tier])
    for code, *rates in facts.PASS_RATES:
        for phase, rate in zip(("LEAD", "PLAN", "EXEC", ""), rates, strict=True):
            table("PassRate").create(
                sub_agent=sub_agents[code],
                phase=phase,
                tier=tiers["opus"],
                rate_percent=rate and Decimal(rate),
            )


def load_rubric(table, tiers):
    for level, name, description, lines, dependencies, examples, tier in facts.COMPLEXITY_LEVELS:
        table("ComplexityLevel").create(
            level=level,
            name=name,
            description=description,
            max_lines=lines,
            max_dependencies=dependencies,
            examples=examples,
            preferred=tiers[tier],
        )


class Migration(migrations.Migration):
    replaces = merged.names("catalog", "0002_shipped_facts")
    dependencies = [("catalog", "0001_tables")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
