"""Reads the transcripts that Claude Code writes. No Django and no database in here."""
