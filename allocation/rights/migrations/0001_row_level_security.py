"""Put every table under its rule (allocation.rights.rules), where the database is PostgreSQL."""

from django.db import migrations

from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
        ("audit", "0001_initial"),
        ("budgets", "0002_facts"),
        ("catalog", "0002_facts"),
        ("checkpoints", "0002_operators"),
        ("claude_code", "0002_defaults"),
        ("decisions", "0003_deferred_runs"),
        ("directives", "0002_deferral_queue"),
        ("floors", "0003_override_scope"),
        ("forecasts", "0001_initial"),
        ("reports", "0001_initial"),
        ("usage", "0004_answered"),
    ]
    operations = [
        protecting(
            "audit_entries",
            "tiers",
            "models",
            "model_prices",
            "task_types",
            "sub_agents",
            "sub_agent_aliases",
            "sub_agent_phase_tiers",
            "rework_priors",
            "pass_rates",
            "complexity_levels",
            "sub_agent_model_floors",
            "meters",
            "budget_rule",
            "hook_defaults",
            "overrides",
            "agent_tokens",
            "weekly_budget_snapshots",
            "strategic_directives",
            "model_allocation_decisions",
            "deferred_runs",
            "checkpoints",
            "sd_token_logs",
            "quality_events",
            "usage_records",
            "usage_hours",
            "usage_revision",
            "transcript_files",
            "agent_runs",
            "agent_calls",
            "unnamed_requests",
            "metric_days",
            "metric_batches",
            "harness_sessions",
            "plan_readings",
            "unsteered_runs",
            "forecasts",
            "forecast_scores",
            "week_snapshots",
            "week_lessons",
        )
    ]
