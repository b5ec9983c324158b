"""The one table of who may write which table. Everybody who is signed in reads all of them.

Whoever adds a table gives it a row here and protects it in a migration (`policies.protecting`);
tests/rights sees to it that none is forgotten. The rules are those of product.md: only the Chairman
writes limits, floors, prices and overrides; agents and operators write what happened; what must
never be rewritten can only be added to.
"""

from dataclasses import dataclass

from allocation.rights.roles import Role

Roles = frozenset[Role]

READERS = frozenset(Role) - {Role.NOBODY}

_NONE: Roles = frozenset()
_CHAIRMAN = frozenset({Role.CHAIRMAN})
_CLOCK = _CHAIRMAN | {Role.SYSTEM}
_PEOPLE = _CHAIRMAN | {Role.OPERATOR}
_LOGGERS = _PEOPLE | {Role.AGENT}
_WRITERS = _LOGGERS | {Role.SYSTEM}


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may insert, update and delete rows of a table.

    Everybody but the Chairman may put in only rows for which the SQL `given` holds and, where
    there are `columns`, change these only.
    """

    insert: Roles = _NONE
    update: Roles = _NONE
    delete: Roles = _NONE
    columns: tuple[str, ...] = ()
    given: str = ""


_SETTINGS = Rule(_CHAIRMAN, _CHAIRMAN, _CHAIRMAN)
_COUNTS = Rule(_WRITERS, _WRITERS, _WRITERS)
# What a person logged, or brought in with a sheet, a person can take back.
_LOG = Rule(_LOGGERS, _LOGGERS, _PEOPLE)
_WHAT_HAPPENED = Rule(_LOGGERS, _WRITERS)

RULES: dict[str, Rule] = {
    "audit_entries": Rule(insert=READERS),
    # What the Chairman decides.
    "tiers": _SETTINGS,
    "models": _SETTINGS,
    "model_prices": _SETTINGS,
    "task_types": _SETTINGS,
    "sub_agents": _SETTINGS,
    "sub_agent_aliases": _SETTINGS,
    "sub_agent_phase_tiers": _SETTINGS,
    "rework_priors": _SETTINGS,
    "pass_rates": _SETTINGS,
    "complexity_levels": _SETTINGS,
    "sub_agent_model_floors": _SETTINGS,
    "sub_agent_model_ceilings": _SETTINGS,
    "applied_changes": Rule(_CHAIRMAN, _CHAIRMAN),
    "meters": _SETTINGS,
    "budget_rule": _SETTINGS,
    "hook_defaults": _SETTINGS,
    # A decision uses up an override for one run; a request marks when its token was used.
    "overrides": Rule(_CHAIRMAN, _CLOCK, columns=("uses_left",)),
    "agent_tokens": Rule(_CHAIRMAN, _CLOCK, columns=("last_used_at",)),
    # A week opens with the limit of the rule, and is closed, by itself.
    "weekly_budget_snapshots": Rule(
        _CLOCK,
        _CLOCK,
        _CHAIRMAN,
        columns=("closed_at", "tokens_burned", "budget_zone", "meter_name"),
        given='("limit", reserve_percent) = (SELECT "limit", reserve_percent FROM budget_rule)',
    ),
    # What is done, and what is decided about it.
    "strategic_directives": Rule(_LOGGERS, _WRITERS, _PEOPLE),
    # What became of a decision is told afterwards; what was decided, and why, stays.
    "model_allocation_decisions": Rule(
        _LOGGERS,
        _WRITERS,
        columns=(
            "requested",
            "observed",
            "mismatch",
            "override_reason",
            "result",
            "session_id",
            "agent_id",
        ),
    ),
    "deferred_runs": _WHAT_HAPPENED,
    # Counted by the clock, and to be counted anew where somebody reports late.
    "decision_counted_weeks": _COUNTS,
    "decision_counts": _COUNTS,
    "checkpoints": _LOG,
    "sd_token_logs": _LOG,
    "quality_events": Rule(_LOGGERS, delete=_CHAIRMAN | {Role.OPERATOR}),
    # What was burned. Sights of one request are joined, and roll-ups made anew.
    "usage_records": _COUNTS,
    "usage_record_ids": _COUNTS,
    "usage_hours": _COUNTS,
    "usage_roll_up_checks": Rule(_CLOCK, _CLOCK),
    "usage_revision": _COUNTS,
    "transcript_files": _COUNTS,
    "agent_runs": _COUNTS,
    "agent_calls": _COUNTS,
    "unnamed_requests": _COUNTS,
    "metric_days": _COUNTS,
    "metric_batches": _COUNTS,
    # What was heard of Claude Code.
    "harness_sessions": _WHAT_HAPPENED,
    "plan_readings": _WHAT_HAPPENED,
    "unsteered_runs": _WHAT_HAPPENED,
    # Reminders come and go with their cause; operators dismiss them, and no agent does.
    "reminder_settings": _SETTINGS,
    "reminders": Rule(_CLOCK, _CLOCK | {Role.OPERATOR}),
    "reminder_deliveries": Rule(_CLOCK, _CLOCK),
    # What is never rewritten. A checkpoint makes a forecast too, and the first one an estimate.
    "forecasts": Rule(insert=_WRITERS),
    "forecast_scores": Rule(insert=_CLOCK),
    "sd_estimates": Rule(insert=_WRITERS),
    "sd_estimate_scores": Rule(insert=_CLOCK, delete=_CLOCK),  # if its SD is completed no more
    "week_snapshots": Rule(insert=_CLOCK),
    "week_lessons": Rule(insert=_CHAIRMAN),
}
