"""What an override may do (rule 5), and what is left of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from allocation.audit.models import AuditEntry
from allocation.catalog.models import SubAgent, Tier
from allocation.floors.models import ModelFloor, Override
from allocation.floors.operations import create_override, floor_table, revoke_override
from allocation.policy.errors import RuleError
from tests.factories import WEEK_END, ModelFloorFactory, OverrideFactory, SubAgentFactory
from tests.policy.shipped import SHIPPED_FLOORS

pytestmark = pytest.mark.django_db


def override(now: datetime, code: str = "DOCMON", **but: Any) -> Override:
    said: dict[str, Any] = {
        "phase": "",
        "tier": "opus",
        "reason": "A release depends on it.",
        "expires_at": WEEK_END,
        **but,
    }
    return create_override(
        sub_agent=SubAgent.objects.get(code=code),
        tier=Tier.objects.get(name=said.pop("tier")),
        actor="chairman",
        now=now,
        **said,
    )


def test_the_floors_that_ship_are_those_of_the_rules() -> None:
    assert floor_table() == SHIPPED_FLOORS


def test_an_override_leaves_one_entry_with_its_reason(now: datetime) -> None:
    made = override(now, phase="PLAN", reason=" It matters. ")
    assert (made.reason, made.actor, made.created_at) == ("It matters.", "chairman", now)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject) == ("override creation", "override DOCMON, PLAN")
    assert entry.reason == "It matters."
    assert entry.after is not None
    assert entry.after["tier"] == "opus"


@pytest.mark.parametrize(
    ("code", "phase", "tier"),
    [
        ("DOCMON", "", "fable"),  # up, to anything
        ("SECURITY", "", "opus"),  # the floor itself
        ("SECURITY", "", "fable"),
        ("VALIDATION", "LEAD", "haiku"),  # gives way under pressure
        ("DATABASE", "", "haiku"),  # gives way for read-only work
        ("TESTING", "EXEC", "haiku"),
        ("DOCMON", "", "haiku"),
        ("VALIDATION", "", "opus"),
    ],
)
def test_an_override_may_raise_anything_and_lower_what_gives_way(
    now: datetime, code: str, phase: str, tier: str
) -> None:
    assert override(now, code, phase=phase, tier=tier).tier.name == tier


@pytest.mark.parametrize(
    ("code", "phase", "tier", "sentence"),
    [
        ("SECURITY", "", "sonnet", "SECURITY never runs below opus in any phase"),
        ("SECURITY", "LEAD", "haiku", "SECURITY never runs below opus in LEAD"),
        ("VALIDATION", "PLAN", "sonnet", "VALIDATION never runs below opus in PLAN"),
        ("VALIDATION", "", "sonnet", "VALIDATION never runs below opus in PLAN and EXEC"),
    ],
)
def test_a_floor_that_never_gives_way_is_named_and_has_to_be_changed_itself(
    now: datetime, code: str, phase: str, tier: str, sentence: str
) -> None:
    with pytest.raises(RuleError, match=sentence) as refusal:
        override(now, code, phase=phase, tier=tier)
    assert "Change the floor itself" in str(refusal.value)
    assert not Override.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_changed_default_floor_holds_for_overrides_too(now: datetime) -> None:
    ModelFloor.objects.filter(sub_agent=None).update(tier=Tier.objects.get(name="sonnet"))
    with pytest.raises(RuleError, match="DOCMON never runs below sonnet in any phase"):
        override(now, tier="haiku")


@pytest.mark.parametrize("reason", ["", "   ", "\n\t "])
def test_an_override_needs_a_reason(now: datetime, reason: str) -> None:
    with pytest.raises(RuleError, match="needs a reason"):
        override(now, reason=reason)


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [
        (timedelta(0), "lies in the past"),
        (timedelta(seconds=-1), "lies in the past"),
        (timedelta(days=366, seconds=1), "366 days at most"),
        (timedelta(days=3650), "366 days at most"),
    ],
)
def test_an_override_ends_within_a_year(now: datetime, ahead: timedelta, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence):
        override(now, expires_at=now + ahead)


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=366)])
def test_both_ends_of_the_allowed_span_are_allowed(now: datetime, ahead: timedelta) -> None:
    assert override(now, expires_at=now + ahead).expires_at == now + ahead


def test_an_unknown_phase_is_refused(now: datetime) -> None:
    with pytest.raises(RuleError, match="“DEPLOY” is not a phase; there are LEAD, PLAN, EXEC"):
        override(now, phase="DEPLOY")


def test_one_form_sent_twice_makes_one_override(now: datetime) -> None:
    override(now)
    with pytest.raises(RuleError, match="by an override of chairman already"):
        override(now)
    assert Override.objects.count() == 1


def test_a_longer_override_or_another_tier_is_not_a_repetition(now: datetime) -> None:
    override(now)
    override(now, expires_at=WEEK_END + timedelta(days=1))
    override(now, tier="sonnet")
    override(now)  # opus again, since sonnet came between
    assert Override.objects.count() == 4


def test_a_revoked_override_stops_acting_and_says_who_and_why(now: datetime) -> None:
    row = OverrideFactory()
    revoke_override(override=row, actor="deputy", now=now, reason="Released.")
    row.refresh_from_db()
    assert (row.revoked_at, row.revoked_by) == (now, "deputy")
    assert not Override.objects.in_force(now).exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.reason) == (
        "override revocation",
        "deputy",
        "Released.",
    )
    assert entry.after is not None
    assert set(entry.after) == {"revoked_at", "revoked_by"}


def test_an_override_is_revoked_once(now: datetime) -> None:
    row = OverrideFactory()
    revoke_override(override=row, actor="deputy", now=now, reason="Released.")
    with pytest.raises(RuleError, match="was revoked already, by deputy"):
        revoke_override(override=row, actor="chairman", now=now, reason="Released.")


def test_an_override_is_not_revoked_without_a_reason(now: datetime) -> None:
    row = OverrideFactory()
    with pytest.raises(RuleError, match="Say why: a revocation needs a reason"):
        revoke_override(override=row, actor="deputy", now=now, reason="  ")
    assert list(Override.objects.in_force(now)) == [row]


def test_an_expired_override_is_not_revoked(now: datetime) -> None:
    row = OverrideFactory(expires_at=now)
    with pytest.raises(RuleError, match="has expired: there is nothing to revoke"):
        revoke_override(override=row, actor="chairman", now=now, reason="Released.")


def test_an_override_acts_from_its_creation_until_its_expiry(now: datetime) -> None:
    made = override(now)
    in_force = Override.objects.in_force
    assert list(in_force(now)) == [made]
    assert not in_force(now - timedelta(seconds=1)).exists()
    assert not in_force(WEEK_END).exists()


def test_a_floor_row_says_what_the_rules_take(now: datetime) -> None:
    row = ModelFloorFactory(sub_agent=SubAgentFactory(), phase="LEAD")
    assert floor_table()[(row.sub_agent.code, "LEAD")].tier.name == "sonnet"
