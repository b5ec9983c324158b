"""Which SD is next, which ones wait, and which ones are proposed for deferral."""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import F

from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.policy.deferral import Pending, probably_runs_out, proposed_deferrals


def next_sd() -> StrategicDirective | None:
    """The SD to work on: the one longest in progress, else the proposed one that matters most.

    Among equal priorities, what came back from the deferral queue comes first, in its order; then
    the oldest proposal. None where nothing waits.
    """
    under_way = StrategicDirective.objects.filter(status=Status.IN_PROGRESS)
    proposed = StrategicDirective.objects.filter(status=Status.PROPOSED)
    queued = F("queue_position").asc(nulls_last=True)
    return (
        under_way.order_by("started_at", "id").first()
        or proposed.order_by("-priority", queued, "created_at", "id").first()
    )


def deferred_sds() -> Sequence[StrategicDirective]:
    """The SDs that are put off, in the order of the queue: one query."""
    return list(
        StrategicDirective.objects.filter(status=Status.DEFERRED).order_by(
            F("queue_position").asc(nulls_last=True), "id"
        )
    )


def to_propose(chance: Decimal | None) -> Sequence[StrategicDirective]:
    """The SDs to put off at this chance that the week runs out: one query, none at a low chance."""
    if not probably_runs_out(chance):
        return []
    rows = StrategicDirective.objects.filter(status__in=[Status.PROPOSED, Status.IN_PROGRESS])
    by_code = {row.code: row for row in rows.order_by("status", "created_at", "id")}
    pending = [
        Pending(row.code, row.priority == Priority.LOW, row.critical) for row in by_code.values()
    ]
    return [by_code[code] for code in proposed_deferrals(pending, chance=chance)]
