"""How a command says no: one line on standard error, and exit code 1."""

import errno
import os
import sys

import typer

from allocation.policy.errors import RuleError
from allocation.policy.plain import safe

DISK_FULL = "The disk is full, so what was under way was not stored. Make room, and try again."


class Refused(Exception):
    """What a command will not do. `str(error)` is one sentence that says why and what to do."""


class Unanswered(Refused):
    """A server was asked and did not answer: nobody here knows whether it did what was asked."""


def refuse(said: str) -> None:
    """Print the one line. It may quote what a server or a file says."""
    print(f"budgetctl: {safe(' '.join(said.split()))}", file=sys.stderr, flush=True)


def sentence(error: Exception) -> str | None:
    """What went wrong, for the reader. None for what typer ends by itself: wrong usage, --help, a
    closed pipe; and, while debugging, for what deserves a stack trace."""
    if isinstance(error, typer.TyperException | typer.Exit | typer.Abort | BrokenPipeError):
        return None
    if isinstance(error, Refused | RuleError):
        return str(error)
    return None if debugging() else _fault(error)


def _fault(error: Exception) -> str:
    if "django" in sys.modules:  # else it cannot be one of Django's
        from django.core.exceptions import ImproperlyConfigured, ValidationError
        from django.db import Error

        from budgetctl.faults import database_sentence

        if isinstance(error, ValidationError):
            return validation_sentence(error)
        if isinstance(error, Error):
            return database_sentence(error)
        if isinstance(error, ImproperlyConfigured):
            return f"The settings do not work: {first_line(error)}"
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return DISK_FULL
        return f"{error.filename or 'A file'}: {error.strerror or first_line(error)}."
    return (
        f"Something went wrong that should not: {type(error).__name__}: {first_line(error)} "
        "(run it again with LOG_LEVEL=DEBUG to see where)."
    )


def validation_sentence(error: Exception) -> str:
    """All messages of a ValidationError in one line, with the names of their fields."""
    by_field = getattr(error, "error_dict", None)
    if by_field is None:
        return " ".join(getattr(error, "messages", [str(error)]))
    said = []
    for field, errors in by_field.items():
        text = " ".join(message for one in errors for message in one.messages)
        said.append(text if field == "__all__" else f"{field}: {text}")
    return " ".join(said)


def debugging() -> bool:
    """Whether a stack trace is wanted instead of one line."""
    return os.environ.get("LOG_LEVEL", "").upper() == "DEBUG"


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its name where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
