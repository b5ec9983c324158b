"""Faults of the database, said in one sentence."""

from django.db import Error

NOT_SET_UP = "The database is not set up for this version. Run: budgetctl start"
# What stands in an error, in small letters, and what is said of it; the first that fits.
_SENTENCES = {
    ("locked",): "The database is busy with another writer. Nothing was stored; try again.",
    ("readonly", "read-only"): "The database is read-only, so nothing was stored. "
    "Give the user that runs budgetctl the right to write to it.",
    ("is full", "no space left"): "The disk is full, so what was under way was not stored. "
    "Make room, and try again.",
    ("disk i/o error",): "The disk cannot be written to or read. What was under way was not "
    "stored; see whether it is full, and try again.",
    ("row-level security",): "The database refuses this to whoever asked: nothing was stored.",
    (
        "password authentication",
        'role "',
        'database "',
    ): "The database refuses us: {line}. Check DATABASE_URL.",
    ("no such table", "does not exist", "no such column"): NOT_SET_UP,
    ("unable to open",): "The database file cannot be opened. Check BUDGETCTL_HOME and its rights.",
}


def database_sentence(error: Error) -> str:
    """What is wrong and what to do about it."""
    text = str(error).lower()
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    for marks, sentence in _SENTENCES.items():
        if any(mark in text for mark in marks):
            return sentence.format(line=line)
    return f"The database does not answer: {line}"
