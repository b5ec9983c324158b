"""What really ran: how hooks and usage name an agent, and tell the model of a decided run."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.claude_code.operations import observe_from_usage
from allocation.decisions.models import Decision
from allocation.policy.model_truth import Truth
from allocation.usage.models import AgentCall, AgentRun
from tests.claude_code.conftest import Hook, use_share
from tests.claude_code.payloads import AGENT_ID, SESSION, call, result, started, stopped
from tests.factories import UsageRecordFactory


def test_agent_ids_get_their_names(hook: Hook) -> None:
    UsageRecordFactory(session_id=SESSION, agent_id=AGENT_ID, sidechain=True, sub_agent="unknown")
    hook(started("docmon"))
    hook(stopped("docmon"))
    run = AgentRun.objects.get()
    assert (run.session_id, run.agent_id, run.agent_type) == (SESSION, AGENT_ID, "docmon")
    hook(result("docmon"))
    assert AgentCall.objects.get().agent_id == AGENT_ID


@pytest.mark.parametrize(
    ("said", "observed", "truth"),
    [
        ({"resolvedModel": "claude-haiku-5-5"}, "claude-haiku-5-5", Truth.FOLLOWED),
        ({"resolvedModel": "claude-opus-5-5"}, "claude-opus-5-5", Truth.SILENT_MISMATCH),
        (
            {"resolvedModel": "claude-haiku-5-5", "modelsUsed": ["claude-opus-5-5"]},
            "claude-opus-5-5",
            Truth.SILENT_MISMATCH,
        ),
        ({"resolvedModel": "somebody-elses-model"}, "somebody-elses-model", Truth.UNKNOWN),
        ({}, "", Truth.UNKNOWN),
    ],
)
def test_the_model_that_ran_is_laid_to_its_decision(
    hook: Hook, said: dict[str, Any], observed: str, truth: Truth
) -> None:
    use_share(90)
    hook(call("docmon"))
    hook(result("docmon", **said))
    hook(result("docmon", **said))
    decision = Decision.objects.get()
    assert (decision.observed, decision.mismatch) == (observed, truth.value)
    assert decision.agent_id == AGENT_ID


def test_what_was_counted_tells_the_model_where_no_hook_does(hook: Hook) -> None:
    use_share(90)
    hook(call("docmon", tool="Task"))
    hook(result("docmon", tool="Task"))
    now = timezone.now()
    assert observe_from_usage(now=now) == 0
    UsageRecordFactory(session_id=SESSION, agent_id=AGENT_ID, at=now, model="claude-opus-5-5")
    assert observe_from_usage(now=now) == 1
    assert observe_from_usage(now=now) == 0
    assert Decision.objects.get().mismatch == Truth.SILENT_MISMATCH.value


def test_a_departure_that_a_hook_told_of_is_not_looked_into_each_minute(hook: Hook) -> None:
    use_share(90)
    hook(call("docmon"))
    hook(result("docmon", resolvedModel="claude-opus-5-5"))
    now = timezone.now()
    UsageRecordFactory(session_id=SESSION, agent_id=AGENT_ID, at=now, model="claude-haiku-4-5")
    with CaptureQueriesContext(connection) as asked:
        assert observe_from_usage(now=now) == 0
    assert not [query for query in asked if query["sql"].startswith("UPDATE")]
    assert Decision.objects.get().observed == "claude-opus-5-5"
