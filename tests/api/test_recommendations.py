"""What agents ask, and what came of it: the status, recommendations and outcomes."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.audit.models import AuditEntry
from allocation.decisions.models import Decision
from tests.api.conftest import RUN, Agent
from tests.factories import (
    BudgetRuleFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    UsageRecordFactory,
)

pytestmark = pytest.mark.django_db


# Status


def test_the_status_is_the_light_and_what_is_left(agent: Agent) -> None:
    UsageRecordFactory(input=0, output=0, model="", tier="sonnet", unsplit=0)
    said = agent.get("status").json()
    assert said["light"] == said["zone"] == "GREEN"
    assert (said["effective_limit"], said["remaining"]) == (500_000, 500_000)
    BudgetRuleFactory(enabled=False)
    assert agent.get("status").json()["light"] == "OFF"


# Recommendations


def test_a_recommendation_is_logged_with_who_asked(agent: Agent) -> None:
    said = agent.post("recommend", RUN | {"requested": "haiku", "session": "s1"}).json()
    row = Decision.objects.get()
    assert said["decision"] == row.pk
    assert (said["outcome"], said["model"], said["floor"]) == ("use", "sonnet", "sonnet")
    assert (row.actor, row.requested, row.session_id) == ("agent runner", "haiku", "s1")
    assert row.mismatch == "unknown"


def test_many_are_answered_in_their_order(agent: Agent) -> None:
    asked = [RUN | {"sub_agent": name} for name in ("SECURITY", "docmon", "TESTING")]
    said = agent.post("recommend", asked).json()
    assert [one["sub_agent"] for one in said] == ["SECURITY", "DOCMON", "TESTING"]
    assert [one["model"] for one in said] == ["opus", "sonnet", "sonnet"]
    assert Decision.objects.count() == 3


def test_a_thousand_at_once_do_not_cost_a_query_each(
    agent: Agent, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    agent.get("status")  # the token's last use is written
    with django_assert_max_num_queries(60):
        assert len(agent.post("recommend", [RUN] * 1000).json()) == 1000
    assert Decision.objects.count() == 1000


def test_a_what_if_answers_and_logs_nothing(agent: Agent) -> None:
    said = agent.post("recommend", RUN | {"sub_agent": "SECURITY", "zone": "red"}).json()
    assert (said["outcome"], said["model"], said["decision"]) == ("defer", None, None)
    assert not Decision.objects.exists()


def test_a_what_if_for_an_sd_knows_its_overrides(agent: Agent) -> None:
    StrategicDirectiveFactory(code="SD-X-1", phase="PLAN")
    OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"), sd_code="SD-X-1")
    asked = {"sub_agent": "DOCMON", "sd": "SD-X-1", "zone": "RED"}
    assert agent.post("recommend", asked).json()["model"] == "opus"


def test_the_sd_gives_what_is_not_said(agent: Agent) -> None:
    StrategicDirectiveFactory(code="SD-X-1", phase="PLAN", complexity=5, critical=True)
    said = agent.post("recommend", {"sub_agent": "DOCMON", "sd": "sd-x-1"}).json()
    assert (said["phase"], said["complexity"], said["critical"]) == ("PLAN", 5, True)
    assert Decision.objects.get().sd.code == "SD-X-1"


def test_off_is_off(agent: Agent) -> None:
    BudgetRuleFactory(enabled=False)
    said = agent.post("recommend", RUN | {"sub_agent": "SECURITY"}).json()
    assert (said["outcome"], said["model"]) == ("off", "opus")


@pytest.mark.parametrize("in_header", [True, False])
def test_the_same_key_gets_the_same_answer(agent: Agent, in_header: bool) -> None:
    def ask() -> Any:
        if in_header:
            return agent.post("recommend", RUN, key="k1").json()
        return agent.post("recommend", RUN | {"key": "k1"}).json()

    first = ask()
    BudgetRuleFactory(enabled=False)  # the world moves on; the answer does not
    assert ask() == first
    assert Decision.objects.count() == 1


def test_a_list_under_one_key_is_answered_once(agent: Agent) -> None:
    asked = [RUN, RUN | {"sub_agent": "SECURITY"}]
    assert (
        agent.post("recommend", asked, key="k").json()
        == agent.post("recommend", asked, key="k").json()
    )
    assert Decision.objects.count() == 2


def test_an_empty_sd_is_none(agent: Agent) -> None:
    said = agent.post("recommend", RUN | {"sd": ""})
    assert (said.status_code, said.json()["sd"]) == (200, None)


@pytest.mark.parametrize("other", [{"complexity": 5}, {"sub_agent": "SECURITY"}])
def test_a_key_belongs_to_one_question(agent: Agent, other: dict[str, object]) -> None:
    agent.post("recommend", RUN, key="k")
    response = agent.post("recommend", RUN | other, key="k")
    assert response.status_code == 409
    assert "another question" in response.json()["error"]


def test_a_key_belongs_to_one_token(make_agent: Callable[..., Agent]) -> None:
    first, second = make_agent("decisions"), make_agent("decisions", name="other")
    one = first.post("recommend", RUN, key="1").json()
    other = second.post("recommend", RUN | {"sub_agent": "SECURITY"}, key="1").json()
    assert one["decision"] != other["decision"]


def test_one_bad_question_logs_none_of_a_list(agent: Agent) -> None:
    response = agent.post("recommend", [RUN, RUN | {"sub_agent": "NOBODY"}])
    assert response.status_code == 422
    assert not Decision.objects.exists()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=8))
def test_any_repetition_of_keys_is_one_decision_each(agent: Agent, keys: list[str]) -> None:
    before = Decision.objects.count()
    run = uuid4().hex  # nobody deletes decisions, so that each example has keys of its own
    keys = [f"{run}-{key}" for key in keys]
    said: dict[str, Any] = {}
    for key in keys:
        answer = agent.post("recommend", RUN | {"key": key}).json()
        assert said.setdefault(key, answer) == answer
    together = agent.post("recommend", [RUN | {"key": key} for key in keys]).json()
    assert together == [said[key] for key in keys]
    assert Decision.objects.count() - before == len(set(keys))


# Outcomes


def decided(agent: Agent, **more: Any) -> int:
    return int(agent.post("recommend", RUN | more).json()["decision"])


def test_an_outcome_follows_its_recommendation(agent: Agent) -> None:
    number = decided(agent)
    said = agent.post(
        f"decisions/{number}/outcome", {"observed": "claude-sonnet-4-5", "result": "passed"}
    ).json()
    assert (said["mismatch"], said["result"]) == ("followed", "passed")
    assert not AuditEntry.objects.filter(action="decision outcome").exists()


def test_another_tier_needs_a_reason(agent: Agent) -> None:
    number = decided(agent)
    departed = {"observed": "claude-opus-4-5", "result": "passed"}
    response = agent.post(f"decisions/{number}/outcome", departed)
    assert response.status_code == 422
    assert "override_reason" in response.json()["error"]
    assert Decision.objects.get().result == ""
    said = agent.post(
        f"decisions/{number}/outcome", departed | {"override_reason": "It kept failing."}
    ).json()
    assert (said["mismatch"], said["override_reason"]) == ("override", "It kept failing.")
    entry = AuditEntry.objects.get(action="decision outcome")
    assert (entry.actor, entry.reason) == ("agent runner", "It kept failing.")


def test_an_unknown_model_stays_unknown(agent: Agent) -> None:
    number = decided(agent)
    said = agent.post(f"decisions/{number}/outcome", {"observed": "claude-next-9"}).json()
    assert said["mismatch"] == "unknown"


def test_an_outcome_of_nothing_is_not_found(agent: Agent) -> None:
    assert agent.post("decisions/7/outcome", {"result": "passed"}).status_code == 404


def test_decisions_come_in_pages(agent: Agent) -> None:
    agent.post("recommend", [RUN] * 5)
    first = agent.get("decisions", size=3).json()
    second = agent.get("decisions", size=3, before=first["next"]).json()
    numbers = [row["decision"] for row in first["decisions"] + second["decisions"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 5
    assert second["next"] is None


def test_an_outcome_says_on_a_page_what_it_said(agent: Agent) -> None:
    decision = agent.post("recommend", RUN).json()["decision"]
    outcome = {"observed": "evil\u202esupo", "override_reason": "a\n\x1b[31mb\u2066"}
    said = agent.post(f"decisions/{decision}/outcome", outcome).json()
    assert (said["observed"], said["override_reason"]) == ("evil�supo", "a\n�[31mb�")
