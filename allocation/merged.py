"""The migrations from before the first release, and those that took their place.

Before the release each app's many migrations were merged into one or two, which name the old ones
in `replaces`. Django counts such a migration as applied where all that it replaces are; on a new
database it runs the merged one and records the old names with it. So both kinds of name stand in
every database, and the check of a database against this version (budgetctl.schema) has to know the
old ones. They are listed here, and read from here by the migrations, because importing the
migrations themselves would make every command start later.
"""

Name = tuple[str, str]  # app label, migration

_MERGED = {
    ("budgets", "0001_tables"): ["0001_initial", "0003_tier_weights"],
    ("budgets", "0002_shipped_facts"): ["0002_facts"],
    ("catalog", "0001_tables"): ["0001_initial", "0003_task_types"],
    ("catalog", "0002_shipped_facts"): ["0002_facts"],
    ("checkpoints", "0001_tables"): ["0001_initial", "0002_operators"],
    ("claude_code", "0001_tables"): ["0001_initial", "0002_defaults"],
    ("decisions", "0001_tables"): [
        "0001_initial",
        "0002_model_truth",
        "0003_deferred_runs",
        "0004_counts_and_filters",
        "0005_forced_decisions",
        "0006_overridden_by_sd",
    ],
    ("directives", "0001_tables"): ["0001_initial", "0002_deferral_queue"],
    ("floors", "0001_tables"): ["0001_initial", "0003_override_scope", "0004_ceilings"],
    ("floors", "0002_shipped_facts"): ["0002_facts"],
    ("forecasts", "0001_tables"): [
        "0001_initial",
        "0002_sd_estimates",
        "0003_never_rewritten",
        "0004_course_of_a_forecast",
    ],
    ("optimizer", "0001_tables"): ["0001_initial", "0002_rights"],
    ("reminders", "0001_tables"): ["0001_initial", "0002_settings", "0003_rights"],
    ("rights", "0001_policies"): [
        "0001_row_level_security",
        "0002_decision_counts",
        "0003_policies_planned_for",
    ],
    ("usage", "0001_tables"): [
        "0001_initial",
        "0002_estimates_and_unnamed",
        "0003_usage_revision",
        "0004_answered",
        "0005_answer",
        "0006_other_ids_of_records",
        "0007_roll_up_checks",
    ],
}

BETWEEN = (
    "The database was made before budgetctl's migrations were merged, and lacks some of the old "
    "ones. Run budgetctl start once with the last version that has them (commit 7cb63be), then "
    "with this one."
)


def names(app: str, migration: str) -> list[Name]:
    """The migrations that this one replaces, in their order."""
    return [(app, old) for old in _MERGED[app, migration]]


REPLACED = frozenset(name for new in _MERGED for name in names(*new))


def between(applied: set[Name]) -> bool:
    """Whether a database has some of the migrations that one replaces, and not all.

    Django would then leave that migration out, and its tables as they are, without a word.
    """
    return any(0 < len(applied.intersection(names(*new))) < len(_MERGED[new]) for new in _MERGED)
