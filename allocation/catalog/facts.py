"""The facts of the research report and of the price list, as they ship. Loaded by migration."""

from datetime import date

# code, purpose, default tier, phases, tokens per run from and to, task type
SUB_AGENTS = [
    ("VALIDATION", "Checks a directive before work on it begins and finds duplicate work", "sonnet",
     "LEAD PLAN", 8_000, 15_000, "duplicate-detection"),
    ("SECURITY", "Looks for vulnerabilities; checks row-level security and sign-in", "opus",
     "LEAD PLAN EXEC", 10_000, 20_000, "security-review"),
    ("DATABASE", "Validates migrations in two phases and checks schema health", "sonnet",
     "PLAN EXEC", 12_000, 25_000, "schema-design"),
    ("TESTING", "Runs end-to-end tests and verifies user stories", "sonnet",
     "EXEC", 15_000, 30_000, "test-generation"),
    ("DESIGN", "Checks UI and UX rules, accessibility and component size", "sonnet",
     "PLAN EXEC", 8_000, 18_000, "code-generation"),
    ("PERFORMANCE", "Measures bundle size and load time; finds memory leaks", "sonnet",
     "EXEC", 7_000, 15_000, "code-generation"),
    ("GITHUB", "Opens pull requests, watches status checks, coordinates reviews", "sonnet",
     "LEAD EXEC", 5_000, 12_000, "status-checks"),
    ("DOCMON", "Watches that the documentation is complete", "sonnet",
     "LEAD PLAN", 4_000, 8_000, "documentation"),
    ("RETRO", "Writes retrospectives and extracts lessons", "sonnet",
     "PLAN EXEC", 6_000, 12_000, "retrospective"),
    ("STORIES", "Writes user stories and acceptance criteria", "sonnet",
     "PLAN", 10_000, 20_000, "code-generation"),
    ("RISK", "Assesses risks and plans their mitigation", "sonnet",
     "LEAD PLAN", 7_000, 14_000, "code-generation"),
    ("UAT", "Coordinates user acceptance tests", "sonnet",
     "EXEC", 8_000, 15_000, "test-generation"),
    ("API", "Validates API designs and verifies contracts", "sonnet",
     "PLAN", 6_000, 12_000, "schema-design"),
    ("DEPENDENCY", "Watches the security of dependencies", "sonnet",
     "EXEC", 5_000, 10_000, "code-generation"),
    ("QUICKFIX", "Validates fixes of fewer than 50 lines", "sonnet",
     "EXEC", 3_000, 6_000, "code-generation"),
    ("GITHUB-ENHANCED", "Automates larger GitHub workflows", "sonnet",
     "EXEC", 6_000, 12_000, "status-checks"),
]  # fmt: skip

# sub-agent, phase, tier
PHASE_TIERS = [
    ("SECURITY", "LEAD", "opus"),
    ("SECURITY", "PLAN", "opus"),
    ("SECURITY", "EXEC", "opus"),
    ("VALIDATION", "LEAD", "sonnet"),
    ("VALIDATION", "PLAN", "opus"),
    ("VALIDATION", "EXEC", "opus"),
]

# slug, name, tokens of a typical task, rework rate in percent on haiku, sonnet and opus. The report
# compares tiers at 10,000 tokens of code and 15,000 of a security review (its step 6); the others
# are the middle of what the sub-agent uses that does this work.
TASK_TYPES = [
    ("code-generation", "Code generation", 10_000, 25, 8, 3),
    ("schema-design", "Schema design", 18_500, 40, 12, 2),
    ("test-generation", "Test generation", 22_500, 30, 10, 5),
    ("security-review", "Security review", 15_000, 50, 20, 5),
    ("duplicate-detection", "Duplicate detection", 11_500, 35, 15, 8),
    ("documentation", "Documentation", 6_000, 5, 2, 1),
    ("status-checks", "Status checks", 8_500, 10, 5, 2),
    ("retrospective", "Retrospective", 9_000, 8, 4, 2),
]

# sub-agent, then percent in LEAD, PLAN, EXEC and overall, all of them on opus; None varies
PASS_RATES = [
    ("GITHUB", "67", "0", "13", "94.8"),
    ("DOCMON", "83", "100", "13", "59.7"),
    ("DATABASE", "100", "100", "80", "96.9"),
    ("TESTING", "69", "25", "11", None),
    ("STORIES", "8", "0", "36", "3.4"),
    ("RETRO", "100", "100", None, "96.0"),
    ("SECURITY", None, None, None, "25.0"),
    ("VALIDATION", None, None, None, "18.2"),
]

# level, name, description, lines up to, dependencies up to, examples, preferred tier
COMPLEXITY_LEVELS = [
    (1, "Trivial", "A typo or a one-line change without dependencies", 10, 0,
     "Fix a typo, update a text", "haiku"),
    (2, "Simple", "A small, isolated change with clear requirements", 50, 2,
     "Add a button, a simple validation", "haiku"),
    (3, "Moderate", "A feature with some design, a few dependencies, and tests", 200, 5,
     "A form with validation, an API integration", "sonnet"),
    (4, "Complex", "Architecture, schema changes, several systems", 500, 10,
     "A database migration, a sign-in flow, a wizard", "sonnet"),
    (5, "Critical", "Security or core logic, high risk, extensive tests", None, None,
     "Row-level security, payments, a data migration", "opus"),
]  # fmt: skip

# From before any transcript that can be imported, so that history is priced too.
PRICED_FROM = date(2025, 1, 1)

# tier, ids, then US dollars per million tokens: input, output, cache read, write 5 min, write 1 h
PRICES = [
    ("haiku", ["claude-haiku-4-5", "claude-haiku-4-5-20251001"],
     "1", "5", "0.10", "1.25", "2"),
    ("haiku", ["claude-haiku-5-5"], "0.10", "0.50", "0.01", "0.125", "0.20"),
    ("sonnet", ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-6"],
     "3", "15", "0.30", "3.75", "6"),
    ("sonnet", ["claude-sonnet-5"], "2", "10", "0.20", "2.50", "4"),
    ("sonnet", ["claude-sonnet-5-5"], "2", "10", "0.10", "2.50", "4"),
    ("opus", ["claude-opus-4-5", "claude-opus-4-5-20251101", "claude-opus-4-6",
              "claude-opus-4-7", "claude-opus-4-8", "claude-opus-5"],
     "5", "25", "0.50", "6.25", "10"),
    ("opus", ["claude-opus-5-5"], "4", "20", "0.20", "5", "8"),
    ("fable", ["claude-fable-5"], "10", "50", "1.00", "12.5", "20"),
    ("fable", ["claude-fable-5-1"], "10", "50", "0.25", "12.5", "20"),
    ("fable", ["claude-fable-5-2"], "8", "40", "0.20", "10", "16"),
]  # fmt: skip

# model id, prompts over so many tokens, then the same five columns
LONG_PROMPT_PRICES = [
    ("claude-haiku-5-5", 100_000, "0.50", "2.50", "0.05", "0.625", "1.00"),
]

# The generation of the report: what a token logged by hand for a tier weighs as.
WEIGHED_AS = [
    ("haiku", "claude-haiku-4-5"),
    ("sonnet", "claude-sonnet-4-5"),
    ("opus", "claude-opus-4-5"),
    ("fable", "claude-fable-5"),
]
