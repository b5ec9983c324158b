"""SDs in words: the last ten below the weekly audits, and how much of one is shown at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.directives.models import Status
from allocation.reports.facts import SdWeekFacts
from allocation.reports.last_sds import LAST_SDS, last_sds_page
from allocation.reports.sd_audit import rework_rate_of
from allocation.reports.sd_words import rate_verdict, sd_row
from tests.factories import NOW, CheckpointFactory, DecisionFactory, StrategicDirectiveFactory

FACTS = SdWeekFacts(
    "SD-A", "", 3, "in progress", "EXEC", False, 100, {"haiku": 100}, 100, None, 0, 0
)


@pytest.mark.parametrize(("given", "shown", "more"), [(0, 0, 0), (3, 3, 0), (5, 3, 2)])
def test_only_the_first_overrides_are_shown_at_once(given: int, shown: int, more: int) -> None:
    row = sd_row(replace(FACTS, overrides=[f"{number}" for number in range(given)]))
    assert (len(row.overrides), len(row.more_overrides)) == (shown, more)


@pytest.mark.django_db
def test_the_last_ten_are_those_that_ended_last(chairman_client: Client) -> None:
    for number in range(LAST_SDS + 2):
        at = NOW - timedelta(days=number)
        sd = StrategicDirectiveFactory(
            code=f"SD-{number}", status=Status.COMPLETED, started_at=at, completed_at=at
        )
    DecisionFactory(sd=sd)  # of one that is not shown
    StrategicDirectiveFactory(code="SD-NEVER-STARTED")
    page = last_sds_page(NOW)
    assert [row.code for row in page.sds] == [f"SD-{number}" for number in range(LAST_SDS)]
    text = chairman_client.get("/audit/").content.decode()
    assert "Last ten SDs" in text
    assert "SD-9" in text
    assert "SD-10" not in text


@pytest.mark.django_db
def test_without_any_sd_the_page_says_so(chairman_client: Client) -> None:
    assert "No SD has been started yet." in chairman_client.get("/audit/").content.decode()


@pytest.mark.django_db
def test_the_queries_do_not_grow_with_the_sds() -> None:
    counts = []
    for _ in range(2):
        sd = StrategicDirectiveFactory(phase="EXEC")
        CheckpointFactory(sd=sd)
        DecisionFactory(sd=sd, override_reason="Saving")
        with CaptureQueriesContext(connection) as captured:
            last_sds_page(NOW)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_rate_without_a_target_is_not_judged_and_not_without_data() -> None:
    said = rate_verdict("Rework rate of SDs", rework_rate_of(1, 4, ""), "SDs with rework")
    assert (said.value, said.band) == ("25%", "not judged")
    assert said.rests_on == "1 of 4 SDs with rework; no tier that has a target is known"
    assert rate_verdict("Rework", rework_rate_of(0, 0, ""), "SDs").band == "no data yet"
