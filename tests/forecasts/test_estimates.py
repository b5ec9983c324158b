"""Estimates of SDs: kept at the start, scored after completion, and never rewritten."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from allocation.checkpoints.models import Checkpoint
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.checkpoints.withdrawal import withdraw_checkpoint
from allocation.directives.models import StrategicDirective
from allocation.forecasts import estimates
from allocation.forecasts.estimates import (
    COUNTED_AFTER,
    estimate_of,
    estimate_record,
    score_estimates,
    store_estimate,
)
from allocation.forecasts.models import SdEstimate, SdEstimateScore
from allocation.policy.phases import CheckpointKind
from allocation.policy.preflight import Evidence, TokenRange
from allocation.rights.roles import Role, acting_as
from tests.factories import NOW, StrategicDirectiveFactory, UsageRecordFactory, rebuild_hours

pytestmark = pytest.mark.django_db

EXPECTED = TokenRange(800, 1_000, 1_500, Evidence.SUB_AGENT, 4)


def log(sd: StrategicDirective, kind: CheckpointKind, now: datetime, **times: datetime) -> None:
    entry = Entry(kind=kind, tokens=0)
    log_checkpoint(sd=sd, entry=entry, submission=uuid.uuid4(), actor="me", now=now, **times)


def completed(used: int) -> StrategicDirective:
    """An SD with an estimate that came to so many tokens, completed now."""
    sd = StrategicDirectiveFactory(status="completed")
    store_estimate(sd=sd, tokens=EXPECTED, by_agent=[("TESTING", "EXEC", EXPECTED)], now=NOW)
    if used:
        record = UsageRecordFactory(sd=sd, phase="EXEC", input=used, output=0, cache_read=9_999)
        rebuild_hours([record.hour])
    return sd


def test_an_sd_that_starts_keeps_what_it_is_expected_to_use() -> None:
    sd = StrategicDirectiveFactory(estimate=80_000)
    log(sd, CheckpointKind.START, NOW)
    row = SdEstimate.objects.get()
    assert (row.sd, row.made_at, row.evidence) == (sd, NOW, "the SD’s own estimate")
    assert row.low <= row.point <= row.high
    assert {part["phase"] for part in row.by_agent} == {"LEAD", "PLAN", "EXEC"}
    log(sd, CheckpointKind.LEAD_TO_PLAN, NOW + timedelta(hours=1))
    assert SdEstimate.objects.count() == 1


def test_what_is_logged_for_a_time_gone_by_keeps_no_estimate() -> None:
    log(StrategicDirectiveFactory(), CheckpointKind.START, NOW, at=NOW - timedelta(days=1))
    assert not SdEstimate.objects.exists()


def test_the_first_estimate_stays() -> None:
    sd = StrategicDirectiveFactory()
    assert store_estimate(sd=sd, tokens=EXPECTED, by_agent=[], now=NOW)
    assert not store_estimate(sd=sd, tokens=TokenRange(1, 2, 3, Evidence.SD), by_agent=[], now=NOW)
    assert SdEstimate.objects.get().point == 1_000


@pytest.mark.parametrize(("used", "inside"), [(799, False), (800, True), (1_500, True)])
def test_an_estimate_is_scored_once_its_sd_is_counted(used: int, inside: bool) -> None:
    completed(used)
    assert score_estimates(now=NOW + COUNTED_AFTER - timedelta(seconds=1)) == 0
    assert score_estimates(now=NOW + COUNTED_AFTER) == 1
    assert score_estimates(now=NOW + COUNTED_AFTER) == 0
    score = SdEstimateScore.objects.get()
    assert (score.actual, score.inside) == (used, inside)
    assert float(score.error or 0) == pytest.approx(abs(1_000 - used) / used, abs=1e-6)


def test_an_sd_that_used_nothing_has_no_error() -> None:
    completed(0)
    score_estimates(now=NOW + COUNTED_AFTER)
    assert SdEstimateScore.objects.get().error is None
    assert estimate_record(NOW + COUNTED_AFTER).error is None


def test_the_record_says_how_often_the_range_held(
    chairman_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for used in (900, 1_000, 4_000):
        completed(used)
    score_estimates(now=NOW + COUNTED_AFTER)
    record = estimate_record(NOW + COUNTED_AFTER)
    assert (record.inside, len(record.scores)) == ((2, 3), 3)
    assert record.error == pytest.approx(1 / 9, abs=1e-4)
    page = chairman_client.get("/forecasts/").content.decode()
    assert "In 2 of 3 SDs what came fell into the range; median error 11%." in page
    assert "Here are the newest" not in page
    monkeypatch.setattr(estimates, "MOST_SDS", 2)
    page = chairman_client.get("/forecasts/").text
    assert "median error 11%. Here are the newest 2." in page


def test_the_sd_shows_what_was_expected_and_what_came(chairman_client: Client) -> None:
    sd = completed(900)
    url = f"/sds/{sd.code}/"
    assert "range 800 to 1,500; from own history" in chairman_client.get(url).content.decode()
    score_estimates(now=NOW + COUNTED_AFTER)
    assert "900 came, inside 800 to 1,500" in chairman_client.get(url).content.decode()
    assert estimate_of(StrategicDirectiveFactory()) is None


@pytest.mark.parametrize("table", ["sd_estimates", "sd_estimate_scores", "forecasts"])
def test_the_database_refuses_to_rewrite(table: str) -> None:
    completed(900)
    score_estimates(now=NOW + COUNTED_AFTER)
    log(StrategicDirectiveFactory(), CheckpointKind.START, NOW)
    column = {"sd_estimates": "point", "forecasts": "used"}.get(table, "actual")
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        connection.cursor().execute(f"UPDATE {table} SET {column} = 1")


def test_a_completion_that_is_withdrawn_takes_the_score_along() -> None:
    sd = StrategicDirectiveFactory(status="proposed")
    log(sd, CheckpointKind.START, NOW - timedelta(hours=2))
    log(sd, CheckpointKind.COMPLETION, NOW - timedelta(hours=1))
    assert score_estimates(now=NOW) == 1
    slip = Checkpoint.objects.get(kind=CheckpointKind.COMPLETION)
    with acting_as(Role.OPERATOR):
        withdraw_checkpoint(checkpoint=slip, actor="operator", now=NOW, reason="It goes on.")
    assert not SdEstimateScore.objects.exists()
    assert score_estimates(now=NOW) == 0
    log(sd, CheckpointKind.COMPLETION, NOW)
    assert score_estimates(now=NOW + COUNTED_AFTER) == 1
