"""Load the tiers, models, prices, sub-agents, rework priors, pass rates and rubric that ship."""

from decimal import Decimal

from django.db import migrations

from allocation.catalog import facts
from allocation.policy.tiers import SHIPPED_TIERS


def load(apps, schema_editor):
    def table(name):
        return apps.get_model("catalog", name).objects

    tier = {
        shipped.name: table("Tier").create(name=shipped.name, rank=shipped.rank)
        for shipped in SHIPPED_TIERS
    }
    task_type = {}
    for slug, name, *rates in facts.TASK_TYPES:
        task_type[slug] = table("TaskType").create(slug=slug, name=name)
        for tier_name, rate in zip(("haiku", "sonnet", "opus"), rates, strict=True):
            table("ReworkPrior").create(
                task_type=task_type[slug], tier=tier[tier_name], rate_percent=rate
            )
    sub_agent = {}
    for code, purpose, default, phases, low, high, slug in facts.SUB_AGENTS:
        sub_agent[code] = table("SubAgent").create(
            code=code,
            purpose=purpose,
            default_tier=tier[default],
            runs_in_lead="LEAD" in phases,
            runs_in_plan="PLAN" in phases,
            runs_in_exec="EXEC" in phases,
            tokens_min=low,
            tokens_max=high,
            task_type=task_type.get(slug),
        )
    for code, phase, tier_name in facts.PHASE_TIERS:
        table("PhaseTier").create(sub_agent=sub_agent[code], phase=phase, tier=tier[tier_name])
    for code, *rates in facts.PASS_RATES:
        for phase, rate in zip(("LEAD", "PLAN", "EXEC", ""), rates, strict=True):
            table("PassRate").create(
                sub_agent=sub_agent[code],
                phase=phase,
                tier=tier["opus"],
                rate_percent=rate and Decimal(rate),
            )
    for level, name, description, lines, dependencies, examples, name_of_tier in (
        facts.COMPLEXITY_LEVELS
    ):
        table("ComplexityLevel").create(
            level=level,
            name=name,
            description=description,
            max_lines=lines,
            max_dependencies=dependencies,
            examples=examples,
            preferred=tier[name_of_tier],
        )
    model = {}
    for tier_name, ids, *columns in facts.PRICES:
        for model_id in ids:
            model[model_id] = table("ClaudeModel").create(model_id=model_id, tier=tier[tier_name])
            add_price(table("Price"), model[model_id], 0, columns)
    for tier_name, model_id in facts.WEIGHED_AS:
        table("Tier").filter(name=tier_name).update(weighed_as=model[model_id])
    for model_id, prompt_over, *columns in facts.LONG_PROMPT_PRICES:
        add_price(table("Price"), model[model_id], prompt_over, columns)


def add_price(prices, model, prompt_over, columns):
    names = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    prices.create(
        model=model,
        valid_from=facts.PRICED_FROM,
        prompt_over=prompt_over,
        **{name: Decimal(price) for name, price in zip(names, columns, strict=True)},
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
