"""The demo: the report's six SDs and its week-1 log."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.apps import apps
from django.db import transaction
from pytest_django import DjangoDbBlocker

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetWeek
from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.dashboard.demo import load_demo
from allocation.decisions.models import Decision
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.queue import next_sd
from allocation.forecasts.models import Forecast, Occasion
from allocation.policy.errors import RuleError
from allocation.policy.forecasting import ORIGINS
from allocation.policy.zones import Zone
from allocation.usage.models import UsageRecord
from allocation.usage.operations import check_roll_ups
from allocation.usage.standing import standing_at
from allocation.usage.totals import burned_by
from tests.factories import (
    NOW,
    WEEK_END,
    WEEK_START,
    BudgetRuleFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
)
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db


def everything() -> Counter[str]:
    ours = [m for m in apps.get_models() if m.__module__.startswith("allocation.")]
    return Counter({model.__name__: model._default_manager.count() for model in ours})


def sum_of_rework(logs: list[SdTokenLog]) -> int:
    return sum(log.rework_cycles for log in logs)


@pytest.fixture(scope="class")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with shared_rows(django_db_blocker):
        assert load_demo(now=NOW)
        yield


@pytest.mark.usefixtures("demo")
class TestLoaded:
    def test_the_six_sds_of_the_report(self) -> None:
        found = {
            sd.code: (sd.complexity, sum(log.tokens_burned for log in logs), sum_of_rework(logs))
            for sd in StrategicDirective.objects.filter(status=Status.COMPLETED)
            for logs in [list(SdTokenLog.objects.filter(sd=sd))]
        }
        assert found == {
            "SD-VISION-TRANSITION-001B": (4, 150_000, 2),
            "SD-MODEL-OPTIMIZATION": (3, 80_000, 1),
            "SD-QUALITY-GATE-001": (4, 120_000, 2),
            "SD-VERIFY-LADDER-002": (3, 90_000, 1),
            "SD-EFFORT-POLICY-001": (3, 70_000, 1),
            "SD-VERIFY-LADDER-001": (4, 110_000, 2),
        }
        sd = next_sd()
        assert sd is not None
        assert (sd.code, sd.complexity, sd.status) == ("SD-PERF-OPT-001", 3, Status.PROPOSED)

    def test_the_running_week_is_the_reports_screen(self) -> None:
        standing = standing_at(NOW)
        assert (standing.used, standing.share, standing.zone) == (
            360_000,
            Fraction(72, 100),
            Zone.YELLOW,
        )
        parts = burned_by(
            ("sub_agent",), within=standing.window, meter=standing.meter, book=load_price_book()
        )
        found = Counter({name: part.budget for (name,), part in parts.items()})
        others = found.pop("GITHUB") + found.pop("RETRO")
        assert others == 5_000
        assert found == {
            "TESTING": 92_000,
            "DATABASE": 78_000,
            "VALIDATION": 65_000,
            "SECURITY": 60_000,
            "DESIGN": 32_000,
            "STORIES": 18_000,
            "DOCMON": 10_000,
        }

    def test_usage_and_checkpoints_agree(self) -> None:
        by_sd: Counter[str] = Counter()
        for record in UsageRecord.objects.select_related("sd"):
            assert record.sd is not None
            by_sd[record.sd.code] += record.input + record.output + record.unsplit
        logged = Counter(
            {
                sd.code: sum(sd.token_logs.values_list("tokens_burned", flat=True))
                for sd in StrategicDirective.objects.exclude(code="SD-PERF-OPT-001")
            }
        )
        assert by_sd == logged
        assert check_roll_ups(since=WEEK_START - timedelta(days=21), until=WEEK_END) == []

    def test_the_runs_followed_what_was_recommended(self) -> None:
        assert set(Decision.objects.values_list("mismatch", flat=True)) == {"followed"}
        assert Decision.objects.filter(sub_agent="SECURITY", recommended__name="opus").exists()

    def test_it_lies_in_the_past_and_in_three_weeks(self) -> None:
        moments = [*UsageRecord.objects.values_list("at", flat=True)]
        moments += Checkpoint.objects.values_list("at", flat=True)
        moments += AuditEntry.objects.values_list("at", flat=True)
        assert max(moments) <= NOW
        weeks = BudgetWeek.objects.order_by("start").values_list("start", flat=True)
        assert list(weeks) == [WEEK_START - timedelta(days=7 * back) for back in (2, 1, 0)]
        for start in weeks:
            assert any(start <= at < start + timedelta(days=7) for at in moments)

    def test_its_forecasts_are_those_that_the_record_looks_at(self) -> None:
        made = Forecast.objects.filter(chosen=True, occasion=Occasion.HOUR)
        found = Counter(made.values_list("week__start", flat=True))
        assert found[WEEK_START - timedelta(days=7)] == len(ORIGINS)
        assert not made.filter(made_at__gt=NOW).exists()

    def test_it_is_marked_as_a_demo(self) -> None:
        assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"demo"}
        assert all(
            note.startswith("Demo") for note in Checkpoint.objects.values_list("note", flat=True)
        )

    def test_a_second_time_changes_nothing(self) -> None:
        before = everything()
        assert not load_demo(now=NOW + timedelta(days=30))
        assert everything() == before


def test_it_is_the_same_each_time() -> None:
    def rows() -> list[tuple[object, ...]]:
        records = UsageRecord.objects.exclude(source="manual").order_by("at", "message_id")
        return list(records.values_list("at", "message_id", "input", "output", "sub_agent"))

    loads = []
    for _ in range(2):
        with transaction.atomic():
            load_demo(now=NOW)
            loads.append(rows())
            transaction.set_rollback(True)
    assert loads[0] == loads[1]
    assert len(loads[0]) == 26


@pytest.mark.parametrize("there", [StrategicDirectiveFactory, UsageRecordFactory])
def test_it_does_not_mix_with_real_work(there: Callable[[], object]) -> None:
    there()
    before = everything()
    with pytest.raises(RuleError, match="the demo would mix with them"):
        load_demo(now=NOW)
    assert everything() == before


@pytest.mark.parametrize(
    "now",
    [
        WEEK_START,
        WEEK_START + timedelta(minutes=7),
        WEEK_END - timedelta(microseconds=1),
        datetime(2026, 11, 1, 9, 30, tzinfo=UTC),  # the clock went back an hour ago
    ],
)
def test_it_fits_into_every_moment_of_a_week(now: datetime) -> None:
    assert load_demo(now=now)
    assert standing_at(now).used == 360_000


@pytest.mark.parametrize("rule", [{"enabled": False}, {"limit": Decimal(1_000)}])
def test_it_loads_under_any_rule(rule: dict[str, object]) -> None:
    BudgetRuleFactory(**rule)
    assert load_demo(now=NOW)
