"""Recommendations from what is stored, and the decisions that are kept of them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from allocation.budgets.operations import set_limit, switch
from allocation.catalog.models import Tier
from allocation.decisions.models import Decision
from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.floors.models import ModelFloor
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Task
from allocation.policy.tiers import HAIKU, OPUS, SONNET
from allocation.policy.zones import Zone
from tests.factories import (
    NOW,
    OverrideFactory,
    SubAgentAliasFactory,
    SubAgentFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

DOCS = Task("DOCMON", Phase.LEAD, 5)


def test_the_zone_comes_from_what_was_burned() -> None:
    record = UsageRecordFactory(input=360_000, output=0)
    rebuild_hours([record.hour])
    situation = situation_at(NOW)
    assert situation.standing.zone is Zone.YELLOW
    assert situation.answer(DOCS).tier == SONNET


def test_a_what_if_asks_in_another_zone() -> None:
    assert situation_at(NOW).answer(DOCS, zone=Zone.ORANGE).tier == HAIKU


def test_an_edited_floor_holds_at_once() -> None:
    ModelFloor.objects.create(
        sub_agent=SubAgentFactory(code="DOCMON"), tier=Tier.objects.get(name="sonnet")
    )
    assert situation_at(NOW).answer(DOCS, zone=Zone.RED).tier == SONNET


@pytest.mark.parametrize("name", ["security", "Security", "SECURITY"])
def test_a_sub_agent_is_found_whatever_its_case(name: str) -> None:
    assert situation_at(NOW).code_of(name) == "SECURITY"


def test_a_sub_agent_is_found_by_an_alias() -> None:
    SubAgentAliasFactory(sub_agent=SubAgentFactory(code="SECURITY"), name="security-reviewer")
    assert situation_at(NOW).code_of("Security_Reviewer") == "SECURITY"


def test_an_unknown_sub_agent_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RuleError, match=r"No sub-agent is called “SECURTY”\. There are: API, "):
        situation_at(NOW).code_of("SECURTY")


def test_an_override_in_force_forces_its_tier() -> None:
    OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"))
    assert situation_at(NOW).answer(DOCS, zone=Zone.RED).tier == OPUS


@pytest.mark.parametrize(
    "columns",
    [
        {"expires_at": NOW},
        {"revoked_at": NOW},
        {"created_at": NOW + timedelta(seconds=1)},
        {"phase": "EXEC"},
    ],
)
def test_an_override_that_is_over_or_elsewhere_does_not(columns: dict[str, object]) -> None:
    OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"), **columns)
    assert situation_at(NOW).answer(DOCS, zone=Zone.RED).tier == HAIKU


def test_the_override_of_a_phase_comes_before_the_general_one() -> None:
    docmon = SubAgentFactory(code="DOCMON")
    OverrideFactory(sub_agent=docmon, phase="LEAD", tier=Tier.objects.get(name="sonnet"))
    OverrideFactory(sub_agent=docmon, tier=Tier.objects.get(name="opus"))
    assert situation_at(NOW).answer(DOCS).tier == SONNET


@pytest.mark.parametrize(("code", "tier"), [("SECURITY", OPUS), ("DOCMON", SONNET)])
def test_off_returns_the_registered_default(code: str, tier: object) -> None:
    switch(enabled=False, actor="chairman", now=NOW)
    answer = situation_at(NOW).answer(Task(code, Phase.EXEC, 1))
    assert (answer.outcome, answer.tier) == (Outcome.OFF, tier)


def test_a_decision_keeps_its_inputs_frozen() -> None:
    situation = situation_at(NOW)
    decision, _ = decide(situation=situation, run=Run(task=DOCS), actor="fleet", now=NOW)
    set_limit(limit=Decimal(3), actor="chairman", now=NOW)
    kept = Decision.objects.get(pk=decision.pk)
    assert kept.inputs["effective_limit"] == "500000"
    assert kept.inputs["floor"] == {"tier": "haiku", "gives_way": "never", "relaxed": None}
    assert [step["rule"] for step in kept.path] == ["complexity", "zone"]
    assert kept.reason == kept.path[-1]["sentence"]


def test_a_deferral_is_kept_as_an_outcome() -> None:
    set_limit(limit=Decimal(3), actor="chairman", now=NOW)
    record = UsageRecordFactory()
    rebuild_hours([record.hour])
    task = Task("VALIDATION", Phase.EXEC, 2)
    decision, answer = decide(
        situation=situation_at(NOW), run=Run(task=task), actor="fleet", now=NOW
    )
    assert (decision.outcome, decision.recommended) == ("defer", None)
    assert answer.outcome is Outcome.DEFER


def test_a_situation_takes_as_many_queries_however_much_there_is(
    django_assert_max_num_queries: object,
) -> None:
    for number in range(20):
        OverrideFactory(sub_agent=SubAgentFactory(code=f"EXTRA-{number}"))
    with django_assert_max_num_queries(13):  # type: ignore[operator]
        situation_at(NOW).answer(DOCS)
