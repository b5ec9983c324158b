"""The log of checkpoints, and the page of one SD."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.budgets.operations import ensure_weeks
from allocation.directives.models import Status, StrategicDirective
from allocation.forecasts.operations import make_forecasts
from tests.checkpoints.conftest import captured
from tests.factories import (
    CheckpointFactory,
    DecisionFactory,
    SdTokenLogFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)


class TestReading:
    def test_the_log_asks_as_much_for_many_as_for_one(self, viewer_client: Client) -> None:
        CheckpointFactory()
        with CaptureQueriesContext(connection) as one:
            viewer_client.get("/checkpoints/")
        CheckpointFactory.create_batch(60)
        with CaptureQueriesContext(connection) as many:
            page = viewer_client.get("/checkpoints/")
        assert len(many) == len(one)
        assert "1 to 50 of 61" in page.text
        assert "51 to 61 of 61" in viewer_client.get("/checkpoints/?page=2").text

    def test_the_log_can_be_that_of_one_sd(self, viewer_client: Client, sd: object) -> None:
        CheckpointFactory(sd=sd, note="<b>bold</b>")
        CheckpointFactory()
        page = viewer_client.get("/checkpoints/?sd=SD-PERF-OPT-001")
        assert len(page.context["page"].rows) == 1
        assert "&lt;b&gt;bold" in page.text
        assert "Correct" not in page.text

    def test_an_empty_log_says_so(self, viewer_client: Client, chairman_client: Client) -> None:
        for client in (viewer_client, chairman_client):
            assert "No checkpoint is logged yet." in client.get("/checkpoints/").text

    def test_an_sd_shows_all_that_is_known_of_it(
        self, chairman_client: Client, sd: StrategicDirective
    ) -> None:
        sd.title, sd.estimate = "<i>Faster</i>", 5_000
        sd.save()
        captured(sd, "LEAD", sub_agent="TESTING", input=4_000, output=1_500)
        captured(sd, "", sub_agent="", input=500, output=0)
        SdTokenLogFactory(sd=sd, rework_cycles=2, lines_modified=40)
        CheckpointFactory(sd=sd)
        DecisionFactory(sd=sd)
        page = chairman_client.get("/sds/SD-PERF-OPT-001/")
        shown = page.context["page"]
        assert [fact.value for fact in shown.facts] == ["6,000", "5,000", "2", "40"]
        assert shown.facts[1].note == "20% above it"
        assert [row.phase for row in shown.phases] == ["LEAD", "PLAN", "EXEC", "No phase named"]
        assert [row.sub_agent for row in shown.agents] == ["TESTING", "main thread"]
        assert shown.ahead.runs
        assert "&lt;i&gt;Faster" in page.text

    def test_an_sd_asks_as_much_for_many_as_for_one(
        self, viewer_client: Client, sd: StrategicDirective
    ) -> None:
        def fill(count: int) -> None:
            CheckpointFactory.create_batch(count, sd=sd)
            DecisionFactory.create_batch(count, sd=sd)
            for n in range(count):
                captured(sd, "LEAD", sub_agent=f"AGENT-{n}")

        fill(1)
        with CaptureQueriesContext(connection) as one:
            viewer_client.get("/sds/SD-PERF-OPT-001/")
        fill(20)
        with CaptureQueriesContext(connection) as many:
            page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        assert len(many) == len(one) < 40
        assert len(page.context["page"].decisions) == 20

    def test_what_is_ahead_says_its_evidence_and_the_chance_of_each_zone(
        self, chairman_client: Client
    ) -> None:
        sd = StrategicDirectiveFactory(estimate=90_000)
        early = chairman_client.get(f"/sds/{sd.code}/").content.decode()
        assert "Too early to say how likely each zone is" in early
        now = timezone.now()
        for weeks in range(1, 4):
            record = UsageRecordFactory(at=now - timedelta(weeks=weeks), input=90_000, output=0)
            rebuild_hours([record.hour])
        ensure_weeks(since=now - timedelta(weeks=4), now=now)
        make_forecasts(now=now)
        shown = chairman_client.get(f"/sds/{sd.code}/").content.decode()
        assert "fresh tokens, from the SD’s own estimate." in shown
        assert "Without this SD" in shown
        assert "none from this part of a week has been scored yet" in shown

    @pytest.mark.parametrize("besides", [0, 1_000])
    def test_the_main_threads_part_is_said_where_there_is_any(
        self, besides: int, viewer_client: Client, sd: StrategicDirective
    ) -> None:
        for number in range(3):
            done = StrategicDirectiveFactory(code=f"SD-DONE-{number}", status="completed")
            captured(done, "LEAD", sub_agent="TESTING", input=4_000, output=0)
            captured(done, "LEAD", sub_agent="", input=besides, output=0)
        page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        assert "from 3 SDs of this complexity" in page.text
        assert ("on the main thread" in page.text) == bool(besides)

    def test_of_a_phase_that_has_begun_what_follows_is_ahead(
        self, viewer_client: Client, sd: StrategicDirective
    ) -> None:
        page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        assert "already" not in page.text
        captured(sd, "LEAD", input=9_000, output=1_000)
        page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        said = "Of LEAD, which has burned 10,000 already, only what usually follows counts."
        assert said in page.text
        captured(sd, "LEAD", input=400_000, output=0)
        page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        assert "LEAD has burned 410,000 already, more than the " in page.text
        assert "expected at most: what it has left is a guess." in page.text

    def test_a_change_of_zone_and_what_is_not_allowed_are_said(
        self, viewer_client: Client, sd: StrategicDirective
    ) -> None:
        sd.estimate = 900_000
        sd.save()
        page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        assert "This SD would take the week from Green to Red" in page.text
        captured(sd, "EXEC", input=480_000, output=0)
        page = viewer_client.get("/sds/SD-PERF-OPT-001/")
        assert "Not allowed now:" in page.text

    @pytest.mark.parametrize("status", Status)
    def test_an_sd_has_a_page_in_every_state(self, chairman_client: Client, status: Status) -> None:
        StrategicDirectiveFactory(code="SD-A", status=status, deferral_reason="")
        page = chairman_client.get("/sds/SD-A/")
        assert status.label.capitalize() in page.text
        over = status in {Status.COMPLETED, Status.ARCHIVED}
        assert ("Log checkpoint" in page.text) is not over

    def test_no_such_sd_is_not_found(self, viewer_client: Client) -> None:
        assert viewer_client.get("/sds/SD-NOPE/").status_code == 404

    @pytest.mark.parametrize("key", ["0", "x", "-1", "9" * 5000])
    def test_no_such_import_is_not_found(self, viewer_client: Client, key: str) -> None:
        assert viewer_client.get("/checkpoints/", {"import": key}).status_code == 404


NOTHING = "Nothing is counted, logged or decided for this SD yet."


def test_an_sd_that_nothing_is_known_of_says_so_once(viewer_client: Client) -> None:
    StrategicDirectiveFactory(code="SD-NEW-1")
    text = viewer_client.get("/sds/SD-NEW-1/").text
    assert NOTHING in text
    assert "Tokens by phase" not in text


def test_an_sd_that_has_started_shows_its_checkpoints_and_no_zeros(viewer_client: Client) -> None:
    CheckpointFactory(sd__code="SD-NEW-1", sd__phase="LEAD", kind="sd_start_lead", tokens=None)
    text = viewer_client.get("/sds/SD-NEW-1/").text
    assert NOTHING not in text
    assert ">Checkpoints</h2>" in text
    assert "Tokens by phase" not in text


@pytest.mark.parametrize(
    ("status", "note"),
    [(Status.PROPOSED, "none given; see what is ahead"), (Status.COMPLETED, "none given")],
)
def test_a_missing_estimate_points_ahead_only_where_something_is(
    viewer_client: Client, status: Status, note: str
) -> None:
    StrategicDirectiveFactory(code="SD-NEW-1", status=status, estimate=None)
    facts = viewer_client.get("/sds/SD-NEW-1/").context["page"].facts
    assert [fact.note for fact in facts if fact.label == "Estimate"] == [note]
