"""What `--help` shows of each command at work: command lines that can be typed as they stand."""

EXAMPLES = {
    "start": ("budgetctl start", "budgetctl start --demo --port 8001"),
    "status": ("budgetctl status", "budgetctl status --json"),
    "next": ("budgetctl next",),
    "check": ("budgetctl check SD-PERF-OPT-001",),
    "recommend": (
        "budgetctl recommend SECURITY --phase EXEC --complexity 4",
        "budgetctl recommend DOCMON --sd SD-PERF-OPT-001 --json",
        "budgetctl recommend TESTING --phase PLAN --complexity 3 --zone RED",
        "budgetctl recommend --batch runs.jsonl",
    ),
    "log": (
        "budgetctl log SD-PERF-OPT-001 --tokens 150k",
        "budgetctl log SD-PERF-OPT-001 --kind plan_to_exec --mix haiku=30,sonnet=70",
    ),
    "handoff": ("budgetctl handoff SD-PERF-OPT-001 PLAN EXEC --tokens 40k",),
    "checkpoints list": ("budgetctl checkpoints list SD-PERF-OPT-001",),
    "checkpoints withdraw": ('budgetctl checkpoints withdraw 31 --reason "Another SD\'s tokens"',),
    "checkpoints imports": ("budgetctl checkpoints imports",),
    "checkpoints undo-import": ('budgetctl checkpoints undo-import 12 --reason "Last year\'s"',),
    "defer": ('budgetctl defer SD-PERF-OPT-001 --reason "The week is nearly spent"',),
    "approve": ('budgetctl approve SD-PERF-OPT-001 --tokens 20k --reason "Almost done"',),
    "stop": ('budgetctl stop SD-PERF-OPT-001 --reason "No longer wanted"',),
    "sd new": ('budgetctl sd new SD-PERF-OPT-002 --complexity 4 --title "Faster start"',),
    "sd list": ("budgetctl sd list", "budgetctl sd list --all --json"),
    "sd resume": ("budgetctl sd resume SD-PERF-OPT-001",),
    "sd restore": ('budgetctl sd restore SD-PERF-OPT-001 --reason "Wanted after all"',),
    "usage import": (
        "budgetctl usage import",
        "budgetctl usage import ~/backup/projects",
        "budgetctl usage import session.jsonl --sd SD-PERF-OPT-001 --phase EXEC",
    ),
    "usage totals": (
        "budgetctl usage totals --by sub-agent",
        "budgetctl usage totals --week 2026-11-23 --by day --json",
    ),
    "forecast": ("budgetctl forecast",),
    "backtest": ("budgetctl backtest", "budgetctl backtest --csv daily.csv --reset MON"),
    "audit": ("budgetctl audit --last 20",),
    "optimize": (
        "budgetctl optimize",
        'budgetctl optimize --apply DOCMON --phase PLAN --reason "Quality holds"',
        'budgetctl optimize --undo 3 --reason "Too much rework"',
    ),
    "calibrate": ('budgetctl calibrate --apply --reason "Measured over four weeks"',),
    "set-limit": ('budgetctl set-limit 600k --reason "A larger plan"',),
    "reserve": ("budgetctl reserve 10", "budgetctl reserve 0"),
    "override": (
        'budgetctl override SECURITY opus --sd SD-PERF-OPT-001 --reason "Before the audit"',
        'budgetctl override TESTING haiku --one-run --reason "A trial"',
        'budgetctl override --revoke 3 --reason "The audit is over"',
    ),
    "enable": ("budgetctl enable",),
    "disable": ('budgetctl disable --reason "Holidays"',),
    "undo": ("budgetctl undo",),
    "reminders": ("budgetctl reminders --json",),
    "reminders test": ("budgetctl reminders test",),
    "token create": (
        "budgetctl token create laptop",
        "budgetctl token create ci --scope read --scope decisions --expires-in 90 --json",
    ),
    "token list": ("budgetctl token list",),
    "token revoke": ("budgetctl token revoke laptop",),
    "password": ("budgetctl password",),
    "worker": ("budgetctl worker", "budgetctl worker --no-watch"),
    "tick": ("budgetctl tick",),
    "database-role": ("budgetctl database-role budgetctl_app",),
    "connect": (
        "budgetctl connect claude-code --dry-run",
        "budgetctl connect claude-code --project .",
        "budgetctl connect claude-code --undo",
    ),
    "doctor": ("budgetctl doctor", "budgetctl doctor --json"),
    "sync-agents": ("budgetctl sync-agents . --dry-run",),
    "hook": ("budgetctl hook < event.json",),
    "statusline": ("budgetctl statusline",),
}


def epilog(path: str) -> str | None:
    """The examples of a command, as they stand below its help; None where it has none."""
    lines = EXAMPLES.get(path, ())
    return "\n".join([f"Example{'s'[: len(lines) > 1]}:", *lines]) if lines else None
