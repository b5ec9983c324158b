"""What is said of SDs: proposed, changed, deleted. Their steps are in `steps` and `waiting`."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from allocation.audit.operations import delete_audited, facts, locked, record
from allocation.audit.shown import check_shown
from allocation.directives.locks import locked_sd
from allocation.directives.models import Priority, StrategicDirective
from allocation.policy.complexity import check_complexity
from allocation.policy.errors import RuleError, check_seen

# A million times the usual SD; what is above it is a slip of the key.
LARGEST_ESTIMATE = 10**11


@dataclass(frozen=True, slots=True, kw_only=True)
class SdFacts:
    """What the Chairman says of an SD. `estimate` is in tokens, None to take the sub-agents'."""

    code: str
    title: str = ""
    complexity: int = 3
    priority: int = Priority.NORMAL
    critical: bool = False
    estimate: int | None = None


def create_sd(*, sd: SdFacts, actor: str, now: datetime, reason: str = "") -> StrategicDirective:
    """Propose an SD: one audit entry. Raises RuleError if the facts do not hold."""
    row = StrategicDirective(created_at=now)
    return _write(row, sd, actor=actor, now=now, reason=reason)


def edit_sd(
    *,
    row: StrategicDirective,
    sd: SdFacts,
    actor: str,
    now: datetime,
    reason: str = "",
    seen: str | None = None,
) -> StrategicDirective:
    """Change what is said of an SD: one audit entry, none if nothing differs.

    `seen` is what the writer had before them (audit.shown). Raises RuleError if the facts do not
    hold, and Changed.
    """
    return _write(row, sd, actor=actor, now=now, reason=reason, seen=seen)


def delete_sd(*, row: StrategicDirective, actor: str, now: datetime, reason: str) -> None:
    """Delete an SD that never began. Raises RuleError without a reason, or if it has a history."""
    with transaction.atomic():
        locked(row)  # so that nothing is counted for it between the check and the deletion
        check_deletable(row=row)
        delete_audited(row=row, actor=actor, now=now, reason=reason)


def check_deletable(*, row: StrategicDirective) -> None:
    """Refuse to delete an SD that began, or that anything was counted for. Raises RuleError."""
    # The database would refuse too, but only after it has listed every record of usage.
    linked = (relation.get_accessor_name() for relation in row._meta.related_objects)
    if row.started_at or any(getattr(row, name).exists() for name in linked if name):
        raise RuleError(
            f"{row.code} has a history, which would be lost with it: archive it instead."
        )


def check_estimate(tokens: int | None) -> None:
    """Raises RuleError for more than one SD can be estimated at."""
    if tokens is not None and tokens > LARGEST_ESTIMATE:
        raise RuleError(f"{tokens:,} tokens are not the estimate of one SD.")


def _write(
    row: StrategicDirective,
    sd: SdFacts,
    *,
    actor: str,
    now: datetime,
    reason: str,
    seen: str | None = None,
) -> StrategicDirective:
    code = sd.code.strip().upper()
    if not code:
        raise RuleError("Give the SD a code, such as SD-PERF-OPT-001.")
    check_complexity(sd.complexity)
    check_estimate(sd.estimate)
    try:
        with transaction.atomic():
            if row.pk:
                row = locked_sd(row)
            before, as_it_is = (facts(row), copy(row)) if row.pk else (None, row)
            row.code = code
            row.title = read_title(sd.title)
            row.complexity = sd.complexity
            row.priority = sd.priority
            row.critical = sd.critical
            row.estimate = sd.estimate
            row.full_clean(exclude=["created_at"], validate_unique=False)
            after = facts(row)
            if after == before:
                return row
            check_shown(as_it_is, seen, subject=as_it_is.code, names=SdFacts.__slots__)
            row.save(update_fields=SdFacts.__slots__ if row.pk else None)
            record(
                actor=actor,
                action="SD change" if before else "SD creation",
                subject=row.code,
                before=before,
                after=after,
                reason=reason,
                now=now,
            )
    except ValidationError as error:
        raise RuleError(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise RuleError(f"There is an SD called {code} already.") from error
    return row


def read_title(typed: str) -> str:
    """The title in one line. Raises RuleError where it would show the Chairman, who may have to
    approve what an agent proposed, something else than it says."""
    title = " ".join(typed.split())
    check_seen(title, "The title")
    return title
