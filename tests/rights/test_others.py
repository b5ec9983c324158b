"""What is done in another name than that of whoever set it off, on PostgreSQL by right."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetWeek
from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.dashboard.tick import tick
from allocation.decisions.models import Decision
from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.steps import defer_sd
from allocation.forecasts.models import Forecast, ForecastScore
from allocation.policy.phases import CheckpointKind, Phase
from allocation.policy.recommend import Task
from allocation.reports.models import WeekSnapshot
from allocation.rights.roles import Role, acting_as
from allocation.usage.models import UsageRecord
from allocation.usage.operations import import_transcripts
from tests.factories import (
    NOW,
    WEEK_END,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    UsageRecordFactory,
    rebuild_hours,
)
from tests.usage.transcripts import response, write

pytestmark = pytest.mark.django_db

NEXT = WEEK_END + timedelta(minutes=1)
TASK = Task("DOCMON", Phase.EXEC, 3)


def use(tokens: int, **columns: object) -> None:
    record = UsageRecordFactory(input=tokens, output=0, **columns)
    rebuild_hours({record.hour})


def test_the_clock_may_do_all_that_it_has_to() -> None:
    defer_sd(row=StrategicDirectiveFactory(code="SD-A"), reason="Later.", actor="chairman", now=NOW)
    StrategicDirectiveFactory(code="SD-B", phase="EXEC")
    decided, _ = decide(situation=situation_at(NOW), run=Run(task=TASK), actor="hook", now=NOW)
    Decision.objects.filter(pk=decided.pk).update(session_id="s", agent_id="a")
    for hours in range(40):
        use(15_000, at=NOW - timedelta(hours=hours), session_id="s", agent_id="a")
    with acting_as(Role.SYSTEM):
        tick(now=NOW)
        tick(now=NEXT)
    assert StrategicDirective.objects.get(code="SD-A").status == Status.PROPOSED
    assert StrategicDirective.objects.get(code="SD-B").status == Status.PAUSED
    assert Decision.objects.get().observed == "claude-sonnet-4-5"
    assert ForecastScore.objects.exists()
    closed = BudgetWeek.objects.exclude(closed_at=None)
    assert WeekSnapshot.objects.count() == closed.count() == 1
    done = AuditEntry.objects.filter(actor="budgetctl").values_list("action", flat=True)
    assert {*done} == {"SD release", "SD pause", "week close"}


def test_an_agent_uses_up_an_override_that_it_may_not_write() -> None:
    override = OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"), uses_left=1)
    with acting_as(Role.AGENT):
        decided, _ = decide(
            situation=situation_at(NOW), run=Run(task=TASK), actor="agent x", now=NOW
        )
    override.refresh_from_db()
    assert (decided.override, override.uses_left) == (override, 0)


def test_an_agents_checkpoint_opens_the_week_and_makes_a_forecast() -> None:
    sd = StrategicDirectiveFactory()
    with acting_as(Role.AGENT):
        log_checkpoint(
            sd=sd,
            entry=Entry(kind=CheckpointKind.START),
            submission=uuid4(),
            actor="agent x",
            now=NOW,
        )
    assert Checkpoint.objects.get().actor == "agent x"
    assert BudgetWeek.objects.get().limit == 500_000
    assert Forecast.objects.exists()


def test_the_watcher_reads_transcripts_in_the_systems_name(tmp_path: Path) -> None:
    write(tmp_path / "p" / "s.jsonl", response("m1", request_id="r1"))
    with acting_as(Role.SYSTEM):
        import_transcripts(paths=[tmp_path], now=NOW)
    assert UsageRecord.objects.get().message_id == "m1"
