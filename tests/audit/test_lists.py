"""The lists of the admin ask as many questions of 25 rows as of one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allocation.catalog.models import ClaudeModel, SubAgent, Tier
from allocation.policy.phases import Phase
from tests import factories as make

pytestmark = pytest.mark.django_db


def _floor() -> Any:
    return make.ModelFloorFactory(
        relaxed_tier=Tier.objects.get(name="haiku"), gives_way="read_only"
    )


def _price() -> Any:
    model = ClaudeModel.objects.create(
        model_id=f"claude-{ClaudeModel.objects.count()}", tier=Tier.objects.get(name="opus")
    )
    return make.PriceFactory(model=model)


def _sub_agent() -> Any:
    return make.SubAgentFactory(task_type=make.TaskTypeFactory())


def _week() -> Any:
    last = make.BudgetWeekFactory._meta.model.objects.order_by("start").last()
    return make.BudgetWeekFactory(start=last.end if last else make.WEEK_START)


def _sd_log() -> Any:
    return make.SdTokenLogFactory(phase=Phase.EXEC.value)


def _tier() -> Any:
    count = Tier.objects.count()
    model = ClaudeModel.objects.get(model_id="claude-opus-5")
    return make.TierFactory(name=f"tier-{count}", rank=1_000 + count, weighed_as=model)


def _rework() -> Any:
    count = Tier.objects.count()
    return make.ReworkPriorFactory(
        task_type=make.TaskTypeFactory(slug=f"kind-{count}"), tier=_tier()
    )


def _pass_rate() -> Any:
    return make.PassRateFactory(sub_agent=make.SubAgentFactory())


def _decision() -> Any:
    return make.DecisionFactory(sd=make.StrategicDirectiveFactory())


def _record() -> Any:
    return make.UsageRecordFactory(sd=make.StrategicDirectiveFactory())


def _hour() -> Any:
    return make.UsageHourFactory(sd=make.StrategicDirectiveFactory())


def _alias() -> Any:
    make.SubAgentAliasFactory(sub_agent=SubAgent.objects.order_by("?").first())
    return _sub_agent()


def _override() -> Any:
    return make.OverrideFactory()


LISTS: list[Callable[[], Any]] = [
    _floor, _override, _price, _sub_agent, _alias, _week, _tier, _rework, _pass_rate, _decision,
    _record, _hour, _sd_log, make.CheckpointFactory, make.AuditEntryFactory,
    make.StrategicDirectiveFactory, make.TranscriptFileFactory, make.AgentRunFactory,
    make.AgentCallFactory, make.UserFactory,
]  # fmt: skip


@pytest.mark.parametrize("new", LISTS)
def test_a_list_asks_as_much_of_one_row_as_of_25(
    chairman_client: Client, new: Callable[[], Any]
) -> None:
    meta = new()._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    chairman_client.get(url)  # what Django reads once per process is read now

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert chairman_client.get(url).status_code == 200
        return len(captured)

    of_few = queries()
    for _ in range(24):
        new()
    assert queries() == of_few
