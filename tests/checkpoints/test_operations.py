"""Logging and correcting a checkpoint: what is refused, what is counted, what is kept."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocation.audit.models import AuditEntry
from allocation.checkpoints import operations
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.checkpoints.operations import (
    Entry,
    correct_checkpoint,
    log_checkpoint,
    set_off_captured,
)
from allocation.dashboard.tick import tick
from allocation.directives.models import Status, StrategicDirective
from allocation.forecasts.models import Forecast, Occasion
from allocation.policy.errors import RuleError
from allocation.policy.forecasting import METHODS
from allocation.policy.phases import CheckpointKind, Phase
from allocation.rights.roles import Role, acting_as
from allocation.usage.models import UsageRecord
from tests.factories import NOW, StrategicDirectiveFactory, UsageRecordFactory, rebuild_hours

pytestmark = pytest.mark.django_db

START, LEAD_TO_PLAN, PLAN_TO_EXEC, EXEC_TO_PLAN, COMPLETION = CheckpointKind


def log(sd: StrategicDirective, kind: CheckpointKind, **values: object) -> Checkpoint:
    at = values.pop("at", None)
    entry = Entry(kind=kind, **values)
    return log_checkpoint(sd=sd, entry=entry, submission=uuid4(), actor="chairman", now=NOW, at=at)


def correct(checkpoint: Checkpoint, **values: object) -> Checkpoint:
    given = {"tokens": 1, "mix": {}, "rework_cycles": 0, "lines_modified": None, "note": ""}
    return correct_checkpoint(checkpoint=checkpoint, actor="chairman", now=NOW, **given | values)


def test_checkpoints_take_an_sd_from_start_to_completion() -> None:
    sd = StrategicDirectiveFactory()
    days = [NOW - timedelta(days=day) for day in (5, 4, 3, 2)]
    kinds = [START, LEAD_TO_PLAN, PLAN_TO_EXEC, COMPLETION]
    for kind, at in zip(kinds, days, strict=True):
        log(sd, kind, tokens=None if kind is START else 1_000, at=at, lines_modified=5)
    sd.refresh_from_db()
    assert (sd.status, sd.phase) == (Status.COMPLETED, "")
    assert (sd.started_at, sd.completed_at) == (days[0], days[-1])
    # The trail says when things were done, not when they are said to have happened.
    assert set(AuditEntry.objects.values_list("at", flat=True)) == {NOW}
    logs = SdTokenLog.objects.order_by("phase").values_list("phase", "tokens_burned")
    assert list(logs) == [("EXEC", 1_000), ("LEAD", 1_000), ("PLAN", 1_000)]
    assert SdTokenLog.objects.get(phase="LEAD").lines_modified == 10


def test_the_state_recommends_for_the_phase_that_begins() -> None:
    checkpoint = log(StrategicDirectiveFactory(), START)
    assert "VALIDATION" in checkpoint.state["recommended_models"]
    assert "TESTING" not in checkpoint.state["recommended_models"]
    assert checkpoint.state["budget_zone"] == "GREEN"


def test_the_state_of_a_moment_that_is_past_leaves_out_what_came_later() -> None:
    sd = StrategicDirectiveFactory(phase="LEAD")
    then = NOW - timedelta(hours=12, minutes=30)
    for hours, tokens in ((20, 100_000), (12, 300_000)):
        rebuild_hours(
            {UsageRecordFactory(at=NOW - timedelta(hours=hours), input=tokens, output=0).hour}
        )
    state = log(sd, LEAD_TO_PLAN, tokens=10_000, at=then).state
    assert (state["tokens_consumed_at_checkpoint"], state["budget_zone"]) == (110_000, "GREEN")
    assert state["tokens_remaining"] == 390_000
    assert state["burn_rate_tokens_per_hour"] == 4_490  # all of it in 24.5 hours


@pytest.mark.parametrize(
    ("sd", "kind", "values", "sentence"),
    [
        ({"status": Status.COMPLETED}, COMPLETION, {}, "is completed: no more checkpoints"),
        ({}, START, {"at": NOW + timedelta(seconds=1)}, "still to come"),
        ({"phase": "PLAN"}, START, {}, "has started already; it is in PLAN"),
        ({"phase": "PLAN"}, LEAD_TO_PLAN, {"tokens": 1}, "begins in LEAD"),
        ({}, EXEC_TO_PLAN, {"tokens": 1, "phase": Phase.PLAN}, "This hand-over ends EXEC"),
        ({}, LEAD_TO_PLAN, {}, "without its tokens; 0 is an answer"),
        ({}, COMPLETION, {"tokens": -1}, "cannot be negative"),
        ({}, COMPLETION, {"tokens": 2**53}, "more than any week can burn"),
        ({}, COMPLETION, {"rework_cycles": 1_001}, "So much rework"),
        ({}, COMPLETION, {"mix": {"gpt": 100}}, "“gpt” is not a tier"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence(
    sd: dict[str, str], kind: CheckpointKind, values: dict[str, object], sentence: str
) -> None:
    row = StrategicDirectiveFactory(**sd)
    with pytest.raises(RuleError, match=sentence):
        log(row, kind, **values)
    assert not Checkpoint.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_correction_keeps_what_was_captured_apart() -> None:
    sd = StrategicDirectiveFactory(phase="LEAD")
    record = UsageRecordFactory(sd=sd, phase="LEAD", at=NOW - timedelta(hours=1), output=0)
    rebuild_hours({record.hour})
    checkpoint = log(sd, LEAD_TO_PLAN, tokens=5_000, mix={"sonnet": 100})
    assert UsageRecord.objects.get(source="manual").unsplit == 4_000
    correct(checkpoint, tokens=6_000, mix={"opus": 100})
    manual = UsageRecord.objects.get(source="manual")
    assert (manual.unsplit, manual.tier) == (5_000, "opus")
    entry = AuditEntry.objects.get(action="checkpoint correction")
    assert (entry.before["tokens"], entry.after["tokens"]) == (5_000, 6_000)


def test_what_an_agent_estimated_is_captured_too() -> None:
    sd = StrategicDirectiveFactory(phase="LEAD")
    at, estimate = NOW - timedelta(hours=1), {"source": "api", "estimated": True, "unsplit": 2_000}
    record = UsageRecordFactory(sd=sd, phase="LEAD", at=at, input=0, output=0, **estimate)
    rebuild_hours({record.hour})
    log(sd, LEAD_TO_PLAN, tokens=5_000)
    assert UsageRecord.objects.get(source="manual").unsplit == 3_000


@pytest.mark.parametrize("said", [300, None, 1_000])
def test_a_correction_counts_only_what_is_above_all_that_was_captured(said: int | None) -> None:
    sd = StrategicDirectiveFactory(phase="EXEC")
    record = UsageRecordFactory(sd=sd, phase="EXEC", at=NOW - timedelta(hours=1), output=0)
    rebuild_hours({record.hour})
    checkpoint = log(sd, COMPLETION, tokens=said)
    correct(checkpoint, tokens=6_000)
    assert UsageRecord.objects.get(source="manual").unsplit == 5_000


@pytest.mark.parametrize(("came", "left"), [(1_000, 4_000), (5_000, 0), (9_000, 0)])
def test_what_is_captured_after_the_checkpoint_is_counted_once(came: int, left: int) -> None:
    log(StrategicDirectiveFactory(phase="LEAD"), LEAD_TO_PLAN, tokens=700)  # another's stays
    sd = StrategicDirectiveFactory(phase="LEAD")
    log(sd, LEAD_TO_PLAN, tokens=5_000, mix={"sonnet": 50, "opus": 50})
    before = NOW - timedelta(minutes=5)
    rebuild_hours({UsageRecordFactory(sd=sd, phase="LEAD", at=before, input=came, output=0).hour})
    with acting_as(Role.SYSTEM):
        tick(now=NOW + timedelta(minutes=1))
        tick(now=NOW + timedelta(minutes=2))
    assert sum(UsageRecord.objects.values_list("unsplit", flat=True)) == left + 700
    entry = AuditEntry.objects.get(action="checkpoint set-off")
    assert (entry.before, entry.after) == ({"counted_by_hand": 5_000}, {"counted_by_hand": left})
    assert SdTokenLog.objects.get(sd=sd).tokens_burned == 5_000  # what was said stands


def test_a_correction_in_the_last_moment_is_what_is_set_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sd = StrategicDirectiveFactory(phase="EXEC")
    checkpoint = log(sd, EXEC_TO_PLAN, tokens=5_000, at=NOW - timedelta(hours=1))
    at = NOW - timedelta(minutes=90)
    rebuild_hours({UsageRecordFactory(sd=sd, phase="EXEC", at=at, input=2_000, output=0).hour})

    def correct_first() -> None:
        Checkpoint.objects.filter(pk=checkpoint.pk).update(tokens=6_000)

    monkeypatch.setattr(operations, "lock", correct_first)
    assert set_off_captured(now=NOW) == 1
    assert UsageRecord.objects.get(source="manual").unsplit == 4_000


def test_checkpoints_without_anything_counted_by_hand_cost_a_tick_nothing() -> None:
    sd = StrategicDirectiveFactory(phase="EXEC")
    first = log(sd, EXEC_TO_PLAN, tokens=5_000, at=NOW - timedelta(hours=2))
    at = NOW - timedelta(minutes=90)
    rebuild_hours({UsageRecordFactory(sd=sd, phase="EXEC", at=at, input=2_000, output=0).hour})

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert set_off_captured(now=NOW) == 0
        return len(asked)

    before = queries()
    for minutes in range(1, 9):
        Checkpoint.objects.create(
            sd=sd,
            kind=first.kind,
            phase="EXEC",
            at=NOW - timedelta(minutes=minutes),
            tokens=1_000,
            submission=uuid4(),
            state=first.state,
        )
    assert queries() == before


def test_what_is_burned_after_a_checkpoint_is_not_set_off_against_it() -> None:
    sd = StrategicDirectiveFactory(phase="EXEC")
    log(sd, EXEC_TO_PLAN, tokens=5_000, at=NOW - timedelta(hours=1))
    for phase, minutes in (("EXEC", 30), ("PLAN", 90)):
        at = NOW - timedelta(minutes=minutes)
        rebuild_hours({UsageRecordFactory(sd=sd, phase=phase, at=at).hour})
    assert set_off_captured(now=NOW) == 0
    assert UsageRecord.objects.get(source="manual").unsplit == 5_000


def test_a_correction_that_changes_nothing_leaves_no_trace() -> None:
    checkpoint = log(StrategicDirectiveFactory(phase="LEAD"), LEAD_TO_PLAN, tokens=1)
    correct(checkpoint)
    assert not AuditEntry.objects.filter(action="checkpoint correction").exists()


def test_after_a_correction_the_week_is_forecast_anew() -> None:
    sd, at = StrategicDirectiveFactory(phase="LEAD"), NOW - timedelta(hours=2)
    slip = log(sd, LEAD_TO_PLAN, tokens=2_000_000, at=at)
    correct(slip, tokens=20_000)
    newest = Forecast.objects.filter(chosen=True).order_by("-pk").first()
    assert newest is not None
    assert (newest.occasion, newest.used) == (Occasion.CHECKPOINT, 20_000)


def test_a_correction_obeys_the_same_rules() -> None:
    checkpoint = log(StrategicDirectiveFactory(phase="LEAD"), LEAD_TO_PLAN, tokens=1)
    with pytest.raises(RuleError, match="0 is an answer"):
        correct(checkpoint, tokens=None)


def test_a_checkpoint_is_a_moment_for_a_forecast() -> None:
    sd = StrategicDirectiveFactory(phase="LEAD")
    entry = Entry(kind=CheckpointKind.LEAD_TO_PLAN, tokens=50_000)
    now = NOW + timedelta(minutes=1)
    log_checkpoint(sd=sd, entry=entry, submission=uuid4(), actor="chairman", now=now)
    made = Forecast.objects.filter(occasion="checkpoint")
    assert made.count() == len(METHODS)
    assert {row.used for row in made} == {50_000}
