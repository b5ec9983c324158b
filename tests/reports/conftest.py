"""A quick way to burn tokens, and the KPI page with what it judges."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from allocation.policy.quality import EventKind
from allocation.reports.kpi_page import KpiPage, kpi_page
from allocation.reports.models import QualityEvent
from tests.factories import NOW, DecisionFactory, UsageRecordFactory, rebuild_hours

LA = ZoneInfo("America/Los_Angeles")
WEEK = timedelta(days=7)


@pytest.fixture
def burn() -> Callable[..., None]:
    """So many input tokens of Sonnet 4.5, which weighs 1."""

    def use(tokens: int, at: datetime = NOW, **columns: object) -> None:
        record = UsageRecordFactory(**{"input": tokens, "output": 0, "at": at, **columns})
        rebuild_hours([record.hour])

    return use


def page() -> KpiPage:
    return kpi_page(NOW, LA)


def event(kind: EventKind, passed: int, failed: int, **columns: object) -> None:
    QualityEvent.objects.create(
        **{"kind": kind, "at": NOW, "passed": passed, "failed": failed, "actor": "x", **columns}
    )


def downgraded(now: datetime = NOW) -> None:
    """DOCMON passed on sonnet, and does worse on haiku since."""
    common = {"sub_agent": "DOCMON", "phase": "EXEC"}
    at = now - timedelta(days=9)
    DecisionFactory.create_batch(10, **common, observed="sonnet", result="passed", at=at)
    at = now - timedelta(days=1)
    DecisionFactory.create_batch(7, **common, observed="haiku", result="passed", at=at)
    DecisionFactory.create_batch(3, **common, observed="haiku", result="rework", at=at)
