"""Writers of checkpoints who meet: each comes through, one after the other."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from allocation.budgets.models import BudgetWeek
from allocation.checkpoints import operations, sheet_import, withdrawal
from allocation.checkpoints.cells import SheetRow
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import (
    Entry,
    correct_checkpoint,
    log_checkpoint,
    set_off_captured,
)
from allocation.checkpoints.sheet_import import import_sheet
from allocation.checkpoints.withdrawal import withdraw_checkpoint
from allocation.directives.models import Status, StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind, Phase
from allocation.usage.models import Source, UsageRecord
from tests.factories import StrategicDirectiveFactory
from tests.threads import at_once

# How long one is held up for another that, as it should, waits for it.
HELD_SECONDS = 0.5


@pytest.fixture
def running(db: None) -> StrategicDirective:
    return StrategicDirectiveFactory(code="SD-NEW-1", phase="LEAD")


def log(sd: StrategicDirective, now: datetime, **values: Any) -> Checkpoint:
    entry = Entry(kind=CheckpointKind.LEAD_TO_PLAN, tokens=1_000)
    given = {"sd": sd, "entry": entry, "submission": uuid4(), "actor": "chairman", "now": now}
    return log_checkpoint(**(given | values))


def correct(checkpoint: Checkpoint, now: datetime) -> Checkpoint:
    return correct_checkpoint(
        checkpoint=checkpoint,
        tokens=2_000,
        mix={},
        rework_cycles=0,
        lines_modified=None,
        note="",
        actor="chairman",
        now=now,
    )


def meet(patch: pytest.MonkeyPatch, first: tuple[Any, str], second: tuple[Any, str]) -> None:
    """Hold the first function up until the second was called, in another thread."""
    begun, reached = threading.Event(), threading.Event()
    held, follows = getattr(*first), getattr(*second)

    def hold(*arguments: Any, **named: Any) -> Any:
        begun.set()
        reached.wait(HELD_SECONDS)
        return held(*arguments, **named)

    def follow(*arguments: Any, **named: Any) -> Any:
        begun.wait(HELD_SECONDS)
        done = follows(*arguments, **named)
        reached.set()
        return done

    patch.setattr(*first, hold)
    patch.setattr(*second, follow)


@pytest.mark.django_db(transaction=True)
class TestTwoThreads:
    def test_a_correction_and_a_withdrawal_of_one_checkpoint(
        self, running: StrategicDirective, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checkpoint = log(running, now)
        meet(monkeypatch, (operations, "count_tokens"), (withdrawal, "count_tokens"))
        wrong = at_once(
            lambda: correct(checkpoint, now),
            lambda: withdraw_checkpoint(
                checkpoint=checkpoint, actor="operator", now=now, reason="A slip."
            ),
        )
        assert [str(error) for error in wrong if not isinstance(error, RuleError)] == []
        assert not Checkpoint.objects.exists()
        assert not UsageRecord.objects.filter(source=Source.MANUAL).exists()

    def test_a_checkpoint_and_a_sheet_while_no_week_is_stored(
        self, running: StrategicDirective, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = SheetRow(
            line=2,
            code=running.code,
            phase=Phase.LEAD,
            started_at=None,
            ended_at=datetime(2025, 12, 6, 18, tzinfo=UTC),
            tokens=10_000,
            mix={},
            rework_cycles=0,
        )
        meet(monkeypatch, (operations, "update_token_log"), (sheet_import, "ensure_weeks"))
        done = Entry(kind=CheckpointKind.COMPLETION, tokens=1)
        wrong = at_once(
            lambda: log(running, now, entry=done),
            lambda: import_sheet(rows=[row], actor="operator", now=now),
        )
        assert wrong == []
        assert Checkpoint.objects.count() == 2
        assert BudgetWeek.objects.filter(start__lte=now, end__gt=now).count() == 1


@pytest.mark.django_db
class TestStale:
    def test_what_was_withdrawn_is_not_corrected(
        self, running: StrategicDirective, now: datetime
    ) -> None:
        checkpoint = log(running, now)
        Checkpoint.objects.all().delete()
        with pytest.raises(RuleError, match="This checkpoint was withdrawn meanwhile"):
            correct(checkpoint, now)

    def test_the_clock_passes_over_what_was_withdrawn_since_it_looked(
        self, running: StrategicDirective, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checkpoint = log(running, now)
        Checkpoint.objects.all().delete()
        monkeypatch.setattr(operations, "twice_counted", lambda since: [checkpoint])
        monkeypatch.setattr(operations, "captured_since_last", lambda **_: 400)
        assert set_off_captured(now=now) == 0

    def test_of_two_at_once_the_one_that_waited_comes_second(
        self, running: StrategicDirective, now: datetime
    ) -> None:
        log(running, now)
        done = Entry(kind=CheckpointKind.COMPLETION, tokens=1)
        log(running, now - timedelta(seconds=1), entry=done)
        running.refresh_from_db()
        assert (running.status, running.completed_at) == (Status.COMPLETED, now)
        assert [*Checkpoint.objects.values_list("kind", flat=True)] == [
            "sd_completion",
            "lead_to_plan",
        ]

    def test_none_is_logged_for_a_moment_before_the_last(
        self, running: StrategicDirective, now: datetime
    ) -> None:
        log(running, now)
        done = Entry(kind=CheckpointKind.COMPLETION, tokens=1)
        with pytest.raises(RuleError, match="SD-NEW-1 has a later checkpoint"):
            log(running, now, entry=done, at=now - timedelta(days=1))
