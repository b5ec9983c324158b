"""One form in two tabs, saved in both: the second is told, and nothing is lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule
from allocation.checkpoints.models import Checkpoint
from allocation.directives.models import StrategicDirective
from allocation.directives.steps import archive_sd
from tests.audit.admin_forms import said
from tests.factories import NOW, ChairmanFactory, CheckpointFactory, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db

Fields = Mapping[str, Any]


def fields(page: Any) -> dict[str, Any]:
    """What a browser would send back from the page's form."""
    found = {each.html_name: each.value() for each in page.context["form"]}
    return {name: "" if value is None else value for name, value in found.items()}


@pytest.fixture
def deputy_client(db: None) -> Client:
    client = Client()
    client.force_login(ChairmanFactory(username="deputy"))
    return client


@pytest.fixture
def checkpoint(db: None) -> Checkpoint:
    sd = StrategicDirectiveFactory(code="SD-NEW-1", phase="PLAN", title="Old")
    return CheckpointFactory(sd=sd, kind="lead_to_plan", phase="LEAD", tokens=1_000)


@dataclass(frozen=True)
class Case:
    """A form, what two people change in it, and what the second is told of the first."""

    url: str
    theirs: Fields
    mine: Fields
    sentence: str


CASES = [
    Case(
        "/budget/",
        {"limit": "600,000", "reset_time": "09:15"},
        {"reserve_percent": "5"},
        "limit is now “600,000”; reset time is now “09:15”",
    ),
    Case("/sds/SD-NEW-1/edit/", {"title": "Theirs"}, {"title": "Mine"}, "title is now “Theirs”"),
    Case("/checkpoints/{}/correct/", {"mix": "haiku"}, {"note": "Mine"}, "is now “haiku=100”"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.url)
def test_the_second_is_told_keeps_its_input_and_may_save_again(
    chairman_client: Client,
    deputy_client: Client,
    checkpoint: Checkpoint,
    case: Case,
) -> None:
    url = case.url.format(checkpoint.pk)
    opened = fields(chairman_client.get(url))
    assert chairman_client.post(url, {**opened, **case.theirs}).status_code == 302
    page = deputy_client.post(url, {**opened, **case.mine})
    assert page.status_code == 422
    assert "chairman changed this after you opened it" in said(page)
    assert case.sentence in said(page)
    assert fields(page).items() >= case.mine.items()
    assert not AuditEntry.objects.filter(actor="deputy").exists()
    assert deputy_client.post(url, fields(page)).status_code == 302
    assert AuditEntry.objects.filter(actor="deputy").count() == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.url)
def test_two_clicks_on_one_button_are_one_change(
    chairman_client: Client,
    checkpoint: Checkpoint,
    case: Case,
) -> None:
    url = case.url.format(checkpoint.pk)
    sent = fields(chairman_client.get(url)) | dict(case.theirs)
    assert [chairman_client.post(url, sent).status_code for _ in range(2)] == [302, 302]
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("address", ["/checkpoints/{}/correct/", "/checkpoints/{}/withdraw/"])
def test_what_is_done_to_a_withdrawn_checkpoint_is_said_to_be_too_late(
    chairman_client: Client, checkpoint: Checkpoint, address: str
) -> None:
    url = address.format(checkpoint.pk)
    Checkpoint.objects.all().delete()
    page = chairman_client.post(url, {"tokens": "5", "reason": "A slip."}, follow=True)
    assert page.redirect_chain == [("/checkpoints/", 302)]
    assert "This checkpoint is withdrawn already" in said(page)
    assert chairman_client.get(url).status_code == 404


def test_what_was_typed_for_the_last_open_sd_stays_though_it_was_archived(
    chairman_client: Client, checkpoint: Checkpoint
) -> None:
    typed = fields(chairman_client.get("/checkpoints/new/"))
    typed |= {"sd": checkpoint.sd.pk, "note": "All of an afternoon."}
    archive_sd(row=checkpoint.sd, actor="deputy", now=NOW)
    page = chairman_client.post("/checkpoints/new/", typed)
    assert page.status_code == 422
    assert "it is completed, archived or gone" in said(page)
    assert "All of an afternoon." in page.text


def test_what_the_form_does_not_show_may_change_meanwhile(
    chairman_client: Client, checkpoint: Checkpoint
) -> None:
    opened = fields(chairman_client.get("/sds/SD-NEW-1/edit/"))
    StrategicDirective.objects.update(phase="EXEC")
    assert chairman_client.post("/sds/SD-NEW-1/edit/", opened | {"title": "New"}).status_code == 302
    opened = fields(chairman_client.get("/budget/"))
    BudgetRule.objects.update(enabled=False)
    assert chairman_client.post("/budget/", opened | {"limit": "600k"}).status_code == 302
