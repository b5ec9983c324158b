"""The week page at NOW, and a quick way to use tokens."""

from zoneinfo import ZoneInfo

from allocation.dashboard.page import WeekPage, week_page
from tests.factories import NOW, UsageRecordFactory, rebuild_hours

ZONE = ZoneInfo("America/Los_Angeles")


def page() -> WeekPage:
    return week_page(NOW, ZONE)


def use(tokens: int, **columns: object) -> None:
    record = UsageRecordFactory(**{"input": tokens, "output": 0, **columns})
    rebuild_hours([record.hour])
