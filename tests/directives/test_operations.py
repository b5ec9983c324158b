"""What may be done to an SD, and what the trail says of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allocation.audit.models import AuditEntry
from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.directives.operations import SdFacts, create_sd, delete_sd, edit_sd
from allocation.directives.steps import archive_sd, defer_sd, enter_phase, restore_sd, resume_sd
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from tests.audit.admin_forms import said, send
from tests.factories import (
    CheckpointFactory,
    DecisionFactory,
    SdTokenLogFactory,
    StrategicDirectiveFactory,
    UsageHourFactory,
    UsageRecordFactory,
)

pytestmark = pytest.mark.django_db

WHO = {"actor": "chairman"}


def actions() -> list[str]:
    return [*AuditEntry.objects.order_by("id").values_list("action", flat=True)]


def test_a_proposed_sd_is_recorded_with_what_was_said_of_it(now: datetime) -> None:
    sd = SdFacts(code=" sd-perf-opt-001 ", title=" Faster ", complexity=4, priority=Priority.HIGH)
    row = create_sd(sd=sd, now=now, reason="Slow pages.", **WHO)
    assert (row.code, row.title, row.status) == ("SD-PERF-OPT-001", "Faster", Status.PROPOSED)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject) == ("SD creation", "SD-PERF-OPT-001")
    assert entry.reason == "Slow pages."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"code": "PERF-1"}, "Write SD, then words"),
        ({"code": ""}, "."),
        ({"code": "SD-" + "A" * 60}, "at most 60 characters"),
        ({"code": "SD-TAKEN-001"}, "SD-TAKEN-001"),
        ({"complexity": 0}, "Complexity goes from 1 to 5"),
        ({"complexity": 6}, "Complexity goes from 1 to 5"),
        ({"priority": 9}, "not a valid choice"),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"title": "Delete \u202ella"}, "signs that cannot be seen"),
        ({"title": "Delete \x1b[8mall"}, "signs that cannot be seen"),
    ],
)
def test_an_sd_that_cannot_be_is_refused(
    now: datetime, wrong: dict[str, Any], sentence: str
) -> None:
    StrategicDirectiveFactory(code="SD-TAKEN-001")
    with pytest.raises(RuleError, match=sentence):
        create_sd(sd=SdFacts(**{"code": "SD-NEW-001", **wrong}), now=now, **WHO)
    assert StrategicDirective.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_an_edit_keeps_where_the_sd_stands(now: datetime) -> None:
    read_earlier = StrategicDirectiveFactory(code="SD-A-001")
    enter_phase(row=read_earlier, phase=Phase.LEAD, now=now, **WHO)
    sd = SdFacts(code="SD-A-001", title="Another", complexity=5)
    row = edit_sd(row=read_earlier, sd=sd, now=now, **WHO)
    row.refresh_from_db()
    assert (row.title, row.status, row.phase) == ("Another", Status.IN_PROGRESS, "LEAD")
    assert actions() == ["SD phase", "SD change"]


def test_an_edit_that_changes_nothing_leaves_no_entry(now: datetime) -> None:
    row = StrategicDirectiveFactory(code="SD-A-001", title="Same")
    edit_sd(row=row, sd=SdFacts(code="SD-A-001", title="Same"), now=now, **WHO)
    assert actions() == []


def test_an_sd_goes_through_its_phases_and_is_completed(now: datetime) -> None:
    row = StrategicDirectiveFactory()
    for phase in (*Phase, None):
        row = enter_phase(row=row, phase=phase, now=now, **WHO)
    assert (row.status, row.phase) == (Status.COMPLETED, "")
    assert (row.started_at, row.completed_at) == (now, now)
    assert actions() == ["SD phase"] * 3 + ["SD completion"]


@pytest.mark.parametrize(("phase", "status"), [("", Status.PROPOSED), ("PLAN", Status.IN_PROGRESS)])
def test_a_deferred_sd_comes_back_where_it_stood(now: datetime, phase: str, status: str) -> None:
    row = StrategicDirectiveFactory(phase=phase)
    row = defer_sd(row=row, now=now, reason=" No tokens left. ", **WHO)
    assert (row.status, row.deferral_reason) == (Status.DEFERRED, "No tokens left.")
    row = resume_sd(row=row, now=now, **WHO)
    assert (row.status, row.phase, row.deferral_reason) == (status, phase, "")
    assert actions() == ["SD deferral", "SD resumption"]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_deferral_needs_a_reason(now: datetime, reason: str) -> None:
    with pytest.raises(RuleError, match="Say why: a deferral needs a reason"):
        defer_sd(row=StrategicDirectiveFactory(), now=now, reason=reason, **WHO)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.ARCHIVED])
def test_what_is_over_is_not_deferred(now: datetime, status: str) -> None:
    with pytest.raises(RuleError, match="there is nothing to defer"):
        defer_sd(row=StrategicDirectiveFactory(status=status), now=now, reason="x", **WHO)


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.IN_PROGRESS, Status.COMPLETED])
def test_only_what_was_put_off_is_resumed(now: datetime, status: str) -> None:
    with pytest.raises(RuleError, match="not deferred"):
        resume_sd(row=StrategicDirectiveFactory(status=status), now=now, **WHO)


@pytest.mark.parametrize(
    ("write", "read", "became", "sentence"),
    [
        (defer_sd, Status.IN_PROGRESS, Status.ARCHIVED, "nothing to defer"),
        (defer_sd, Status.IN_PROGRESS, Status.PAUSED, "waits for the Chairman"),
        (defer_sd, Status.IN_PROGRESS, Status.DEFERRED, "is deferred already"),
        (resume_sd, Status.DEFERRED, Status.ARCHIVED, "is archived, not deferred"),
        (archive_sd, Status.IN_PROGRESS, Status.PAUSED, "waits for the Chairman"),
    ],
)
def test_what_somebody_else_did_meanwhile_stands(
    now: datetime, write: Callable[..., object], read: str, became: str, sentence: str
) -> None:
    row = StrategicDirectiveFactory(status=read)
    StrategicDirective.objects.filter(pk=row.pk).update(status=became)
    with pytest.raises(RuleError, match=sentence):
        write(row=row, now=now, reason="x", **WHO)


def test_a_completed_sd_is_archived_with_its_history(now: datetime) -> None:
    row = archive_sd(row=StrategicDirectiveFactory(status=Status.COMPLETED), now=now, **WHO)
    assert (row.status, row.completed_at) == (Status.ARCHIVED, now)
    assert actions() == ["SD archival"]


@pytest.mark.parametrize(
    ("stood", "status"),
    [
        ({"status": Status.COMPLETED}, Status.COMPLETED),
        ({"phase": "EXEC"}, Status.IN_PROGRESS),
        ({"status": Status.DEFERRED, "deferral_reason": "Later."}, Status.PROPOSED),
    ],
)
def test_an_archived_sd_comes_back_to_where_it_stood(
    now: datetime, stood: dict[str, Any], status: str
) -> None:
    row = archive_sd(row=StrategicDirectiveFactory(**stood), now=now, **WHO)
    restored = restore_sd(row=row, now=now, reason="It was the wrong one.", **WHO)
    assert (restored.status, restored.deferral_reason) == (status, "")
    assert actions() == ["SD archival", "SD restoration"]
    with pytest.raises(RuleError, match=f"is {restored.get_status_display()}, not archived"):
        restore_sd(row=row, now=now, reason="Again.", **WHO)


def test_nothing_is_restored_without_a_reason(now: datetime) -> None:
    row = StrategicDirectiveFactory(status=Status.ARCHIVED)
    with pytest.raises(RuleError, match="restoring an SD needs a reason"):
        restore_sd(row=row, now=now, reason=" ", **WHO)


def test_an_sd_that_never_began_is_deleted_with_a_reason(now: datetime) -> None:
    row = StrategicDirectiveFactory(code="SD-A-001")
    with pytest.raises(RuleError, match="a deletion needs a reason"):
        delete_sd(row=row, now=now, reason=" ", **WHO)
    delete_sd(row=row, now=now, reason="Proposed twice.", **WHO)
    assert not StrategicDirective.objects.exists()
    assert actions() == ["SD deletion"]


HISTORIES = [
    CheckpointFactory, DecisionFactory, SdTokenLogFactory, UsageHourFactory, UsageRecordFactory,
]  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES, ids=lambda kind: str(kind._meta.model.__name__))
def test_an_sd_with_a_history_is_archived_instead_of_deleted(
    chairman_client: Client, now: datetime, history: Any
) -> None:
    row = StrategicDirectiveFactory(code="SD-A-001")
    history(sd=row)
    sentence = "SD-A-001 has a history, which would be lost with it: archive it instead."
    with pytest.raises(RuleError, match=sentence):
        delete_sd(row=row, now=now, reason="x", **WHO)
    url = reverse("admin:directives_strategicdirective_delete", args=[row.pk])
    page = chairman_client.post(url, {"post": "yes", "reason": "x"}, follow=True)
    assert sentence in said(page)
    assert StrategicDirective.objects.filter(pk=row.pk).exists()


def test_an_sd_that_began_is_not_deleted_either(now: datetime) -> None:
    with pytest.raises(RuleError, match="archive it instead"):
        delete_sd(row=StrategicDirectiveFactory(phase="LEAD"), now=now, reason="x", **WHO)


def test_the_admin_edits_an_sd_through_the_operation(chairman_client: Client) -> None:
    row = StrategicDirectiveFactory(code="SD-A-001", phase="PLAN")
    url = reverse("admin:directives_strategicdirective_change", args=[row.pk])
    page = send(chairman_client, url, complexity="5", reason="Deeper than thought.", phase="EXEC")
    assert page.redirect_chain, said(page)
    row.refresh_from_db()
    assert (row.complexity, row.phase) == (5, "PLAN")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.after) == ("SD change", {"complexity": 5})
    history = reverse("admin:directives_strategicdirective_history", args=[row.pk])
    assert "Deeper than thought." in said(chairman_client.get(history, follow=True))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"code": "A-1"}, "Write SD, then words"),
        ({"code": "SD-TAKEN-001"}, "SD-TAKEN-001"),
        ({"complexity": "6"}, "less than or equal to 5"),
        ({"estimate": "-1"}, "greater than or equal to 0"),
    ],
)
def test_the_admin_refuses_an_sd_that_cannot_be(
    chairman_client: Client, change: dict[str, str], sentence: str
) -> None:
    StrategicDirectiveFactory(code="SD-TAKEN-001")
    url = reverse("admin:directives_strategicdirective_add")
    page = send(chairman_client, url, **{"code": "SD-NEW-001", **change})
    assert sentence in said(page)
    assert StrategicDirective.objects.count() == 1


def test_the_admin_adds_an_sd_and_deletes_it_while_nothing_happened(
    chairman_client: Client,
) -> None:
    add = reverse("admin:directives_strategicdirective_add")
    page = send(chairman_client, add, code="sd-new-001", title="New")
    assert "Write SD, then words" in said(page)
    send(chairman_client, add, code="SD-NEW-001", title="New")
    row = StrategicDirective.objects.get()
    url = reverse("admin:directives_strategicdirective_delete", args=[row.pk])
    chairman_client.post(url, {"post": "yes", "reason": "A slip."})
    assert actions() == ["SD creation", "SD deletion"]


def test_the_admin_archives_what_is_selected(chairman_client: Client) -> None:
    row = StrategicDirectiveFactory()
    url = reverse("admin:directives_strategicdirective_changelist")
    chosen = {"action": "archive_selected", "_selected_action": [row.pk], "index": "0"}
    page = chairman_client.post(url, chosen, follow=True)
    assert "Archived; their history stays." in said(page)
    assert actions() == ["SD archival"]
    chosen["_selected_action"] = [
        StrategicDirectiveFactory(status=status).pk for status in (Status.PROPOSED, Status.PAUSED)
    ]
    page = chairman_client.post(url, chosen, follow=True)
    assert "Nothing was archived. SD-" in said(page)
    assert actions() == ["SD archival"]
