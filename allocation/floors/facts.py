"""The floors of the research report (its step 5), as they ship. Loaded by migration."""

# sub-agent, phase, floor, when it gives way, to which tier, rationale
FLOORS = [
    ("SECURITY", "", "opus", "never", None,
     "Threat analysis needs the best model there is; a week without budget defers the SD instead."),
    ("VALIDATION", "PLAN", "opus", "never", None,
     "Finding work that exists already saves 8 to 10 hours of doing it twice."),
    ("VALIDATION", "EXEC", "opus", "never", None,
     "The final verification; as in PLAN."),
    ("VALIDATION", "LEAD", "sonnet", "under_pressure", "haiku",
     "A shallow look for duplicates: the stakes are lower."),
    ("DATABASE", "", "sonnet", "read_only", "haiku",
     "Schema changes need reasoning about constraints; reading a schema does not."),
    ("TESTING", "", "sonnet", "read_only", "haiku",
     "Writing tests needs an understanding of the stories; collecting evidence does not."),
    (None, "", "haiku", "never", None, "Every other sub-agent may run on any tier."),
]  # fmt: skip
