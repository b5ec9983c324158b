"""Faults of the database, said in one sentence."""

from django.db import Error


def database_sentence(error: Error) -> str:
    """What is wrong and what to do about it."""
    text = str(error).lower()
    first_line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if "locked" in text:
        return "The database is busy with another writer. Nothing was stored; try again."
    if "readonly" in text or "read-only" in text:
        return (
            "The database is read-only, so nothing was stored. "
            "Give the user that runs budgetctl the right to write to it."
        )
    if "password authentication" in text or 'role "' in text or 'database "' in text:
        return f"The database refuses us: {first_line}. Check DATABASE_URL."
    if "no such table" in text or "does not exist" in text or "no such column" in text:
        return "The database is not set up for this version. Run: budgetctl start"
    if "unable to open" in text:
        return "The database file cannot be opened. Check BUDGETCTL_HOME and its rights."
    return f"The database does not answer: {first_line}"
