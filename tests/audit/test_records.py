"""What happened is read in the admin and written by nobody there."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from allocation.audit.about import ABOUT
from allocation.audit.admin_base import AuditedDeletion, Page, RecordAdmin
from allocation.audit.models import AuditEntry
from tests import factories
from tests.audit.admin_forms import said
from tests.factories import NOW, AuditEntryFactory

pytestmark = pytest.mark.django_db

RECORDS = [
    factories.AuditEntryFactory,
    factories.BudgetWeekFactory,
    factories.CheckpointFactory,
    factories.SdTokenLogFactory,
    factories.UsageRecordFactory,
    factories.UsageHourFactory,
    factories.TranscriptFileFactory,
    factories.AgentRunFactory,
    factories.AgentCallFactory,
    factories.DecisionFactory,
]
LIST = "/admin/audit/auditentry/"


def ids(factory: Any) -> str:
    return str(factory._meta.model.__name__)


def url(row: Any, verb: str) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{verb}"
    return reverse(name, args=[row.pk] if verb in {"change", "delete"} else [])


@pytest.mark.parametrize("factory", RECORDS, ids=ids)
def test_a_record_is_added_changed_and_deleted_by_nobody(
    chairman_client: Client, factory: Any
) -> None:
    row = factory()
    before = type(row).objects.values().get(pk=row.pk)
    assert chairman_client.get(url(row, "changelist")).status_code == 200
    assert chairman_client.get(url(row, "change")).status_code == 200
    assert chairman_client.get(url(row, "add")).status_code == 403
    for verb in ("add", "change", "delete"):
        assert chairman_client.post(url(row, verb), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    chairman_client.post(url(row, "changelist"), {**chosen, "reason": "x"})
    assert type(row).objects.values().get(pk=row.pk) == before


def test_every_table_of_ours_is_a_record_or_audited() -> None:
    ours = {m: a for m, a in admin.site._registry.items() if m.__module__.startswith("allocation.")}
    assert {m._meta.label for m, a in ours.items() if not isinstance(a, RecordAdmin)} == {
        m._meta.label for m, a in ours.items() if isinstance(a, AuditedDeletion)
    }
    assert not [m for m, a in ours.items() if a.list_editable]
    assert all(isinstance(a, Page) and a.list_per_page <= 100 for a in ours.values())
    assert {factory._meta.model for factory in RECORDS} <= {
        m for m, a in ours.items() if isinstance(a, RecordAdmin)
    }


def test_the_trail_shows_before_and_after_in_a_table(chairman_client: Client) -> None:
    entry = AuditEntryFactory(
        before={"tier": "haiku", "relaxed_tier": None, "enabled": True},
        after={"tier": "<b>sonnet</b>", "relaxed_tier": "", "enabled": False},
    )
    page = chairman_client.get(url(entry, "change"))
    assert "Column Before After" in said(page)
    assert "enabled yes no" in said(page)
    assert "relaxed tier empty empty" in said(page)
    assert "tier haiku <b>sonnet</b>" in said(page)
    assert b"<b>sonnet" not in page.content


@pytest.mark.parametrize(
    ("before", "after", "short"),
    [
        ({"tier": "haiku"}, {"tier": "sonnet"}, "tier: haiku → sonnet"),
        ({"limit": "500000"}, {"limit": "1200000.500"}, "limit: 500,000 → 1,200,000.5"),
        ({"reset_weekday": 0}, {"reset_weekday": 5}, "reset weekday: Monday → Saturday"),
        ({"title": "2025"}, {"title": "2026"}, "title: 2025 → 2026"),
        (None, {"tier": "sonnet"}, "new"),
        ({"tier": "sonnet"}, None, "deleted"),
        ({"purpose": "a" * 200}, {"purpose": "b"}, "aaa…"),
    ],
)
def test_the_list_says_in_short_what_changed(
    chairman_client: Client, before: Any, after: Any, short: str
) -> None:
    AuditEntryFactory(before=before, after=after)
    assert short in said(chairman_client.get(LIST))


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({"actor": "deputy"}, ["floor B"]),
        ({"action": "price change"}, ["price C"]),
        ({"q": "budget is tight"}, ["floor A"]),
        ({"q": "floor"}, ["floor B", "floor A"]),
        ({"subject": "price C"}, ["price C"]),
    ],
)
def test_the_trail_is_filtered_and_searched(
    chairman_client: Client, query: dict[str, str], subjects: list[str]
) -> None:
    AuditEntryFactory(subject="floor A", reason="The budget is tight.")
    AuditEntryFactory(subject="floor B", actor="deputy")
    AuditEntryFactory(subject="price C", action="price change")
    found = chairman_client.get(LIST, query).context["cl"].result_list
    assert [entry.subject for entry in found] == subjects


def test_the_index_leads_to_every_table_in_groups(chairman_client: Client) -> None:
    page = chairman_client.get("/admin/")
    text = said(page)
    groups = ["What the Chairman edits", "What was recorded", "Accounts and sign-in"]
    assert [text.index(group) for group in groups] == sorted(map(text.index, groups))
    assert "budgetctl" in page.context["title"] or "budgetctl" in text
    assert '<a href="/usage/">Usage</a>' in page.text
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert reverse(name) in page.content.decode(), model


def test_every_table_says_what_it_is_for(chairman_client: Client) -> None:
    index = said(chairman_client.get("/admin/"))
    assert {page.opts.label_lower for page in admin.site._registry.values()} == ABOUT.keys()
    assert [sentence for sentence in ABOUT.values() if sentence not in index] == []
    floors = said(chairman_client.get("/admin/floors/modelfloor/"))
    assert "Floors The least tier that a sub-agent may run on in a phase." in floors


def test_no_entry_is_left_by_looking(chairman_client: Client) -> None:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert chairman_client.get(reverse(name), follow=True).status_code == 200
    assert not AuditEntry.objects.exists()


def test_the_admin_writes_a_moment_as_the_pages_do(chairman_client: Client) -> None:
    AuditEntryFactory(at=NOW)
    text = said(chairman_client.get("/admin/audit/auditentry/"))
    assert "Wed 18 Nov 2026, 12:00" in text
    assert "a.m." not in text
