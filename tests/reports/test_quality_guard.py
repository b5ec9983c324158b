"""The quality guard on the KPI page, and its rollback."""

import pytest
from django.test import Client
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.floors.models import ModelFloor
from allocation.floors.operations import raise_floor
from allocation.policy.errors import RuleError
from allocation.policy.quality import EventKind
from tests.factories import NOW, DecisionFactory, SubAgentFactory, TierFactory
from tests.reports.conftest import WEEK, downgraded, event, page

pytestmark = pytest.mark.django_db

ROLL_BACK = "/kpis/roll-back/"


def test_the_guard_says_what_fell_and_proposes_the_rollback() -> None:
    downgraded()
    (alarm,) = page().alarms
    assert (alarm.sub_agent, alarm.phase, alarm.tier, alarm.raise_to) == (
        "DOCMON",
        "EXEC",
        "haiku",
        "sonnet",
    )
    assert alarm.sentences == [
        "Since it runs on haiku, 70% of its runs pass (n = 10); on sonnet it was 100% (n = 10). "
        "That is 30 points less; 5 are allowed."
    ]
    assert page().guard.startswith("2 combinations of sub-agent, phase and tier judged")


def test_too_much_rework_is_an_alarm_of_its_own() -> None:
    DecisionFactory.create_batch(6, sub_agent="TESTING", observed="opus", result="passed")
    DecisionFactory.create_batch(4, sub_agent="TESTING", observed="opus", result="rework")
    (alarm,) = page().alarms
    assert alarm.sentences[0] == (
        "40% of its runs on opus had to be done again (4 of 10); 30% is the most allowed."
    )
    assert alarm.raise_to == ""


def test_events_that_say_whose_work_it_was_speak_to_the_guard() -> None:
    whose = {"sub_agent": SubAgentFactory(code="DOCMON"), "phase": "EXEC"}
    for passed in [1] * 10:
        event(EventKind.REVIEW, passed, 0, tier=TierFactory(name="sonnet"), **whose, at=NOW - WEEK)
    for passed in [1] * 8 + [0] * 2:
        event(EventKind.REVIEW, passed, 1 - passed, tier=TierFactory(name="haiku"), **whose)
    assert [alarm.sub_agent for alarm in page().alarms] == ["DOCMON"]


def test_too_few_results_are_said_and_not_judged() -> None:
    DecisionFactory.create_batch(9, observed="haiku", result="rework")
    assert page().alarms == []
    assert page().guard == (
        "Nothing can be judged yet: 1 combination of sub-agent, phase and tier has fewer than 10 "
        "results."
    )


def test_one_click_rolls_back(chairman_client: Client) -> None:
    downgraded(now=timezone.now())
    sent = {"sub_agent": "DOCMON", "phase": "EXEC", "tier": "sonnet", "reason": "Guard."}
    text = chairman_client.get("/kpis/").content.decode()
    assert "Raise floor to sonnet" in text
    answer = chairman_client.post(ROLL_BACK, sent, follow=True)
    assert "DOCMON now runs on sonnet or better in EXEC." in answer.content.decode()
    assert "Raise floor to" not in answer.content.decode()
    floor = ModelFloor.objects.get(sub_agent__code="DOCMON", phase="EXEC")
    assert (floor.tier.name, floor.gives_way, floor.rationale) == ("sonnet", "never", "Guard.")
    entry = AuditEntry.objects.get(action="floor creation")
    assert (entry.actor, entry.subject, entry.reason) == (
        "chairman",
        "floor DOCMON, EXEC",
        "Guard.",
    )
    again = chairman_client.post(ROLL_BACK, sent, follow=True).content.decode()
    assert "there is nothing to raise" in again
    assert AuditEntry.objects.filter(action__startswith="floor").count() == 1


def test_a_floor_that_gives_way_is_raised_where_it_stands() -> None:
    sub_agent = SubAgentFactory(code="VALIDATION")
    options = {"sub_agent": sub_agent, "reason": "R2", "actor": "chairman", "now": NOW}
    row = raise_floor(phase="LEAD", tier=TierFactory(name="sonnet"), **options)
    assert (row.tier.name, row.gives_way, row.relaxed_tier) == ("sonnet", "never", None)
    assert AuditEntry.objects.get().action == "floor change"
    # Opus in PLAN already, and it never gives way.
    with pytest.raises(RuleError, match="nothing to raise"):
        raise_floor(phase="PLAN", tier=TierFactory(name="sonnet"), **options)


def test_a_floor_above_the_proposed_tier_keeps_its_height() -> None:
    floor = ModelFloor.objects.get(sub_agent__code="TESTING", phase="")
    floor.tier = TierFactory(name="opus")
    floor.save()
    row = raise_floor(
        sub_agent=SubAgentFactory(code="TESTING"),
        phase="EXEC",
        tier=TierFactory(name="sonnet"),
        reason="R2",
        actor="chairman",
        now=NOW,
    )
    assert (row.tier.name, row.gives_way) == ("opus", "never")


@pytest.mark.parametrize(("phase", "reason"), [("EXEC", "  "), ("", "R2"), ("LUNCH", "R2")])
def test_a_floor_is_raised_with_a_reason_and_in_a_phase(phase: str, reason: str) -> None:
    with pytest.raises(RuleError):
        raise_floor(
            sub_agent=SubAgentFactory(code="DOCMON"),
            phase=phase,
            tier=TierFactory(name="sonnet"),
            reason=reason,
            actor="chairman",
            now=NOW,
        )
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"sub_agent": "NOBODY"}, 404), ({"tier": "gpt"}, 404), ({"reason": " "}, 302)],
)
def test_a_rollback_that_makes_no_sense_changes_nothing(
    chairman_client: Client, changed: dict[str, str], status: int
) -> None:
    sent = {"sub_agent": "DOCMON", "phase": "EXEC", "tier": "sonnet", "reason": "R2"} | changed
    assert chairman_client.post(ROLL_BACK, sent).status_code == status
    assert not AuditEntry.objects.exists()


def test_only_the_chairman_rolls_back(operator_client: Client, viewer_client: Client) -> None:
    downgraded(now=timezone.now())
    sent = {"sub_agent": "DOCMON", "phase": "EXEC", "tier": "sonnet", "reason": "R2"}
    for client in (operator_client, viewer_client):
        assert "The Chairman decides." in client.get("/kpis/").content.decode()
        assert client.post(ROLL_BACK, sent).status_code == 403
    assert operator_client.get(ROLL_BACK).status_code == 405
    assert Client().post(ROLL_BACK, sent).status_code == 302
    assert not AuditEntry.objects.exists()
