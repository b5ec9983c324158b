"""Floors and overrides as the Chairman edits them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.catalog.models import SubAgent, Tier
from allocation.floors.models import ModelFloor, Override
from tests.audit.admin_forms import resend, said, send
from tests.factories import BudgetWeekFactory, OverrideFactory

pytestmark = pytest.mark.django_db

ADD = "/admin/floors/override/add/"
LIST = "/admin/floors/override/"


def floor_url(code: str) -> str:
    pk = ModelFloor.objects.get(sub_agent__code=code, phase="").pk
    return reverse("admin:floors_modelfloor_change", args=[pk])


def pk_of(kind: Any, **key: str) -> int:
    return int(kind.objects.get(**key).pk)


def new(client: Client, code: str = "DOCMON", tier: str = "opus", **but: Any) -> Any:
    fields: dict[str, Any] = {"reason": "A release depends on it.", **but}
    sub_agent, to = pk_of(SubAgent, code=code), pk_of(Tier, name=tier)
    return send(client, ADD, sub_agent=sub_agent, tier=to, **fields)


def in_force(**columns: Any) -> Override:
    """The admin reads the real clock, so this one is in force today."""
    today = timezone.now()
    moments = {"created_at": today - timedelta(hours=1), "expires_at": today + timedelta(days=2)}
    return OverrideFactory(**{**moments, **columns})


def test_the_list_of_floors_says_where_each_gives_way(chairman_client: Client) -> None:
    page = said(chairman_client.get(reverse("admin:floors_modelfloor_changelist")))
    assert "VALIDATION LEAD sonnet under budget pressure (Yellow and worse) haiku" in page
    assert "SECURITY all phases opus never" in page
    assert "all others all phases haiku" in page


@pytest.mark.parametrize(
    ("tier", "gives_way", "relaxed", "sentence"),
    [
        ("sonnet", "read_only", "", "A floor that gives way needs a relaxed tier below the floor."),
        ("sonnet", "read_only", "sonnet", "needs a relaxed tier below the floor"),
        ("haiku", "under_pressure", "opus", "needs a relaxed tier below the floor"),
        ("sonnet", "never", "haiku", "A floor that never gives way has no relaxed tier."),
    ],
)
def test_a_floor_that_contradicts_itself_is_refused_beside_the_field(
    chairman_client: Client, tier: str, gives_way: str, relaxed: str, sentence: str
) -> None:
    change = {
        "tier": pk_of(Tier, name=tier),
        "gives_way": gives_way,
        "relaxed_tier": pk_of(Tier, name=relaxed) if relaxed else "",
    }
    page = send(chairman_client, floor_url("TESTING"), **change, reason="x")
    assert said(page).count(sentence) == 1
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("SECURITY", "There is a floor for this sub-agent and phase already: change that one."),
        (None, "There is a default floor for this phase already."),
    ],
)
def test_a_second_floor_for_one_place_is_refused(
    chairman_client: Client, code: str | None, sentence: str
) -> None:
    url = reverse("admin:floors_modelfloor_add")
    sub_agent = pk_of(SubAgent, code=code) if code else ""
    haiku = pk_of(Tier, name="haiku")
    page = send(chairman_client, url, sub_agent=sub_agent, phase="", tier=haiku, reason="x")
    assert sentence in said(page)


def test_an_override_without_an_expiry_ends_with_the_running_week(chairman_client: Client) -> None:
    today = timezone.now()
    week = BudgetWeekFactory(start=today - timedelta(days=2), end=today + timedelta(days=5))
    page = new(chairman_client)
    assert page.redirect_chain, said(page)
    override = Override.objects.get()
    assert (override.expires_at, override.actor) == (week.end, "chairman")
    assert AuditEntry.objects.get().action == "override creation"


def test_an_override_before_any_week_is_stored_ends_with_the_rules_week(
    chairman_client: Client,
) -> None:
    new(chairman_client)
    left = Override.objects.get().expires_at - timezone.now()
    assert timedelta(0) < left <= timedelta(days=7)


def test_an_expiry_is_read_on_the_owners_clock(chairman_client: Client) -> None:
    day = (timezone.now() + timedelta(days=40)).date()
    new(chairman_client, expires_at_0=f"{day}", expires_at_1="09:00:00")
    at = Override.objects.get().expires_at
    assert at.hour in {16, 17}  # Los Angeles is 7 or 8 hours behind


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": " "}, "Say why"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "The expiry lies in the past"),
        ({"expires_at_0": "2049-01-01", "expires_at_1": "00:00"}, "366 days at most"),
        ({"code": "SECURITY", "tier": "sonnet"}, "SECURITY never runs below opus in any phase"),
    ],
)
def test_a_refused_override_is_said_in_the_form_and_the_input_stays(
    chairman_client: Client, change: dict[str, str], sentence: str
) -> None:
    page = new(chairman_client, phase="PLAN" if "code" not in change else "", **change)
    assert sentence in said(page)
    assert not Override.objects.exists()
    assert not AuditEntry.objects.exists()
    again = resend(
        chairman_client, ADD, page, reason="Now with one.", expires_at_0="", expires_at_1="",
        tier=pk_of(Tier, name="opus"),
    )  # fmt: skip
    assert again.redirect_chain, said(again)


def test_an_override_is_read_and_not_rewritten_or_deleted(chairman_client: Client) -> None:
    override = in_force()
    url = reverse("admin:floors_override_change", args=[override.pk])
    page = said(chairman_client.get(url))
    assert "A release depends on it." in page
    assert "Revoke override" in page
    assert chairman_client.post(url, {"reason": "another"}).status_code == 403
    delete = reverse("admin:floors_override_delete", args=[override.pk])
    assert chairman_client.post(delete, {"post": "yes", "reason": "x"}).status_code == 403


def test_revoking_asks_first_and_then_records_it(chairman_client: Client) -> None:
    override = in_force()
    url = reverse("admin:floors_override_revoke", args=[override.pk])
    assert override.reason in said(chairman_client.get(url))
    assert not AuditEntry.objects.exists()
    page = chairman_client.post(url, {"reason": " "}, follow=True)
    assert "Say why: a revocation needs a reason." in said(page)
    page = chairman_client.post(url, {"reason": "Released."}, follow=True)
    assert "Revoked: " in said(page)
    assert "Revoke override" not in said(page)
    override.refresh_from_db()
    assert override.revoked_by == "chairman"
    assert AuditEntry.objects.get().reason == "Released."
    page = chairman_client.post(url, {"reason": "Again."}, follow=True)
    assert "was revoked already, by chairman" in said(page)


def test_the_action_revokes_all_of_them_or_none(chairman_client: Client) -> None:
    first, second = in_force(), in_force()
    chosen = {"action": "revoke_selected", "_selected_action": [first.pk, second.pk]}
    page = chairman_client.post(LIST, {**chosen, "index": "0"})
    assert "Revoke overrides" in said(page)
    assert not AuditEntry.objects.exists()
    Override.objects.filter(pk=second.pk).update(expires_at=timezone.now())
    chosen |= {"post": "yes", "reason": "Released."}
    page = chairman_client.post(LIST, chosen, follow=True)
    assert "has expired: there is nothing to revoke" in said(page)
    assert not AuditEntry.objects.exists()
    chosen["_selected_action"] = [first.pk]
    chairman_client.post(LIST, chosen)
    assert AuditEntry.objects.get().action == "override revocation"


def test_only_who_may_change_overrides_may_revoke_one(viewer_client: Client) -> None:
    url = reverse("admin:floors_override_revoke", args=[in_force().pk])
    assert viewer_client.post(url).status_code == 302  # to the sign-in of the admin
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("state", ["in-force", "used-up", "expired", "revoked", "", "nonsense"])
def test_the_filter_by_state(chairman_client: Client, state: str) -> None:
    now = timezone.now()
    in_force()
    in_force(uses_left=0, expires_at=now)
    in_force(expires_at=now)
    in_force(revoked_at=now, revoked_by="chairman", uses_left=0)
    page = chairman_client.get(LIST, {"state": state} if state else {})
    admin = page.context["cl"].model_admin
    states = [admin.state(row).replace(" ", "-") for row in page.context["cl"].queryset]
    everything = ["expired", "in-force", "revoked", "used-up"]
    assert sorted(states) == ([state] if state in everything else everything)


def test_html_in_a_reason_is_shown_as_text(chairman_client: Client, now: datetime) -> None:
    in_force(reason="<script>alert(1)</script>")
    for url in (LIST, reverse("admin:audit_auditentry_changelist")):
        assert b"<script>alert" not in chairman_client.get(url).content
