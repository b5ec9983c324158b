"""The data readiness page: counts, shares, and what to do about each gap."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.budgets.operations import set_limit
from allocation.directives.models import Status
from allocation.forecasts.models import Occasion
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.forecasts.record import forecast_record
from allocation.policy.quality import EventKind
from allocation.reports.models import QualityEvent
from allocation.reports.readiness import ReadinessRow, readiness_page
from tests.factories import (
    NOW,
    WEEK_START,
    CheckpointFactory,
    DecisionFactory,
    StrategicDirectiveFactory,
)

pytestmark = pytest.mark.django_db

Burn = Callable[..., None]


def row(title: str) -> ReadinessRow:
    return next(row for row in readiness_page(NOW).rows if row.title == title)


def said(title: str) -> tuple[str, str]:
    found = row(title)
    return found.share, found.readiness


def test_without_data_only_the_limit_is_judged() -> None:
    page = readiness_page(NOW)
    assert page.summary == "0 of 13 kinds of data are ready; 12 have no data yet."
    assert said("Weekly budget limit") == ("0%", "not ready")
    assert {row.share for row in page.rows[1:]} == {"–"}
    assert all(row.todo for row in page.rows)


def test_a_limit_that_was_set_is_no_guess() -> None:
    set_limit(limit=Decimal(750_000), actor="chairman", now=NOW)
    found = row("Weekly budget limit")
    assert (found.readiness, found.counts) == ("ready", "750,000 a week, set by hand")
    assert (found.todo, found.url) == ("Nothing to do.", "")


def test_tokens_say_how_much_of_them_is_named(burn: Burn) -> None:
    sd = StrategicDirectiveFactory()
    burn(60_000, sd=sd, phase="EXEC", sub_agent="DOCMON")
    burn(20_000, source="manual", sd=sd)
    burn(20_000, sub_agent="stranger", model="mystery-9", cache_read=5_000_000)
    assert said("Token counts") == ("80%", "needs calibration")
    assert said("Tokens by SD") == ("80%", "needs calibration")
    assert said("Tokens by phase") == ("60%", "needs calibration")
    assert said("Tokens by sub-agent") == ("80%", "needs calibration")
    assert said("Models and prices") == ("75%", "needs calibration")
    assert "unknown: mystery-9" in row("Models and prices").counts
    assert said("Sub-agent inventory") == ("50%", "needs calibration")
    assert "not registered: stranger" in row("Sub-agent inventory").counts


def test_what_is_older_than_eight_weeks_does_not_count(burn: Burn) -> None:
    burn(60_000, at=NOW - timedelta(weeks=9))
    assert said("Token counts") == ("–", "no data yet")


def test_runs_and_sds_say_what_is_missing() -> None:
    DecisionFactory.create_batch(3, observed="opus", result="passed")
    DecisionFactory()
    DecisionFactory(outcome="defer", recommended=None)  # it never ran
    assert said("Model truth") == ("75%", "needs calibration")
    assert said("Model performance") == ("75%", "needs calibration")
    told = StrategicDirectiveFactory(status=Status.COMPLETED, estimate=1_000)
    StrategicDirectiveFactory(status=Status.COMPLETED)
    StrategicDirectiveFactory(status=Status.ARCHIVED)
    CheckpointFactory(sd=told)
    CheckpointFactory(sd=told)
    kind = EventKind.REVIEW
    QualityEvent.objects.create(kind=kind, at=NOW, passed=1, failed=0, actor="x", sd=told)
    for title in ("Rework tracking", "Estimates", "Output quality"):
        assert said(title) == ("50%", "needs calibration")


@pytest.mark.parametrize(
    ("occasion", "share"), [(Occasion.CHECKPOINT, "–"), (Occasion.HOUR, "25%")]
)
def test_a_week_is_scored_where_the_forecasts_page_says_so_too(
    burn: Burn, occasion: Occasion, share: str
) -> None:
    burn(1_000, at=WEEK_START - timedelta(days=6))
    make_forecasts(now=WEEK_START - timedelta(days=5), occasion=occasion)
    assert score_closed_weeks(now=NOW)
    assert said("Forecast record")[0] == share
    assert forecast_record(NOW).scored_weeks == (0 if share == "–" else 1)


def test_everybody_reads_it_and_nobody_without_signing_in(
    viewer_client: Client, client: Client
) -> None:
    text = viewer_client.get("/readiness/").content.decode()
    assert "Weekly budget limit" in text
    assert "/readiness/" in viewer_client.get("/kpis/").content.decode()
    assert client.get("/readiness/").status_code == 302
    assert viewer_client.post("/readiness/").status_code == 405


def test_queries_do_not_depend_on_what_there_is(chairman_client: Client, burn: Burn) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert chairman_client.get("/readiness/").status_code == 200
        return len(captured)

    burn(1_000, at=timezone.now())
    few = queries()
    for number in range(10):
        sd = StrategicDirectiveFactory(status=Status.COMPLETED)
        burn(1_000, at=timezone.now(), model=f"model-{number}", sub_agent=f"A-{number}", sd=sd)
        DecisionFactory(sd=sd, at=timezone.now())
    assert queries() == few
