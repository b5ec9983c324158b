"""Rule 4: runs of an SD that was put off wait with it, until it is taken up again."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from allocation.budgets.operations import ensure_week, switch
from allocation.catalog.models import Tier
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.decisions.deferrals import run_now, waiting_counts
from allocation.decisions.models import Decision, DeferredRun
from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.steps import defer_sd, resume_sd
from allocation.floors.models import Override
from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind, Phase
from allocation.policy.recommend import Outcome, Task
from tests.factories import (
    NOW,
    WEEK_END,
    BudgetWeekFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

WHO = {"actor": "chairman", "now": NOW}


@pytest.fixture
def put_off() -> StrategicDirective:
    BudgetWeekFactory()
    sd = StrategicDirectiveFactory(code="SD-LATER", phase="EXEC")
    return defer_sd(row=sd, reason="Not this week.", **WHO)


def ask(sd: StrategicDirective, who: str = "DOCMON", now: datetime = NOW) -> Decision:
    run = Run(task=Task(who, Phase.EXEC, 3), sd=sd)
    return decide(situation=situation_at(now), run=run, actor="hook", now=now)[0]


def test_a_run_of_a_deferred_sd_is_deferred_with_the_reason(put_off: StrategicDirective) -> None:
    decision = ask(put_off)
    assert (decision.outcome, decision.recommended) == (Outcome.DEFER, None)
    assert decision.reason == "SD-LATER is deferred to the next budget week: Not this week."


def test_it_waits_with_its_sd_and_has_no_place_of_its_own(put_off: StrategicDirective) -> None:
    ask(put_off)
    assert not DeferredRun.objects.exists()


def test_the_explanation_says_so(put_off: StrategicDirective, chairman_client: Client) -> None:
    text = chairman_client.get(f"/decisions/{ask(put_off).pk}/").content.decode()
    assert "would have been put off in every zone" in text
    assert "Waits until its SD is taken up again" in text
    assert "An earlier run of the same kind" not in text


def log(sd: StrategicDirective, kind: CheckpointKind) -> None:
    log_checkpoint(sd=sd, entry=Entry(kind=kind, tokens=5), submission=uuid4(), **WHO)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.PAUSED, "is paused: approve tokens for it first"),
        (Status.DEFERRED, "is deferred: resume it first"),
        (Status.ARCHIVED, "is archived: restore it first"),
    ],
)
def test_a_run_is_not_let_go_while_its_sd_is_held(status: Status, sentence: str) -> None:
    BudgetWeekFactory()
    record = UsageRecordFactory(input=480_000, output=0)
    rebuild_hours([record.hour])
    sd = StrategicDirectiveFactory(phase="EXEC")
    ask(sd, "SECURITY")
    StrategicDirective.objects.update(status=status)
    row, opus = DeferredRun.objects.get(), Tier.objects.get(name="opus")
    with pytest.raises(RuleError, match=sentence):
        run_now(row=row, tier=opus, reason="Now.", until=WEEK_END, **WHO)
    assert (waiting_counts().runs, Override.objects.count()) == (1, 0)


def test_what_it_had_done_is_logged_and_it_stays_deferred(put_off: StrategicDirective) -> None:
    log(put_off, CheckpointKind.EXEC_TO_PLAN)
    put_off.refresh_from_db()
    assert (put_off.status, put_off.phase) == (Status.DEFERRED, "PLAN")
    assert ask(put_off).outcome == Outcome.DEFER


def test_a_start_takes_it_up() -> None:
    BudgetWeekFactory()
    sd = defer_sd(row=StrategicDirectiveFactory(), reason="Not this week.", **WHO)
    log(sd, CheckpointKind.START)
    sd.refresh_from_db()
    assert (sd.status, sd.phase, sd.deferral_reason) == (Status.IN_PROGRESS, "LEAD", "")


def test_completed_it_is_deferred_no_more(put_off: StrategicDirective) -> None:
    log(put_off, CheckpointKind.COMPLETION)
    put_off.refresh_from_db()
    assert (put_off.status, put_off.deferral_reason) == (Status.COMPLETED, "")


def test_taken_up_again_its_runs_go_on(put_off: StrategicDirective) -> None:
    assert ask(resume_sd(row=put_off, **WHO)).outcome == Outcome.USE


def test_in_the_next_week_they_go_on_before_a_tick_has_released_it(
    put_off: StrategicDirective,
) -> None:
    last, first = WEEK_END - timedelta(seconds=1), WEEK_END
    assert ask(put_off, now=last).outcome == Outcome.DEFER
    ensure_week(now=first)
    assert ask(put_off, now=first).outcome == Outcome.USE


def test_off_is_off(put_off: StrategicDirective) -> None:
    switch(enabled=False, **WHO)
    assert ask(put_off).outcome == Outcome.OFF
