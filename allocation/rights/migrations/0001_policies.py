"""Put every table under its rule (allocation.rights.rules), where the database is PostgreSQL."""

from django.db import migrations

from allocation import merged
from allocation.rights.policies import protecting


class Migration(migrations.Migration):
    replaces = merged.names("rights", "0001_policies")
    dependencies = [
        ("api", "0001_initial"),
        ("audit", "0001_initial"),
        ("budgets", "0002_shipped_facts"),
        ("catalog", "0002_shipped_facts"),
        ("checkpoints", "0001_tables"),
        ("claude_code", "0001_tables"),
        ("decisions", "0001_tables"),
        ("directives", "0001_tables"),
        ("floors", "0002_shipped_facts"),
        ("forecasts", "0001_tables"),
        ("optimizer", "0001_tables"),
        ("reminders", "0001_tables"),
        ("reports", "0001_initial"),
        ("usage", "0001_tables"),
    ]
    operations = [
        protecting(
            # catalog
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
            # floors
            "sub_agent_model_floors",
            "sub_agent_model_ceilings",
            "overrides",
            # budgets
            "meters",
            "budget_rule",
            "weekly_budget_snapshots",
            # directives, checkpoints
            "strategic_directives",
            "checkpoints",
            "sd_token_logs",
            # usage
            "usage_records",
            "usage_record_ids",
            "usage_hours",
            "usage_revision",
            "usage_roll_up_checks",
            "transcript_files",
            "agent_runs",
            "agent_calls",
            "unnamed_requests",
            # decisions, forecasts, optimizer
            "model_allocation_decisions",
            "deferred_runs",
            "decision_counted_weeks",
            "decision_counts",
            "forecasts",
            "forecast_scores",
            "sd_estimates",
            "sd_estimate_scores",
            "applied_changes",
            # reports, reminders
            "week_snapshots",
            "week_lessons",
            "quality_events",
            "reminder_settings",
            "reminders",
            "reminder_deliveries",
            # claude_code, api, audit
            "harness_sessions",
            "hook_defaults",
            "plan_readings",
            "unsteered_runs",
            "agent_tokens",
            "metric_days",
            "metric_batches",
            "audit_entries",
        )
    ]
