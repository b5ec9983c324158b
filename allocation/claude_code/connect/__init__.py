"""What `budgetctl connect` puts into Claude Code's settings, and how it takes it out again.

Pure but for `files`: settings in, settings out. No Django here, so a machine that only reports to
a hub needs no database.
"""
