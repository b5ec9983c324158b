"""A paused SD on its page: the Chairman approves tokens for it, or stops it."""

import pytest
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.directives.models import Status, StrategicDirective
from allocation.policy.recommend import Outcome
from tests.factories import DecisionFactory, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def paused(db: None) -> StrategicDirective:
    return StrategicDirectiveFactory(code="SD-P", phase="EXEC", status=Status.PAUSED)


def test_the_page_of_the_sd_asks_the_chairman(
    chairman_client: Client, operator_client: Client, paused: StrategicDirective
) -> None:
    assert "approve-tokens" in chairman_client.get("/sds/SD-P/").text
    text = operator_client.get("/sds/SD-P/").text
    assert "<strong>Paused:</strong>" in text
    for button in ("approve-tokens", "Defer SD", "Resume SD", "Archive SD"):
        assert button not in text


def test_tokens_are_approved(chairman_client: Client, paused: StrategicDirective) -> None:
    given = {"amount": "20k", "reason": "It ends today."}
    said = chairman_client.post("/sds/SD-P/approve/", given, follow=True)
    assert "Approved 20,000 tokens: SD-P goes on." in said.text
    paused.refresh_from_db()
    assert (paused.status, paused.approved_up_to) == (Status.IN_PROGRESS, 20_000)
    again = chairman_client.post("/sds/SD-P/approve/", given)
    assert (again.status_code, "not paused any more" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"amount": ""}, "Say how many tokens"),
        ({"amount": "0"}, "Approve at least one token"),
        ({"amount": "lots"}, "lots"),
        ({"amount": "999999999999999"}, "more than one SD can burn"),
        ({"reason": "  "}, "Say why: an approval needs a reason."),
    ],
)
def test_what_is_wrong_is_said(
    chairman_client: Client,
    paused: StrategicDirective,
    wrong: dict[str, str],
    sentence: str,
) -> None:
    given = {"amount": "20k", "reason": "<i>kept</i>"} | wrong
    said = chairman_client.post("/sds/SD-P/approve/", given)
    assert (said.status_code, sentence in said.text) == (422, True)
    assert ("&lt;i&gt;kept" in said.text) is ("reason" not in wrong)


def test_it_is_stopped(chairman_client: Client, paused: StrategicDirective) -> None:
    assert chairman_client.get("/sds/SD-P/stop/").status_code == 200
    assert chairman_client.post("/sds/SD-P/stop/", {"reason": ""}).status_code == 422
    said = chairman_client.post("/sds/SD-P/stop/", {"reason": "Enough."}, follow=True)
    assert "Stopped SD-P." in said.text
    paused.refresh_from_db()
    assert paused.status == Status.ARCHIVED
    assert AuditEntry.objects.get(action="SD stop").reason == "Enough."


def test_a_paused_run_is_explained_without_zones(viewer_client: Client) -> None:
    decision = DecisionFactory(outcome=Outcome.PAUSE, recommended=None, reason="SD-P is paused.")
    page = viewer_client.get(f"/decisions/{decision.pk}/")
    assert page.status_code == 200
    assert "SD-P is paused." in page.text
    assert page.context["page"].zones == []
    assert "refused in every zone" in page.text
