"""The KPI page: every metric with its data."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.budgets.models import Meter
from allocation.budgets.operations import RuleChange, change_rule
from allocation.directives.models import Status
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.policy.kpis import KPI_BY_KEY
from allocation.policy.quality import EventKind
from allocation.reports.kpi_page import GROUPS, KpiRow, spark_points
from allocation.reports.operations import close_weeks
from tests.factories import (
    NOW,
    WEEK_START,
    BudgetWeekFactory,
    DecisionFactory,
    SdTokenLogFactory,
    StrategicDirectiveFactory,
)
from tests.reports.conftest import WEEK, downgraded, event, page

pytestmark = pytest.mark.django_db

Burn = Callable[..., None]


def row(key: str) -> KpiRow:
    return next(row for _, rows in page().groups for row in rows if row.key == key)


def said(key: str) -> tuple[str, str, str]:
    found = row(key)
    return found.value, found.band, found.rests_on


def weeks(count: int) -> list[datetime]:
    """So many weeks up to the running one; the starts of those that are over, the oldest first."""
    starts = [WEEK_START - number * WEEK for number in range(count, -1, -1)]
    for start in starts:
        BudgetWeekFactory(start=start)
    return starts[:-1]


def done(at: datetime, hours: int = 24, rework: int = 0) -> None:
    sd = StrategicDirectiveFactory(
        status=Status.COMPLETED, started_at=at - timedelta(hours=hours), completed_at=at
    )
    SdTokenLogFactory(sd=sd, rework_cycles=rework)


def test_every_kpi_is_on_the_page_once() -> None:
    keys = [key for _, keys in GROUPS for key in keys]
    assert sorted(keys) == sorted(KPI_BY_KEY)


@pytest.mark.parametrize("stored", [False, True])
def test_without_data_nothing_is_0_or_green(stored: bool) -> None:
    if stored:
        weeks(3)
        close_weeks(now=NOW)
    rows = [row for _, rows in page().groups for row in rows]
    assert {(row.value, row.band, row.shape) for row in rows} == {("–", "no data yet", "unknown")}
    assert page().summary == "0 of 18 on target; 18 have no data yet."
    assert page().guard == "No run has a result yet, so there is nothing to judge."


def test_utilisation_is_that_of_the_last_closed_week(burn: Burn) -> None:
    for start, tokens in zip(weeks(3), (450_000, 520_000, 425_000), strict=True):
        burn(tokens, at=start + timedelta(hours=5))
    burn(999_000)  # the running week has no part in it
    close_weeks(now=NOW)
    assert said("utilisation") == ("85%", "on target", "the last closed week")
    assert row("utilisation").by_week == ["90%", "104%", "85%", "–"]
    assert said("exhausted-weeks") == ("1", "off target", "3 closed weeks")


def test_a_closed_week_without_tokens_used_none_of_its_budget(burn: Burn) -> None:
    _, second, _ = weeks(3)
    burn(425_000, at=second + timedelta(hours=5))
    close_weeks(now=NOW)
    assert said("utilisation") == ("0%", "watch", "the last closed week")
    assert row("utilisation").by_week == ["–", "85%", "0%", "–"]
    assert said("exhausted-weeks") == ("0", "on target", "2 closed weeks")


def test_rates_of_runs_rest_on_those_that_were_seen() -> None:
    weeks(1)
    DecisionFactory.create_batch(19, observed="haiku", result="passed")
    DecisionFactory(observed="claude-haiku-4-5-20251001", result="rework")
    DecisionFactory.create_batch(20, observed="claude-sonnet-4-5", at=NOW - WEEK)
    DecisionFactory.create_batch(10, observed="opus", result="failed", override_reason="x")
    DecisionFactory.create_batch(10, observed="")
    DecisionFactory(at=NOW - 5 * WEEK, override_reason="long ago")
    assert said("rework-haiku") == ("5%", "on target", "20 runs in 4 weeks")
    assert said("rework-sonnet")[:2] == ("–", "no data yet")
    assert said("rework-opus") == ("0%", "on target", "10 runs in 4 weeks")
    assert said("mix") == ("0 points", "on target", "50 runs in 4 weeks")
    assert row("mix").note == "haiku 40%, sonnet 40%, opus 20%"
    assert said("override-rate") == ("17%", "off target", "60 decisions in 4 weeks")


def test_runs_on_another_model_than_decided_are_counted_among_those_that_were_observed() -> None:
    weeks(1)
    DecisionFactory.create_batch(6, mismatch="followed")
    DecisionFactory.create_batch(5, mismatch="unknown")
    DecisionFactory(mismatch="override", override_reason="x", at=NOW - WEEK)
    DecisionFactory(mismatch="silent_mismatch", at=NOW - WEEK)
    assert said("mismatch-rate") == ("13%", "off target", "8 observed runs in 4 weeks")
    assert row("mismatch-rate").note == "1 on another model than decided"
    assert row("mismatch-rate").by_week == ["50%", "0%"]


def test_runs_that_nobody_observed_are_neither_mismatched_nor_not() -> None:
    weeks(1)
    DecisionFactory.create_batch(5, mismatch="unknown")
    assert said("mismatch-rate")[:2] == ("–", "no data yet")


def test_what_should_fall_is_compared_with_as_many_weeks_before(burn: Burn) -> None:
    for number, start in enumerate(weeks(4)):
        burn(200_000, at=start + timedelta(hours=1))
        newer = number >= 2
        for _ in range(4 if newer else 2):
            done(start + timedelta(days=2), hours=36 if newer else 24, rework=1 if newer else 2)
    close_weeks(now=NOW)
    assert said("cost-per-sd") == ("−50%", "on target", "8 SDs against 4")
    assert row("cost-per-sd").note == "50,000 per SD, was 100,000"
    assert said("completion-time") == ("+50%", "off target", "8 SDs against 4")
    assert row("completion-time").note == "36 h per SD, was 24 h"
    assert said("rework-per-sd")[:2] == ("−50%", "on target")
    assert said("sds-completed") == ("4", "watch", "the last week that is over")
    assert row("sds-completed").by_week == ["2", "2", "4", "4", "–"]
    assert row("sds-completed").trend == "SDs completed in a week week by week: 2, 2, 4, 4"


def test_the_cost_of_an_sd_is_not_compared_across_meters(burn: Burn) -> None:
    starts = weeks(4)
    for start in starts:
        burn(200_000, at=start + timedelta(hours=1))
        done(start + timedelta(days=2))
    close_weeks(now=starts[2])
    dollars = RuleChange(meter=Meter.objects.get(name="US dollars"), limit=Decimal(10))
    change_rule(change=dollars, actor="chairman", now=starts[2])
    close_weeks(now=NOW)
    assert said("cost-per-sd") == ("0%", "watch", "1 SD against 1")
    assert row("cost-per-sd").note == "$0.60 per SD, was $0.60"
    assert row("cost-per-sd").by_week == ["–", "–", "$0.60", "$0.60", "–"]


def test_forecasts_are_judged_by_their_record(burn: Burn) -> None:
    (start,) = weeks(1)
    for day in range(7):
        burn(40_000, at=start + timedelta(days=day, hours=1))
    for hours in (24, 72, 120):
        make_forecasts(now=start + timedelta(hours=hours))
    assert said("burn-rate-error")[1] == "no data yet"
    score_closed_weeks(now=NOW)
    assert said("zone-accuracy")[2].endswith("forecasts")
    for key in ("burn-rate-error", "exhaustion-error", "zone-accuracy"):
        assert said(key)[1] != "no data yet"


def test_the_exhaustion_error_rests_on_those_before_the_limit_was_used_up(burn: Burn) -> None:
    (start,) = weeks(1)
    for day, tokens in ((0, 40_000), (3, 600_000)):
        burn(tokens, at=start + timedelta(days=day, hours=1))
    for hours in (24, 72, 120, 144):
        make_forecasts(now=start + timedelta(hours=hours))
    score_closed_weeks(now=NOW)
    assert said("exhaustion-error")[2] == "2 forecasts"
    assert said("zone-accuracy")[2] == "4 forecasts"


def test_quality_events_are_counted() -> None:
    weeks(1)
    for passed in (1, 1, 1, 1, 1, 1, 0):
        event(EventKind.REVIEW, passed, 1 - passed)
    event(EventKind.E2E, 96, 4)
    event(EventKind.E2E, 100, 0, at=NOW - WEEK)
    event(EventKind.SECURITY, 0, 0)
    assert said("review-pass") == ("86%", "on target", "7 reviews in 4 weeks")
    assert said("e2e-pass") == ("98%", "on target", "200 tests in 4 weeks")
    assert said("security-issues") == ("0", "on target", "1 check in 4 weeks")
    event(EventKind.SECURITY, 0, 2)
    assert said("security-issues") == ("2", "off target", "2 checks in 4 weeks")


@pytest.mark.parametrize(
    ("series", "points"),
    [
        ([], []),
        ([None, Decimal(5), None], []),
        ([Decimal(1), Decimal(3), Decimal(2)], ["0.0,22.0 50.0,2.0 100.0,12.0"]),
        ([None, Decimal(4), None, Decimal(4), None], ["0.0,12.0 100.0,12.0"]),
    ],
)
def test_a_spark_joins_what_is_known(series: list[Decimal | None], points: list[str]) -> None:
    assert spark_points(series) == points


def test_queries_do_not_depend_on_what_there_is(chairman_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert chairman_client.get("/kpis/").status_code == 200
        assert all(query["sql"].startswith("SELECT") for query in captured)
        return len(captured)

    now = timezone.now()
    BudgetWeekFactory(start=now - WEEK)
    event(EventKind.REVIEW, 1, 0, at=now)
    few = queries()
    for number in range(2, 12):
        BudgetWeekFactory(start=now - number * WEEK)
        downgraded(now=now - timedelta(hours=number))
        done(now - timedelta(days=3 * number))
        event(EventKind.REVIEW, 1, 0, at=now, sd=StrategicDirectiveFactory())
    assert queries() == few
