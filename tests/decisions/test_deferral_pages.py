"""The deferral queue and the proposals for it, as a person sees them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.budgets.operations import ensure_week
from allocation.decisions.models import DeferredRun
from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.directives.queue import deferred_sds, next_sd
from allocation.directives.steps import defer_sd
from allocation.floors.models import Override
from allocation.forecasts.models import Forecast, Occasion
from allocation.policy.recommend import Outcome
from tests.factories import (
    BudgetRuleFactory,
    DecisionFactory,
    StrategicDirectiveFactory,
)

pytestmark = pytest.mark.django_db

URL = "/deferrals/"


def deferred(code: str, **columns: Any) -> StrategicDirective:
    row = StrategicDirectiveFactory(code=code, **columns)
    return defer_sd(row=row, actor="chairman", now=timezone.now(), reason="<b>Later</b>")


def waiting_run(position: int = 1, **columns: Any) -> DeferredRun:
    decision = DecisionFactory(
        sub_agent="SECURITY",
        outcome=Outcome.DEFER,
        recommended=None,
        floor="opus",
        reason="<b>RED zone</b>",
        **columns,
    )
    return DeferredRun.objects.create(
        decision=decision,
        sub_agent=decision.sub_agent,
        phase=decision.phase,
        sd=decision.sd,
        at=timezone.now(),
        position=position,
    )


def forecast(chance: str) -> None:
    now = timezone.now()
    Forecast.objects.create(
        week=ensure_week(now=now),
        made_at=now,
        hour=now.replace(minute=0, second=0, microsecond=0),
        hours_in=10,
        occasion=Occasion.HOUR,
        method="linear",
        version="1",
        inputs_digest="",
        chosen=True,
        used=1,
        effective_limit=2,
        exhaustion_chance=Decimal(chance),
    )


class TestQueue:
    def test_everybody_reads_what_waits_and_why(self, viewer_client: Client) -> None:
        deferred("SD-A")
        waiting_run(sd=StrategicDirectiveFactory(code="SD-B"))
        StrategicDirectiveFactory(code="SD-C", phase="EXEC", status=Status.PAUSED)
        text = viewer_client.get(URL).text
        for part in ("SD-A", "&lt;b&gt;Later", "SD-B", "&lt;b&gt;RED zone", "SD-C"):
            assert part in text
        for button in ("Move up", "Run now anyway", "Remove run", "Approve tokens", "Resume SD"):
            assert button not in text

    def test_an_empty_queue_says_so(self, chairman_client: Client) -> None:
        text = chairman_client.get(URL).text
        assert "No SD is put off." in text
        assert "No run is put off." in text

    def test_many_ask_as_much_as_one(self, chairman_client: Client) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert chairman_client.get(URL).status_code == 200
            return len(captured)

        def one(number: int) -> None:
            deferred(f"SD-D{number}")
            sd = StrategicDirectiveFactory(code=f"SD-P{number}", status=Status.PAUSED, phase="EXEC")
            waiting_run(number, sd=sd)

        forecast("0.9")
        one(1)
        few = queries()
        for number in range(2, 15):
            one(number)
        assert queries() == few

    def test_an_operator_puts_it_in_order(self, operator_client: Client) -> None:
        for code in ("SD-A", "SD-B", "SD-C"):
            deferred(code)
        said = operator_client.post(f"{URL}sds/SD-C/up/", follow=True)
        assert "SD-C moved up." in said.text
        operator_client.post(f"{URL}sds/SD-A/down/")
        assert [sd.code for sd in deferred_sds()] == ["SD-C", "SD-A", "SD-B"]
        actors = AuditEntry.objects.filter(action="deferral order").values_list("actor", flat=True)
        assert list(actors) == ["operator", "operator"]

    def test_the_order_of_the_queue_decides_who_is_next(self) -> None:
        StrategicDirectiveFactory(code="SD-NEW", created_at=timezone.now() - timedelta(days=9))
        first = deferred("SD-A")
        StrategicDirective.objects.filter(pk=first.pk).update(status=Status.PROPOSED)
        assert next_sd() == first

    def test_what_waits_no_longer_does_not_move(self, chairman_client: Client) -> None:
        StrategicDirectiveFactory(code="SD-A")
        said = chairman_client.post(f"{URL}sds/SD-A/up/", follow=True)
        assert "It does not wait in the queue any more." in said.text
        row = waiting_run()
        DeferredRun.objects.update(released_at=timezone.now())
        said = chairman_client.post(f"{URL}runs/{row.pk}/down/", follow=True)
        assert "It does not wait in the queue any more." in said.text

    def test_a_run_moves_and_is_removed(self, operator_client: Client) -> None:
        waiting_run(1, phase="PLAN")
        row = waiting_run(2)
        operator_client.post(f"{URL}runs/{row.pk}/up/")
        assert DeferredRun.objects.first() == row
        url = f"{URL}runs/{row.pk}/drop/"
        assert operator_client.get(url).status_code == 200
        assert operator_client.post(url, {"reason": " "}).status_code == 422
        operator_client.post(url, {"reason": "Not needed."})
        assert operator_client.post(url, {"reason": "Not needed."}).status_code == 422
        row.refresh_from_db()
        assert row.released_by == "operator"

    def test_the_chairman_lets_a_run_go_by_an_override(self, chairman_client: Client) -> None:
        row = waiting_run(sd=StrategicDirectiveFactory(code="SD-A"))
        url = f"{URL}runs/{row.pk}/run/"
        page = chairman_client.get(url)
        assert page.context["form"]["tier"].value() == "opus"
        refused = chairman_client.post(url, {"tier": "haiku", "reason": "Now."})
        assert (refused.status_code, "never runs below opus" in refused.text) == (422, True)
        assert chairman_client.post(url, {"tier": "opus", "reason": " "}).status_code == 422
        said = chairman_client.post(url, {"tier": "opus", "reason": "Now."}, follow=True)
        assert "Override given: SECURITY, EXEC, SD-A, one run on opus." in said.text
        assert Override.objects.get().reason == "Now."
        assert "No run is put off." in said.text

    def test_while_its_sd_is_held_what_to_do_first_is_said(self, chairman_client: Client) -> None:
        row = waiting_run(sd=StrategicDirectiveFactory(phase="EXEC", status=Status.PAUSED))
        page = chairman_client.get(f"{URL}runs/{row.pk}/run/", follow=True)
        assert page.redirect_chain == [(URL, 302)]
        assert "is paused: approve tokens for it first." in page.text


class TestProposals:
    @pytest.fixture
    def rivals(self, db: None) -> None:
        StrategicDirectiveFactory(code="SD-CRITICAL", critical=True)
        StrategicDirectiveFactory(code="SD-LOW", priority=Priority.LOW)
        StrategicDirectiveFactory(code="SD-LOW-2", priority=Priority.LOW, phase="PLAN")

    def test_they_are_on_the_page_and_on_the_list(
        self, viewer_client: Client, rivals: None
    ) -> None:
        for url in (URL, "/sds/"):
            assert "probably runs out" not in viewer_client.get(url).text
        forecast("0.62")
        for url in (URL, "/sds/"):
            text = viewer_client.get(url).text
            assert "probably runs out" in text
            assert "62%" in text
        assert "Defer all" not in viewer_client.get(URL).text

    def test_the_chairman_confirms_one_and_then_all(
        self, chairman_client: Client, rivals: None
    ) -> None:
        forecast("0.5")
        said = chairman_client.post(f"{URL}confirm/", {"sd": "SD-LOW"}, follow=True)
        assert "Deferred to the next budget week: SD-LOW." in said.text
        assert "Defer all 1 SD<" in said.text
        chairman_client.post(f"{URL}confirm/")
        assert [sd.code for sd in deferred_sds()] == ["SD-LOW", "SD-LOW-2"]
        reason = "The week runs out with a chance of 50%, and critical SDs are pending."
        assert {sd.deferral_reason for sd in deferred_sds()} == {reason}
        assert AuditEntry.objects.filter(action="SD deferral", reason=reason).count() == 2

    @pytest.mark.parametrize("sent", [{}, {"sd": "SD-CRITICAL"}, {"sd": "SD-NONE"}])
    def test_only_what_is_proposed_is_deferred(
        self, chairman_client: Client, rivals: None, sent: dict[str, str]
    ) -> None:
        forecast("0.9" if sent else "0.1")
        said = chairman_client.post(f"{URL}confirm/", sent, follow=True)
        assert "That is not proposed for deferral any more." in said.text
        assert not deferred_sds()

    def test_off_forecasts_nothing(self, viewer_client: Client, rivals: None) -> None:
        forecast("0.9")
        BudgetRuleFactory(enabled=False)
        assert "probably runs out" not in viewer_client.get(URL).text


CHAIRMANS = ["confirm/", "runs/{}/run/", "/sds/SD-P/approve/", "/sds/SD-P/stop/"]
OPERATORS = ["sds/SD-P/up/", "runs/{}/down/", "runs/{}/drop/"]


@pytest.mark.parametrize("path", CHAIRMANS + OPERATORS)
def test_each_role_does_what_it_may(
    path: str, viewer_client: Client, operator_client: Client
) -> None:
    row = waiting_run()
    StrategicDirectiveFactory(code="SD-P", phase="EXEC", status=Status.PAUSED)
    url = (path if path.startswith("/") else URL + path).format(row.pk)
    sent = {"reason": "x", "amount": "5", "tier": "opus"}
    assert Client().post(url, sent)["Location"].startswith("/accounts/login/")
    assert viewer_client.post(url, sent).status_code == 403
    assert (operator_client.post(url, sent).status_code == 403) is (path in CHAIRMANS)
    assert not Override.objects.exists()


@pytest.mark.parametrize("path", ["confirm/", "sds/SD-P/up/", "runs/1/down/"])
def test_a_get_changes_nothing(path: str, chairman_client: Client) -> None:
    assert chairman_client.get(URL + path).status_code == 405


def test_the_week_page_counts_what_waits(viewer_client: Client) -> None:
    assert "Waiting" not in viewer_client.get("/").text
    deferred("SD-A")
    waiting_run()
    StrategicDirectiveFactory(code="SD-P", phase="EXEC", status=Status.PAUSED)
    text = viewer_client.get("/").text
    for part in ("1 SD paused</a>", "1 SD deferred</a>", "1 run deferred</a>"):
        assert part in text
