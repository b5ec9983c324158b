"""The writes to SDs that wait: released, put in order, paused, approved, stopped.

Each looks at the row under its lock, so that of two ticks or clicks at once the second finds
nothing to do.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from allocation.audit.operations import record
from allocation.directives.locks import locked_sds
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.operations import LARGEST_ESTIMATE
from allocation.directives.queue import deferred_sds
from allocation.directives.steps import TAKEN_UP, standing_by, take_step
from allocation.policy.deferral import moved
from allocation.policy.errors import RuleError, check_reason

OPENED = "The next budget week has opened."


def release_sds(*, week_start: datetime, actor: str, now: datetime) -> Sequence[StrategicDirective]:
    """Take up again, in the order of the queue, what was deferred before a week began.

    One audited step each.
    """
    released = []
    for row in deferred_sds():
        if not row.is_put_off(week_start):
            released += _step(
                row,
                only=Status.DEFERRED,
                action="SD release",
                actor=actor,
                now=now,
                reason=OPENED,
                status=standing_by(row.phase, None),
                **TAKEN_UP,
            )
    return released


def move_sd(*, row: StrategicDirective, up: bool, actor: str, now: datetime) -> None:
    """Move a deferred SD one place in the queue: one audit entry, none at the end of the queue.

    Raises RuleError if it is not deferred any more.
    """
    with transaction.atomic():
        waiting = locked_sds(status=Status.DEFERRED)
        queue = [sd for sd in deferred_sds() if sd in waiting]
        move_in_queue(queue, row, column="queue_position", up=up, actor=actor, now=now)


def move_in_queue(
    queue: Sequence[models.Model],
    row: models.Model,
    *,
    column: str,
    up: bool,
    actor: str,
    now: datetime,
) -> None:
    """Move one of the rows of a queue, which are locked, a place up or down; `column` keeps their
    places. One audit entry, none at its end. Raises RuleError if the row is not among them."""
    before = [each.pk for each in queue]
    after = moved(before, row.pk, up=up)
    if after == before:
        return
    for each in queue:
        setattr(each, column, after.index(each.pk) + 1)
    type(row)._default_manager.bulk_update(queue, [column])
    record(
        actor=actor,
        action="deferral order",
        subject=str(row),
        before={"place": before.index(row.pk) + 1},
        after={"place": after.index(row.pk) + 1},
        now=now,
    )


def pause_sd(*, row: StrategicDirective, actor: str, now: datetime, reason: str) -> bool:
    """Pause an SD in progress: one audit entry. False if it is not in progress any more."""
    return bool(
        _step(
            row,
            only=Status.IN_PROGRESS,
            action="SD pause",
            actor=actor,
            now=now,
            reason=reason,
            status=Status.PAUSED,
        )
    )


def approve_sd(
    *,
    row: StrategicDirective,
    amount: int,
    burned: int,
    actor: str,
    now: datetime,
    reason: str,
) -> StrategicDirective:
    """Let a paused SD go on until it has burned `amount` more fresh tokens: one audit entry.

    `burned` are those that it has burned up to now. Raises RuleError without a reason, for an
    amount that is none, and for an SD that is not paused.
    """
    check_reason(reason, "an approval")
    if amount < 1:
        raise RuleError("Approve at least one token, or stop the SD.")
    if amount > LARGEST_ESTIMATE:
        raise RuleError(f"{amount:,} tokens are more than one SD can burn.")
    return _one(
        row,
        action="SD approval",
        actor=actor,
        now=now,
        reason=reason,
        extra={"approved": amount},
        # One whose start was withdrawn meanwhile has not begun.
        status=standing_by(row.phase, None),
        approved_at=now,
        approved_up_to=burned + amount,
    )


def stop_sd(
    *, row: StrategicDirective, actor: str, now: datetime, reason: str
) -> StrategicDirective:
    """End a paused SD for good: it is archived with its history. One audit entry.

    Raises RuleError without a reason, and for an SD that is not paused.
    """
    check_reason(reason, "stopping an SD")
    return _one(row, action="SD stop", actor=actor, now=now, reason=reason, status=Status.ARCHIVED)


def _one(row: StrategicDirective, **step: Any) -> StrategicDirective:
    done = _step(row, only=Status.PAUSED, **step)
    if not done:
        raise RuleError(f"{row.code} is not paused any more: look at it again.")
    return done[0]


def _step(row: StrategicDirective, *, only: Status, **step: Any) -> list[StrategicDirective]:
    """The changed row after `take_step`, or nothing where its status is another by now."""
    with transaction.atomic():
        return [take_step(each, **step) for each in locked_sds(pk=row.pk, status=only)]
