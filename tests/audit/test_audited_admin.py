"""Each way in which the admin writes a row leaves one entry, and nobody overwrites unseen."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from allocation.audit.models import AuditEntry
from allocation.catalog.models import PhaseTier, SubAgent, SubAgentAlias, Tier
from allocation.floors.models import ModelFloor
from tests.audit.admin_forms import resend, said, send, shown
from tests.factories import ChairmanFactory, ModelFloorFactory, SubAgentFactory, TierFactory

pytestmark = pytest.mark.django_db


def floor_of(code: str) -> ModelFloor:
    return ModelFloor.objects.get(sub_agent__code=code, phase="")


def change_url(row: object) -> str:
    meta = row._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])  # type: ignore[attr-defined]


def list_url(model: type) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]


def tier(name: str) -> int:
    return Tier.objects.get(name=name).pk


def test_a_changed_floor_leaves_one_entry_with_who_when_before_after_and_why(
    chairman_client: Client,
) -> None:
    url = change_url(floor_of("TESTING"))
    send(chairman_client, url, tier=tier("opus"), reason="  Flaky evidence.  ")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == ("chairman", "floor change")
    assert entry.subject == "floor TESTING, all phases"
    assert (entry.before, entry.after) == ({"tier": "sonnet"}, {"tier": "opus"})
    assert entry.reason == "Flaky evidence."


def test_an_unchanged_save_leaves_no_entry_and_needs_no_reason(chairman_client: Client) -> None:
    page = send(chairman_client, change_url(floor_of("TESTING")))
    assert page.redirect_chain
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "\u200b", "\ufeff \u202e"])
def test_a_floor_is_not_changed_without_a_reason(chairman_client: Client, reason: str) -> None:
    url = change_url(floor_of("TESTING"))
    page = send(chairman_client, url, tier=tier("opus"), reason=reason)
    assert "Say why: this change needs a reason." in said(page)
    assert floor_of("TESTING").tier.name == "sonnet"
    assert not AuditEntry.objects.exists()


def test_a_reason_that_is_too_long_is_not_said_to_be_missing(chairman_client: Client) -> None:
    url = change_url(floor_of("TESTING"))
    page = said(send(chairman_client, url, tier=tier("opus"), reason="x" * 2001))
    assert "at most 2000 characters" in page
    assert "Say why" not in page


def test_a_new_row_is_recorded_with_all_that_it_says(chairman_client: Client) -> None:
    url = reverse("admin:floors_modelfloor_add")
    api = SubAgent.objects.get(code="API")
    send(chairman_client, url, sub_agent=api.pk, phase="PLAN", tier=tier("sonnet"), reason="Risk.")
    entry = AuditEntry.objects.get()
    assert entry.action == "floor creation"
    assert entry.before is None
    assert entry.after is not None
    assert entry.after["sub_agent"] == "API"
    assert entry.after["tier"] == "sonnet"


def test_a_deletion_asks_for_a_reason_and_keeps_what_the_row_said(chairman_client: Client) -> None:
    floor = floor_of("TESTING")
    url = reverse("admin:floors_modelfloor_delete", args=[floor.pk])
    page = chairman_client.post(url, {"post": "yes", "reason": "\u200b"}, follow=True)
    assert "a deletion needs a reason" in said(page)
    assert ModelFloor.objects.filter(pk=floor.pk).exists()
    chairman_client.post(url, {"post": "yes", "reason": "Not needed."})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.reason) == ("floor deletion", "Not needed.")
    assert entry.before is not None
    assert entry.before["tier"] == "sonnet"
    assert entry.after is None


def test_a_bulk_deletion_leaves_an_entry_for_each_row(chairman_client: Client) -> None:
    rows = [floor_of("TESTING"), floor_of("DATABASE")]
    chosen = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    url = list_url(ModelFloor)
    page = chairman_client.post(url, {**chosen, "index": "0"})
    assert "These rows go" in said(page)
    page = chairman_client.post(url, {**chosen, "post": "yes", "reason": ""}, follow=True)
    assert "a deletion needs a reason" in said(page)
    assert ModelFloor.objects.filter(pk__in=[row.pk for row in rows]).count() == 2
    chairman_client.post(url, {**chosen, "post": "yes", "reason": "Simpler."})
    assert sorted(AuditEntry.objects.values_list("subject", flat=True)) == [
        "floor DATABASE, all phases",
        "floor TESTING, all phases",
    ]


def test_what_goes_with_a_deleted_row_has_entries_of_its_own(chairman_client: Client) -> None:
    api = SubAgentFactory(code="API")
    ModelFloorFactory(sub_agent=api)
    SubAgentAlias.objects.create(sub_agent=api, name="contract", normal_name="contract")
    url = reverse("admin:catalog_subagent_delete", args=[api.pk])
    chairman_client.post(url, {"post": "yes", "reason": "Merged into VALIDATION."})
    assert sorted(AuditEntry.objects.values_list("action", flat=True)) == [
        "alias deletion",
        "floor deletion",
        "sub-agent deletion",
    ]


def test_rows_of_an_inline_have_an_entry_each(chairman_client: Client) -> None:
    validation = SubAgent.objects.get(code="VALIDATION")
    first = PhaseTier.objects.get(sub_agent=validation, phase="LEAD")
    last = PhaseTier.objects.get(sub_agent=validation, phase="EXEC")
    url = change_url(validation)
    order = list(PhaseTier.objects.filter(sub_agent=validation).order_by("phase"))
    change = {
        f"phase_tiers-{order.index(first)}-tier": tier("haiku"),
        f"phase_tiers-{order.index(last)}-DELETE": "on",
        "aliases-0-name": "Duplicate_Hunter",
        "purpose": "Finds duplicate work",
        "reason": "Tuning.",
    }
    page = send(chairman_client, url, **change)
    assert page.redirect_chain, said(page)
    assert sorted(AuditEntry.objects.values_list("action", "subject", "reason")) == [
        ("alias creation", "alias Duplicate_Hunter", "Tuning."),
        ("phase override change", "phase override VALIDATION in LEAD", "Tuning."),
        ("phase override deletion", "phase override VALIDATION in EXEC", "Tuning."),
        ("sub-agent change", "sub-agent VALIDATION", "Tuning."),
    ]


def test_a_second_editor_is_told_what_changed_and_keeps_their_input(
    chairman_client: Client,
) -> None:
    other = Client()
    other.force_login(ChairmanFactory(username="deputy"))
    url = change_url(floor_of("TESTING"))
    opened = shown(other, url)
    send(chairman_client, url, tier=tier("opus"), reason="Evidence was wrong twice.")

    mine = {"rationale": "Mine, from before.", "reason": "Wording."}
    page = other.post(url, {**opened, **mine}, follow=True)
    assert "chairman changed this after you opened it" in said(page)
    assert "tier is now “opus”" in said(page)
    assert "Mine, from before." in page.content.decode()
    assert floor_of("TESTING").tier.name == "opus"

    page = resend(other, url, page, tier=tier("opus"))
    assert page.redirect_chain
    floor = floor_of("TESTING")
    assert (floor.tier.name, floor.rationale) == ("opus", "Mine, from before.")
    assert AuditEntry.objects.filter(actor="deputy").get().after == {
        "rationale": "Mine, from before."
    }


def test_a_row_of_an_inline_that_changed_meanwhile_is_noticed_too(chairman_client: Client) -> None:
    url = change_url(SubAgent.objects.get(code="VALIDATION"))
    opened = shown(chairman_client, url)
    PhaseTier.objects.filter(sub_agent__code="VALIDATION").update(tier=tier("fable"))
    page = chairman_client.post(url, {**opened, "purpose": "Another"}, follow=True)
    assert "tier is now “fable”" in said(page)
    assert not AuditEntry.objects.exists()


def test_a_row_that_was_deleted_meanwhile_is_said_to_be_gone(chairman_client: Client) -> None:
    floor = floor_of("TESTING")
    url = change_url(floor)
    opened = shown(chairman_client, url)
    floor.delete()
    page = chairman_client.post(url, {**opened, "reason": "x"}, follow=True)
    assert "Perhaps it was deleted?" in said(page)


@pytest.mark.parametrize("shown_as", ["", "nonsense", "[]", "{}"])
def test_a_form_that_does_not_say_what_it_showed_is_not_trusted(
    chairman_client: Client, shown_as: str
) -> None:
    url = change_url(floor_of("TESTING"))
    change = {"tier": tier("opus"), "reason": "x", "shown": shown_as}
    page = send(chairman_client, url, **change)
    assert "changed this after you opened it" in said(page)
    assert floor_of("TESTING").tier.name == "sonnet"


def test_if_a_write_fails_neither_the_row_nor_the_entry_is_there(
    chairman_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr("allocation.audit.operations.record", fail)
    url = change_url(floor_of("TESTING"))
    with pytest.raises(RuntimeError, match="the trail is full"):
        send(chairman_client, url, tier=tier("opus"), reason="x")
    assert floor_of("TESTING").tier.name == "sonnet"


def test_if_another_row_came_between_check_and_write_the_form_looks_again(
    chairman_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_beaten(**_: object) -> None:
        monkeypatch.undo()
        raise IntegrityError("UNIQUE constraint failed")

    monkeypatch.setattr("allocation.audit.admin_base.save_audited", be_beaten)
    page = send(
        chairman_client, change_url(floor_of("TESTING")), tier=tier("opus"), reason="Evidence."
    )
    assert page.redirect_chain, said(page)
    assert floor_of("TESTING").tier.name == "opus"
    assert AuditEntry.objects.count() == 1


def test_the_history_of_a_row_is_its_part_of_the_trail(chairman_client: Client) -> None:
    floor = floor_of("TESTING")
    send(chairman_client, change_url(floor), tier=tier("opus"), reason="Evidence.")
    url = reverse("admin:floors_modelfloor_history", args=[floor.pk])
    page = chairman_client.get(url, follow=True)
    assert "tier: sonnet → opus" in said(page)
    other = reverse("admin:floors_modelfloor_history", args=[floor_of("DATABASE").pk])
    assert "tier: sonnet → opus" not in said(chairman_client.get(other, follow=True))


def test_a_viewer_with_staff_rights_only_sees_no_form() -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_modelfloor"))
    client = Client()
    client.force_login(reader)
    page = client.get(change_url(floor_of("TESTING")))
    assert page.status_code == 200
    assert "reason" not in shown(client, change_url(floor_of("TESTING")))
    assert client.post(change_url(floor_of("TESTING")), {}).status_code == 403


def test_a_tier_that_ships_is_neither_renamed_nor_deleted(chairman_client: Client) -> None:
    opus = Tier.objects.get(name="opus")
    send(chairman_client, change_url(opus), name="cheap", rank=1)
    opus.refresh_from_db()
    assert (opus.name, opus.rank) == ("opus", 30)
    url = reverse("admin:catalog_tier_delete", args=[opus.pk])
    assert chairman_client.post(url, {"post": "yes", "reason": "x"}).status_code == 403
    own = TierFactory(name="mini", rank=5)
    url = reverse("admin:catalog_tier_delete", args=[own.pk])
    assert chairman_client.post(url, {"post": "yes", "reason": "x"}).status_code == 302
