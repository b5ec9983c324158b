"""What runs on every machine of the fleet: `budgetctl hook` and `budgetctl statusline`.

Standard library only, and little of it: Claude Code waits for a hook before each sub-agent, so a
run must be over in a few hundredths of a second. That is why there is no pathlib, typing,
dataclasses, urllib or http.client here, and no budgetctl beyond this package, policy.names
and policy.plain.
"""
