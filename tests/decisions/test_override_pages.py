"""The page of overrides: read by everybody, written by the Chairman."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.floors.models import Override
from allocation.usage.standing import running_week
from tests.factories import (
    DecisionFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
)

pytestmark = pytest.mark.django_db

URL = "/overrides/"
OWNERS = ZoneInfo("America/Los_Angeles")
GIVEN = {
    "sub_agent": "DOCMON",
    "phase": "all",
    "tier": "opus",
    "scope": "all",
    "sd": "",
    "until": "",
    "reason": "A release depends on it.",
}


def day(days: int) -> str:
    return f"{timezone.localdate(timezone=OWNERS) + timedelta(days=days):%Y-%m-%d}"


def in_force(**columns: Any) -> Override:
    return OverrideFactory(**{"expires_at": timezone.now() + timedelta(days=1), **columns})


def test_a_decision_leads_to_the_form_with_what_it_is_about(
    chairman_client: Client, viewer_client: Client
) -> None:
    path = f"/decisions/{DecisionFactory(sub_agent='DOCMON', phase='PLAN').pk}/"
    link = "/overrides/?sub_agent=DOCMON&amp;phase=PLAN#give"
    assert link in chairman_client.get(path).text
    assert link not in viewer_client.get(path).text
    text = chairman_client.get("/overrides/?sub_agent=DOCMON&phase=PLAN").text
    assert '<option value="DOCMON" selected>' in text
    assert '<option value="PLAN" selected>' in text


@pytest.mark.parametrize("query", ["sub_agent=nobody&phase=x", "sub_agent=%00&phase="])
def test_what_is_not_there_chooses_nothing(chairman_client: Client, query: str) -> None:
    page = chairman_client.get(f"{URL}?{query}")
    assert page.status_code == 200
    assert " selected>DOCMON" not in page.text


class TestReading:
    def test_it_says_who_why_until_when_and_how_often(self, viewer_client: Client) -> None:
        override = in_force(
            sub_agent=SubAgentFactory(code="DOCMON"), sd_code="SD-A", reason="<b>Now</b>"
        )
        DecisionFactory.create_batch(2, override=override, at=timezone.now())
        DecisionFactory.create_batch(38, at=timezone.now())
        page = viewer_client.get(URL)
        row = page.context["page"].in_force[0]
        assert (row.sub_agent, row.scope, row.tier, row.used) == ("DOCMON", "SD-A", "opus", 2)
        assert "&lt;b&gt;Now" in page.text
        assert "5% of this week’s decisions were overridden, needs tuning: 2 of 40" in page.text
        assert "Give override" not in page.text

    def test_what_is_past_says_how_and_when_it_ended(self, viewer_client: Client) -> None:
        now = timezone.now()
        revoked_at, expired_at = now - timedelta(days=2), now - timedelta(days=1)
        in_force(uses_left=0)
        in_force(revoked_at=revoked_at, revoked_by="chairman")
        in_force(expires_at=expired_at)
        answer = viewer_client.get(URL)
        page = answer.context["page"]
        assert not page.in_force
        assert {(row.ended, row.ended_at) for row in page.past} == {
            ("used up", None),
            ("revoked by chairman", revoked_at),
            ("expired", expired_at),
        }
        assert revoked_at.isoformat(timespec="seconds")[:10] in answer.text

    def test_without_decisions_there_is_no_rate(self, viewer_client: Client) -> None:
        assert "there is no rate of overrides" in viewer_client.get(URL).text

    def test_many_ask_as_much_as_one(self, chairman_client: Client) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert chairman_client.get(URL).status_code == 200
            return len(captured)

        in_force()
        in_force(uses_left=0)
        few = queries()
        for _ in range(15):
            DecisionFactory(override=in_force(), at=timezone.now())
            in_force(uses_left=0)
        assert queries() == few


class TestGiving:
    def test_by_default_it_acts_until_the_week_ends(self, chairman_client: Client) -> None:
        said = chairman_client.post(URL, GIVEN, follow=True)
        assert "Override given: DOCMON, all phases on opus." in said.text
        override = Override.objects.get()
        assert override.expires_at == running_week(timezone.now()).window.end
        assert (override.actor, override.sd_code, override.uses_left) == ("chairman", "", None)
        assert AuditEntry.objects.get().action == "override creation"

    def test_a_day_is_meant_to_its_end(self, chairman_client: Client) -> None:
        chairman_client.post(URL, GIVEN | {"until": day(3)})
        local = timezone.localtime(Override.objects.get().expires_at, OWNERS)
        assert f"{local:%Y-%m-%d %H:%M}" == f"{day(3)} 23:59"

    def test_it_may_be_for_one_sd_or_one_run(self, chairman_client: Client) -> None:
        StrategicDirectiveFactory(code="SD-A")
        chairman_client.post(URL, GIVEN | {"scope": "sd", "sd": "SD-A"})
        chairman_client.post(URL, GIVEN | {"scope": "run", "phase": "EXEC"})
        found = Override.objects.order_by("id").values_list("sd_code", "phase", "uses_left")
        assert list(found) == [("SD-A", "", None), ("", "EXEC", 1)]

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"reason": "   "}, "Say why: an override needs a reason."),
            ({"reason": "\u200b\u2060"}, "Say why: an override needs a reason."),
            ({"until": "2020-01-01"}, "The expiry lies in the past"),
            ({"until": "9999-12-31"}, "An override lasts 366 days at most"),
            ({"until": "0001-01-01"}, "The expiry lies in the past"),
            ({"until": "soon"}, "Enter a valid date."),
            ({"scope": "sd"}, "Choose the SD whose runs it acts on."),
            ({"sd": "SD-A"}, "It would act on all runs"),
            ({"scope": "sd", "sd": "SD-NONE"}, "Select a valid choice."),
            ({"sub_agent": "SECURITY", "tier": "haiku"}, "SECURITY never runs below opus"),
            ({"sub_agent": "NOBODY"}, "Select a valid choice."),
            ({"phase": "NEVER"}, "Select a valid choice."),
        ],
    )
    def test_what_is_wrong_is_said_and_the_input_stays(
        self, chairman_client: Client, wrong: dict[str, str], sentence: str
    ) -> None:
        StrategicDirectiveFactory(code="SD-A")
        said = chairman_client.post(URL, GIVEN | {"reason": "<i>kept</i>"} | wrong)
        assert said.status_code == 422
        assert sentence in said.text
        if "reason" not in wrong:
            assert "&lt;i&gt;kept" in said.text
        assert not Override.objects.exists()

    def test_more_than_a_year_ahead_is_refused_on_the_day(self, chairman_client: Client) -> None:
        assert chairman_client.post(URL, GIVEN | {"until": day(367)}).status_code == 422
        assert chairman_client.post(URL, GIVEN | {"until": day(365)}).status_code == 302

    def test_the_same_twice_is_refused(self, chairman_client: Client) -> None:
        chairman_client.post(URL, GIVEN)
        said = chairman_client.post(URL, GIVEN)
        assert (said.status_code, "by an override of chairman already" in said.text) == (422, True)


class TestRevoking:
    def test_it_ends_with_a_reason(self, chairman_client: Client) -> None:
        override = in_force()
        url = f"{URL}{override.pk}/revoke/"
        assert chairman_client.get(url).status_code == 200
        assert chairman_client.post(url, {"reason": " "}).status_code == 422
        assert (
            "Revoked the override"
            in chairman_client.post(url, {"reason": "Done."}, follow=True).text
        )
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.reason) == ("override revocation", "Done.")
        said = chairman_client.post(url, {"reason": "Again."})
        assert (said.status_code, "was revoked already" in said.text) == (422, True)

    def test_one_that_is_not_there_is_not_found(self, chairman_client: Client) -> None:
        assert chairman_client.get(f"{URL}404/revoke/").status_code == 404


def test_only_the_chairman_overrides(viewer_client: Client, operator_client: Client) -> None:
    override = in_force()
    for other in (viewer_client, operator_client):
        assert other.get(URL).status_code == 200
        refused = other.post(URL, GIVEN)
        assert refused.status_code == 403
        assert "Only the Chairman&#x27;s account may override" in refused.text
        assert other.post(f"{URL}{override.pk}/revoke/", {"reason": "x"}).status_code == 403
    assert Client().get(URL).status_code == 302
    assert Override.objects.in_force(timezone.now()).count() == 1
