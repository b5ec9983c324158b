"""Logged checkpoints and imports by their numbers. Needs `open_database` before it."""

from django.db.models import QuerySet

from allocation.audit.models import AuditEntry
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.sheet_import import IMPORT
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError


def checkpoints(of: StrategicDirective | None) -> QuerySet[Checkpoint]:
    """The log of checkpoints, newest first: that of one SD, or all of it."""
    found = Checkpoint.objects.select_related("sd")
    return found.filter(sd=of) if of else found


def checkpoint(number: int) -> Checkpoint:
    """The checkpoint with a number. Raises RuleError where there is none."""
    found = checkpoints(None).filter(pk=number).first()
    if found is None:
        raise RuleError(
            f"There is no checkpoint {number}, or it is withdrawn already. See those there are: "
            "budgetctl checkpoints list"
        )
    return found


def sheet_import(number: int) -> AuditEntry:
    """The import with a number. Raises RuleError where there is none."""
    found = AuditEntry.objects.filter(action=IMPORT, pk=number).first()
    if found is None:
        raise RuleError(
            f"There is no import {number}. See those there are: budgetctl checkpoints imports"
        )
    return found
