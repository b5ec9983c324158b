"""What each table of the admin is for, in a sentence for the index and for the head of its list.

Those of the sign-in's throttle (django-axes) too, which keep lists of their own.
"""

from collections.abc import Mapping

ABOUT: Mapping[str, str] = {
    "api.agenttoken": "Who may speak to the API, and when they last did.",
    "audit.auditentry": "Every change: who, when, from what to what, and why.",
    "auth.group": "Members of the group operator log checkpoints and write SDs.",
    "auth.user": "Who may sign in, and as what.",
    "axes.accessattempt": "Wrong passwords by name and address; too many close the sign-in.",
    "axes.accesslog": "Each sign-in and sign-out.",
    "budgets.budgetrule": "Limit, reserve, meter, reset and zones; also on the budget rule page.",
    "budgets.budgetweek": "The weeks that followed from the rule, and what they burned.",
    "budgets.meter": "How raw tokens become budget tokens.",
    "catalog.claudemodel": "The model ids that usage names, with their tier and prices.",
    "catalog.complexitylevel": "The rubric of five levels, and the tier that each prefers.",
    "catalog.passrate": "How often runs passed, by the report.",
    "catalog.price": "Dollars for a million tokens of each kind, from a day on.",
    "catalog.reworkprior": "The guesses by kind of work and tier, until enough is measured.",
    "catalog.subagent": "Names, default models, phases and tokens of each run.",
    "catalog.tasktype": "Kinds of work, with a guess of how often each is done again.",
    "catalog.tier": "Haiku, sonnet, opus, fable, by rank.",
    "checkpoints.checkpoint": "What was logged of each SD, and when.",
    "checkpoints.sdtokenlog": "Tokens of each SD by phase, summed from its checkpoints.",
    "claude_code.harnesssession": "The sessions of Claude Code that were heard.",
    "claude_code.hookdefaults": "What holds for a run that does not say it, such as its phase.",
    "claude_code.planreading": "What the plan’s own meter said.",
    "claude_code.unsteeredrun": "Runs whose model no hook could set.",
    "decisions.decision": "Every recommendation, with its inputs as they were.",
    "directives.strategicdirective": "The units of work. Their checkpoints move them on.",
    "floors.modelceiling": "The most that complexity may ask for, for a sub-agent in a phase.",
    "floors.modelfloor": "The least tier that a sub-agent may run on in a phase.",
    "floors.override": "A tier forced by the Chairman, until it expires or is revoked.",
    "usage.agentcall": "Calls of sub-agents by sessions.",
    "usage.agentrun": "Which sub-agent stands behind an agent id.",
    "usage.transcriptfile": "How far each transcript has been read.",
    "usage.unnamedrequest": "Requests that telemetry told of without their id.",
    "usage.usagehour": "Usage by the hour, which the pages are made from.",
    "usage.usagerecord": "What was burned: one row for each API request.",
}
