"""The page of the optimizer: read by everybody, acted on by the Chairman."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.floors.models import ModelCeiling
from allocation.optimizer import top
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.words import saving
from allocation.policy.meter import US_DOLLARS
from tests.factories import (
    BudgetRuleFactory,
    MeterFactory,
    ModelFloorFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
)
from tests.optimizer.conftest import Ran

pytestmark = pytest.mark.django_db

URL = "/optimize/"
APPLY = "/optimize/apply/DOCMON/PLAN/haiku/"
WHY = {"reason": "Template work."}


def undo_url() -> str:
    return f"/optimize/changes/{AppliedChange.objects.get().pk}/undo/"


class TestReading:
    def test_a_new_fleet_is_guessed_at_and_told_so(self, viewer_client: Client) -> None:
        page = viewer_client.get(URL)
        assert "Nothing is measured yet: guessed from the registered tokens per run" in page.text
        assert "No change has been applied yet." in page.text
        for dollars in ("$0.08", "$0.20", "$0.31", "$0.15", "$0.34", "$0.48"):
            assert dollars in page.text
        assert "The ranks disagree: haiku by budget tokens and dollars; opus by quality." in (
            page.text
        )

    def test_a_viewer_and_an_operator_see_it_and_are_offered_nothing(
        self, viewer_client: Client, operator_client: Client
    ) -> None:
        for client in (viewer_client, operator_client):
            page = client.get(URL)
            assert page.context["page"].opportunities
            assert "Apply change" not in page.text
            assert "The Chairman applies them." in page.text

    def test_where_quality_says_no_nothing_is_offered(
        self, chairman_client: Client, ran: Ran
    ) -> None:
        now = timezone.now()
        ran(3, at=now)
        ran(6, at=now, tier="haiku", result="passed")
        ran(4, at=now, tier="haiku", result="rework")
        page = chairman_client.get(URL)
        (row,) = page.context["page"].opportunities
        assert (row.verdict, row.allowed) == ("quality says no", False)
        assert "Apply change" not in page.text
        answer = chairman_client.post(APPLY, WHY, follow=True)
        assert "DOCMON in PLAN on haiku is not offered now." in answer.text
        assert not ModelCeiling.objects.exists()

    def test_in_dollars_and_without_anything_to_save(
        self, chairman_client: Client, ran: Ran
    ) -> None:
        BudgetRuleFactory(meter=MeterFactory(name="US dollars", weighting="dollars"), limit=100)
        ran(3, at=timezone.now())
        page = chairman_client.get(URL)
        assert "1 change could save about $0.06 a week (under 1% of the limit)." in page.text
        ModelFloorFactory(sub_agent=SubAgentFactory(code="DOCMON"), phase="PLAN")
        assert "Every sub-agent runs as low as its floor" in chairman_client.get(URL).text

    def test_what_nobody_gave_a_kind_of_work_is_said(self, viewer_client: Client) -> None:
        SubAgentFactory(code="NEWCOMER")
        assert "therefore not compared: NEWCOMER." in viewer_client.get(URL).text

    def test_much_asks_as_much_as_little(self, chairman_client: Client, ran: Ran) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert chairman_client.get(URL).status_code == 200
            assert all(query["sql"].startswith("SELECT") for query in captured)
            return len(captured)

        now = timezone.now()
        ran(3, at=now - timedelta(days=9))
        chairman_client.post(APPLY, WHY)
        ran(1, at=now)
        few = queries()
        for number in range(9):
            sd = StrategicDirectiveFactory(phase="EXEC")
            for code in ("RETRO", "GITHUB", "UAT"):
                at = now - timedelta(days=number)
                ran(2, at=at, sub_agent=code, phase="EXEC", sd=sd, complexity=number % 5 + 1)
        for code in ("RETRO", "GITHUB"):
            chairman_client.post(f"/optimize/apply/{code}/EXEC/haiku/", WHY)
        assert AppliedChange.objects.count() == 3
        assert queries() == few


class TestApplying:
    def test_it_asks_then_applies_then_undoes(self, chairman_client: Client, ran: Ran) -> None:
        ran(3, at=timezone.now())
        assert APPLY in chairman_client.get(URL).text
        asked = chairman_client.get(APPLY)
        assert "The ceiling of DOCMON in PLAN becomes haiku" in asked.text
        assert "Estimated to save 12,000 budget tokens a week." in asked.text
        assert not AppliedChange.objects.exists()

        applied = chairman_client.post(APPLY, WHY, follow=True)
        assert "Applied: DOCMON in PLAN: haiku instead of sonnet." in applied.text
        (row,) = applied.context["page"].changes
        assert (row.tiers, row.estimate, row.state) == ("sonnet → haiku", "12,000 a week", "stands")
        assert row.came.startswith("too few runs yet: 3 before and 0 after")
        assert applied.context["page"].opportunities == []

        assert "Its work may get sonnet again" in chairman_client.get(undo_url()).text
        undone = chairman_client.post(undo_url(), {"reason": "More rework."}, follow=True)
        assert "Undone: DOCMON, PLAN on haiku." in undone.text
        (row,) = undone.context["page"].changes
        assert (row.state, row.note, row.standing) == (
            "undone by chairman",
            "More rework.",
            False,
        )
        assert APPLY in undone.text
        assert not ModelCeiling.objects.exists()
        entry = AuditEntry.objects.get(action="optimisation undo")
        assert (entry.actor, entry.reason) == ("chairman", "More rework.")

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
    def test_a_reason_is_asked_for_beside_its_field(
        self, chairman_client: Client, reason: str
    ) -> None:
        answer = chairman_client.post(APPLY, {"reason": reason})
        assert answer.status_code == 422
        assert not AppliedChange.objects.exists()
        chairman_client.post(APPLY, WHY)
        assert chairman_client.post(undo_url(), {"reason": reason}).status_code == 422
        assert ModelCeiling.objects.exists()

    @pytest.mark.parametrize(
        "path",
        [
            "SECURITY/PLAN/sonnet",
            "VALIDATION/EXEC/sonnet",
            "DATABASE/EXEC/haiku",
            "NOBODY/PLAN/haiku",
            "DOCMON/LUNCH/haiku",
            "DOCMON/PLAN/sonnet",
        ],
    )
    def test_what_is_not_listed_cannot_be_applied(self, chairman_client: Client, path: str) -> None:
        answer = chairman_client.post(f"/optimize/apply/{path}/", WHY, follow=True)
        assert "is not offered now." in answer.text
        assert not AuditEntry.objects.exists()

    def test_a_change_is_undone_once(self, chairman_client: Client) -> None:
        chairman_client.post(APPLY, WHY)
        url = undo_url()
        chairman_client.post(url, WHY)
        again = chairman_client.post(url, WHY)
        assert again.status_code == 422
        assert "undone already, by chairman" in again.text
        assert chairman_client.get("/optimize/changes/0/undo/").status_code == 404

    def test_two_tabs_apply_once(self, chairman_client: Client) -> None:
        chairman_client.post(APPLY, WHY)
        again = chairman_client.post(APPLY, WHY, follow=True)
        assert "is not offered now." in again.text
        assert AppliedChange.objects.count() == 1

    def test_only_the_chairman_applies_and_undoes(
        self, chairman_client: Client, operator_client: Client, viewer_client: Client
    ) -> None:
        chairman_client.post(APPLY, WHY)
        for url in (undo_url(), "/optimize/apply/DOCMON/LEAD/haiku/"):
            for client in (operator_client, viewer_client):
                assert client.get(url).status_code == 403
                assert client.post(url, WHY).status_code == 403
            assert Client().post(url, WHY)["Location"].startswith("/accounts/login/")
            assert chairman_client.put(url).status_code == 405
        assert viewer_client.post(URL).status_code == 405
        assert AppliedChange.objects.filter(undone_at=None).count() == 1

    def test_what_is_typed_is_only_text(self, chairman_client: Client) -> None:
        page = chairman_client.post(APPLY, {"reason": "<b>Now</b>"}, follow=True)
        assert "&lt;b&gt;Now" in page.text
        assert "<b>Now" not in page.text


def test_the_week_page_has_the_first_three(viewer_client: Client) -> None:
    page = viewer_client.get("/")
    assert len(page.context["page"].optimisation.rows) == 3
    assert "Optimisation opportunities" in page.text
    assert "could save about" in page.text
    assert 'href="/optimize/"' in page.text


def test_the_week_page_keeps_them_until_something_is_edited(
    chairman_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first() -> str:
        row = chairman_client.get("/").context["page"].optimisation.rows[0]
        return f"{row.sub_agent}/{row.phase}/{row.to}"

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            chairman_client.get("/")
        return len(captured)

    anew, kept, place = queries(), queries(), first()
    assert kept < anew - 10
    chairman_client.post(f"/optimize/apply/{place}/", WHY)
    assert first() != place
    assert queries() == kept
    top.kept.forget()
    assert queries() == anew


def test_a_ceiling_is_edited_in_the_admin_with_a_reason(chairman_client: Client) -> None:
    docmon = SubAgentFactory(code="DOCMON")
    sent = {"sub_agent": docmon.pk, "phase": "PLAN", "rationale": ""}
    sent["tier"] = docmon.default_tier.pk
    url = "/admin/floors/modelceiling/"
    assert chairman_client.post(f"{url}add/", sent).status_code == 200  # asks for the reason
    answer = chairman_client.post(f"{url}add/", {**sent, "reason": "Enough."})
    assert answer.status_code == 302
    assert "sonnet" in chairman_client.get(url).text
    assert AuditEntry.objects.get().action == "ceiling creation"


@pytest.mark.parametrize(
    ("saved", "said"),
    [("0.0004", "under $0.01"), ("-0.0004", "−under $0.01"), ("0", "$0.00"), ("0.4321", "$0.43")],
)
def test_a_saving_of_less_than_a_cent_is_not_said_to_be_nothing(saved: str, said: str) -> None:
    assert saving(Fraction(saved), US_DOLLARS) == said
