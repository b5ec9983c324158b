"""What the tests of weeks share: clocks that jump, and short ways to say a moment and a reset."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from allocation.policy.weeks import Reset

MONDAY, SATURDAY, SUNDAY = 0, 5, 6

LOS_ANGELES = "America/Los_Angeles"
BERLIN = "Europe/Berlin"
LORD_HOWE = "Australia/Lord_Howe"
KOLKATA = "Asia/Kolkata"
NUUK = "America/Nuuk"  # since 2024 its spring gap ends at midnight
APIA = "Pacific/Apia"  # skipped Friday, 2011-12-30, altogether
ST_JOHNS = "America/St_Johns"  # until 2011 its clock went back from 00:01 to 23:01


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def reset_at(zone: str, weekday: int, at: str) -> Reset:
    return Reset(weekday, time.fromisoformat(at), ZoneInfo(zone))
