"""Checkpoints, and imported sheets, that are taken back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.checkpoints.cells import SheetRow
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.checkpoints.sheet_import import IMPORT, import_sheet
from allocation.checkpoints.withdrawal import undo_import, withdraw_checkpoint
from allocation.decisions.deferrals import pause_exhausted
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.steps import archive_sd, defer_sd
from allocation.directives.waiting import pause_sd
from allocation.forecasts.models import Forecast, Occasion
from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind, Phase
from allocation.usage.models import Source, UsageHour, UsageRecord
from tests.checkpoints.conftest import captured
from tests.checkpoints.test_sheet_import import row
from tests.factories import StrategicDirectiveFactory

pytestmark = pytest.mark.django_db

LATER = datetime(2026, 1, 5, 20, tzinfo=UTC)
Log = Callable[..., Checkpoint]


@pytest.fixture
def new(db: None) -> StrategicDirective:
    return StrategicDirectiveFactory(code="SD-NEW-1")


@pytest.fixture
def log(new: StrategicDirective, now: datetime) -> Log:
    """Log a checkpoint, each an hour after the one before."""
    hours = iter(range(100))

    def one(kind: CheckpointKind, tokens: int | None = None) -> Checkpoint:
        return log_checkpoint(
            sd=new,
            entry=Entry(kind=kind, tokens=tokens, mix={"sonnet": 60, "opus": 40} if tokens else {}),
            submission=uuid4(),
            actor="chairman",
            now=now + timedelta(hours=next(hours)),
        )

    return one


def withdraw(checkpoint: Checkpoint, reason: str = "It was another SD's.") -> StrategicDirective:
    now = checkpoint.at + timedelta(minutes=5)
    withdraw_checkpoint(checkpoint=checkpoint, actor="chairman", now=now, reason=reason)
    return StrategicDirective.objects.get(pk=checkpoint.sd_id)


def counted_by_hand() -> int:
    rows = UsageRecord.objects.filter(source=Source.MANUAL).aggregate(sum=Sum("unsplit"))["sum"]
    hours = UsageHour.objects.filter(source=Source.MANUAL).aggregate(sum=Sum("unsplit"))["sum"]
    assert rows == hours
    return rows or 0


def sheet(**values: object) -> SheetRow:
    return row(**({"code": "SD-SHEET-1"} | values))


def bring_in(*rows: SheetRow) -> AuditEntry:
    imported = import_sheet(rows=rows, actor="chairman", now=LATER)
    return AuditEntry.objects.get(pk=imported.entry, action=IMPORT)


class TestOneCheckpoint:
    def test_nothing_of_it_counts_and_the_trail_keeps_what_it_said(self, log: Log) -> None:
        bring_in(sheet(phase=Phase.PLAN))
        log(CheckpointKind.START)
        log(CheckpointKind.LEAD_TO_PLAN, 10_000)
        wrong = log(CheckpointKind.PLAN_TO_EXEC, 70_000)
        assert counted_by_hand() == 90_000
        withdraw(wrong)
        assert counted_by_hand() == 20_000
        assert not Checkpoint.objects.filter(pk=wrong.pk).exists()
        logs = set(SdTokenLog.objects.values_list("sd__code", "phase"))
        assert logs == {("SD-NEW-1", "LEAD"), ("SD-SHEET-1", "PLAN")}
        entry = AuditEntry.objects.get(action="checkpoint withdrawal")
        assert entry.before["tokens"] == 70_000
        assert entry.reason == "It was another SD's."

    def test_other_checkpoints_of_the_phase_stay_in_its_sum(self, log: Log) -> None:
        for kind, tokens in (
            (CheckpointKind.START, None),
            (CheckpointKind.LEAD_TO_PLAN, 1_000),
            (CheckpointKind.PLAN_TO_EXEC, 2_000),
            (CheckpointKind.EXEC_TO_PLAN, 3_000),
        ):
            log(kind, tokens)
        sd = withdraw(log(CheckpointKind.PLAN_TO_EXEC, 5_000))
        assert SdTokenLog.objects.get(sd=sd, phase="PLAN").tokens_burned == 2_000
        assert (sd.status, sd.phase) == (Status.IN_PROGRESS, "PLAN")

    def test_its_sd_stands_where_the_one_before_left_it(self, log: Log, now: datetime) -> None:
        start = log(CheckpointKind.START)
        handover = log(CheckpointKind.LEAD_TO_PLAN, 10_000)
        sd = withdraw(log(CheckpointKind.COMPLETION, 5_000))
        assert (sd.status, sd.phase, sd.completed_at) == (Status.IN_PROGRESS, "PLAN", None)
        assert withdraw(handover).phase == "LEAD"
        sd = withdraw(start)
        assert (sd.status, sd.phase, sd.started_at) == (Status.PROPOSED, "", None)

    def test_the_week_is_forecast_anew(self, log: Log) -> None:
        wrong = log(CheckpointKind.START)
        withdraw(wrong)
        made_at = wrong.at + timedelta(minutes=5)
        assert Forecast.objects.filter(made_at=made_at, occasion=Occasion.CHECKPOINT).exists()

    def test_an_earlier_one_moves_nothing(self, log: Log) -> None:
        log(CheckpointKind.START)
        earlier = log(CheckpointKind.LEAD_TO_PLAN, 10_000)
        last = log(CheckpointKind.PLAN_TO_EXEC, 5_000)
        sd = withdraw(earlier)
        assert sd.phase == "EXEC"
        assert counted_by_hand() == 5_000
        assert Checkpoint.objects.filter(pk=last.pk).exists()

    def test_an_sd_began_with_the_first_that_is_left(self, log: Log) -> None:
        start = log(CheckpointKind.START)
        next_one = log(CheckpointKind.LEAD_TO_PLAN, 10_000)
        sd = withdraw(start)
        assert (sd.phase, sd.started_at) == ("PLAN", next_one.at)

    def test_what_was_captured_stays_counted(self, sd: StrategicDirective) -> None:
        captured(sd, "LEAD", input=1_000, output=3_000)
        now = timezone.now()
        wrong = log_checkpoint(
            sd=sd,
            entry=Entry(kind=CheckpointKind.LEAD_TO_PLAN, tokens=10_000),
            submission=uuid4(),
            actor="chairman",
            now=now,
        )
        assert counted_by_hand() == 6_000
        withdraw_checkpoint(checkpoint=wrong, actor="chairman", now=now, reason="A slip.")
        assert counted_by_hand() == 0
        assert UsageRecord.objects.get().output == 3_000

    def test_once_and_with_a_reason(self, log: Log) -> None:
        start = log(CheckpointKind.START)
        with pytest.raises(RuleError, match="Say why: a withdrawal needs a reason"):
            withdraw(start, reason=" ")
        withdraw(start)
        with pytest.raises(RuleError, match="This checkpoint is withdrawn already"):
            withdraw(start)

    @pytest.mark.parametrize("step", [defer_sd, archive_sd])
    def test_what_is_deferred_or_archived_stays_so(
        self, log: Log, new: StrategicDirective, now: datetime, step: Callable[..., object]
    ) -> None:
        log(CheckpointKind.START)
        done = log(CheckpointKind.LEAD_TO_PLAN, 1_000)
        step(row=new, actor="chairman", now=done.at, reason="Later.")
        new.refresh_from_db()
        status = new.status
        sd = withdraw(done)
        assert (sd.status, sd.phase) == (status, "LEAD")

    def test_a_paused_one_waits_for_the_chairman_all_the_same(
        self, log: Log, new: StrategicDirective, now: datetime
    ) -> None:
        start = log(CheckpointKind.START)
        later = log(CheckpointKind.LEAD_TO_PLAN, 1_000)
        pause_sd(row=new, actor="budgetctl", now=later.at, reason="It ran out.")
        assert withdraw(later).status == Status.PAUSED
        sd = withdraw(start)
        assert (sd.status, sd.phase, sd.started_at) == (Status.PAUSED, "", None)

    def test_so_does_a_paused_one_that_was_said_to_be_complete(
        self, log: Log, new: StrategicDirective, now: datetime
    ) -> None:
        start = log(CheckpointKind.START)
        pause_sd(row=new, actor="budgetctl", now=start.at, reason="It ran out.")
        sd = withdraw(log(CheckpointKind.COMPLETION, 1_000))
        assert (sd.status, sd.phase, sd.completed_at) == (Status.PAUSED, "LEAD", None)


class TestImport:
    def test_a_sheet_that_used_the_week_up_can_be_undone_though_its_sds_are_paused(self) -> None:
        entry = bring_in(sheet(code="SD-SHEET-2", tokens=900_000, ended_at=LATER))
        assert pause_exhausted(now=LATER) == 1
        assert undo_import(entry=entry, actor="chairman", now=LATER) == 1
        assert counted_by_hand() == 0
        assert not StrategicDirective.objects.filter(code="SD-SHEET-2").exists()

    def test_all_of_it_goes_and_so_do_the_sds_that_it_made(self, log: Log) -> None:
        log(CheckpointKind.START)
        log(CheckpointKind.LEAD_TO_PLAN, 7_000)
        StrategicDirectiveFactory(code="SD-WAITS")
        rows = [sheet(), sheet(line=3, code="SD-SHEET-2"), sheet(line=4, code="SD-NEW-1")]
        entry = bring_in(*rows)
        assert counted_by_hand() == 37_000
        assert undo_import(entry=entry, actor="chairman", now=LATER, reason="Last year’s.") == 3
        assert counted_by_hand() == 7_000
        left = StrategicDirective.objects.order_by("code").values_list("code", "phase")
        assert list(left) == [("SD-NEW-1", "PLAN"), ("SD-WAITS", "")]
        undone = AuditEntry.objects.get(action="checkpoint sheet undo")
        assert undone.before == {"import": entry.pk, "tokens": 30_000}
        assert undone.reason == "Last year’s."
        assert undone.subject == "3 checkpoints of 3 checkpoints of 3 SDs"

    def test_an_sd_that_was_complete_stays_so(self, log: Log) -> None:
        done = log(CheckpointKind.COMPLETION, 5_000)
        entry = bring_in(sheet(code="SD-NEW-1", ended_at=done.at + timedelta(hours=1)))
        undo_import(entry=entry, actor="chairman", now=done.at + timedelta(hours=2))
        sd = StrategicDirective.objects.get()
        assert (sd.status, sd.phase, sd.completed_at) == (Status.COMPLETED, "", done.at)

    def test_the_sheet_can_be_imported_again(self) -> None:
        undo_import(entry=bring_in(sheet()), actor="chairman", now=LATER)
        bring_in(sheet())
        assert counted_by_hand() == 10_000
        assert StrategicDirective.objects.get().phase == "PLAN"

    def test_an_sd_that_has_a_history_of_its_own_by_now_stays(self) -> None:
        entry = bring_in(sheet())
        sd = StrategicDirective.objects.get()
        log_checkpoint(
            sd=sd,
            entry=Entry(kind=CheckpointKind.PLAN_TO_EXEC, tokens=1_000),
            submission=uuid4(),
            actor="chairman",
            now=LATER,
        )
        undo_import(entry=entry, actor="chairman", now=LATER)
        sd.refresh_from_db()
        assert (sd.status, sd.phase) == (Status.IN_PROGRESS, "EXEC")

    @pytest.mark.parametrize("began", [None, datetime(2025, 12, 3, tzinfo=UTC)])
    def test_of_two_the_other_one_says_when_the_sd_began(self, began: datetime | None) -> None:
        ended = datetime(2025, 12, 7, tzinfo=UTC)
        right = sheet(line=3, phase=Phase.PLAN, started_at=began, ended_at=ended)
        slip = sheet(started_at=datetime(2024, 12, 6, tzinfo=UTC), ended_at=right.ended_at)
        bring_in(right)
        StrategicDirective.objects.update(started_at=slip.started_at)
        undo_import(entry=bring_in(slip), actor="chairman", now=LATER)
        assert StrategicDirective.objects.get().started_at == (began or ended)

    def test_once(self) -> None:
        entry = bring_in(sheet())
        undo_import(entry=entry, actor="chairman", now=LATER)
        with pytest.raises(RuleError, match="Nothing of this import is left to undo"):
            undo_import(entry=entry, actor="chairman", now=LATER)


class TestPages:
    def test_a_checkpoint_is_withdrawn_from_the_page_that_corrects_it(
        self, chairman_client: Client, log: Log
    ) -> None:
        log(CheckpointKind.START)
        wrong = log(CheckpointKind.LEAD_TO_PLAN, 10_000)
        address = reverse("checkpoints:withdraw-checkpoint", args=[wrong.pk])
        correct = reverse("checkpoints:correct-checkpoint", args=[wrong.pk])
        assert address in chairman_client.get(correct).text
        assert "As if it and its 10,000 tokens had never" in chairman_client.get(address).text
        refused = chairman_client.post(address, {"reason": ""})
        assert refused.status_code == 422
        assert "Say why: a withdrawal needs a reason." in refused.text
        page = chairman_client.post(address, {"reason": "A slip."}, follow=True)
        assert "Withdrew LEAD to PLAN of SD-NEW-1." in page.text
        assert page.redirect_chain[-1][0] == "/sds/SD-NEW-1/"

    def test_an_import_is_undone_from_its_page(self, chairman_client: Client) -> None:
        entry = bring_in(sheet(), sheet(line=3, code="SD-SHEET-2"))
        address = reverse("checkpoints:undo-import", args=[entry.pk])
        assert address in chairman_client.get("/checkpoints/", {"import": entry.pk}).text
        assert "The 2 checkpoints left of it will be withdrawn" in chairman_client.get(address).text
        page = chairman_client.post(address, {"reason": ""}, follow=True)
        assert "Undid the import: withdrew 2 checkpoints." in page.text
        assert "Nothing of it is left: it was undone" in page.text
        assert address not in page.text
        again = chairman_client.post(address, {"reason": ""})
        assert again.status_code == 422
        assert "Nothing of this import is left to undo." in again.text
