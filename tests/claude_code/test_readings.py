"""The plan's readings: from status lines and headless sessions, stored only when they changed."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from allocation.claude_code.models import HarnessSession, PlanReading, ReadingSource
from allocation.claude_code.readings import said_by_status_line, store_readings
from tests.claude_code.conftest import Post
from tests.claude_code.payloads import SESSION, headless, status_line

RESETS_AT = int((timezone.now() + timedelta(days=3)).timestamp())


def said(percent: float, *, session: str = SESSION, resets_at: int = RESETS_AT) -> dict[str, Any]:
    limits = {"seven_day": {"used_percentage": percent, "resets_at": resets_at}}
    return status_line(rate_limits=limits, session_id=session)


def stored() -> list[int]:
    return [int(row.used_percent) for row in PlanReading.objects.order_by("at", "id")]


def test_a_reading_is_stored_with_what_it_says(post: Post) -> None:
    response = post("/hooks/status-line", said(83), X_Budgetctl_Machine="hub")
    row = PlanReading.objects.get()
    assert (row.window, row.used_percent) == ("seven_day", Decimal(83))
    assert int(row.resets_at.timestamp()) == RESETS_AT
    assert row.source == ReadingSource.STATUS_LINE
    session = HarnessSession.objects.get()
    assert (session.cli_version, session.machine, session.hook_at) == ("2.1.330", "hub", None)
    assert session.status_line_at is not None
    state = json.loads(response.content)["state"]
    assert state["plan"] == {"percent": "83%", "resets_at": RESETS_AT}


def test_only_what_changed_is_stored(post: Post) -> None:
    for percent in (80, 80, 81, 81, 2, 2):
        post("/hooks/status-line", said(percent))
    assert stored() == [80, 81, 2]
    post("/hooks/status-line", said(2, resets_at=RESETS_AT + 3600))
    assert stored() == [80, 81, 2, 2]


def test_an_idle_session_that_repeats_itself_opens_no_window(post: Post) -> None:
    post("/hooks/status-line", said(40, session="idle"))
    for percent in (45, 46):
        post("/hooks/status-line", said(percent, session="busy"))
        post("/hooks/status-line", said(40, session="idle"))
    assert stored() == [40, 45, 46]


def test_a_headless_sessions_shares_are_percent_too(post: Post) -> None:
    body = headless(0.83)
    info = body["rate_limit_info"]
    for window in (info, *info["unifiedWindows"].values()):
        window["resetsAt"] = RESETS_AT
    post("/hooks/status-line", body)
    rows = {row.window: row for row in PlanReading.objects.all()}
    assert rows["seven_day"].used_percent == Decimal(83)
    assert rows["five_hour"].used_percent == Decimal(42)
    assert rows["seven_day"].source == ReadingSource.HEADLESS
    del info["unifiedWindows"]
    post("/hooks/status-line", {**body, "session_id": "older"})
    assert PlanReading.objects.get(session_id="older").window == "seven_day"


def test_a_status_line_without_limits_is_only_heard(post: Post) -> None:
    body = status_line()
    del body["rate_limits"]
    assert post("/hooks/status-line", body).status_code == 200
    assert not PlanReading.objects.exists()
    assert HarnessSession.objects.count() == 1


@pytest.mark.parametrize(
    "limits",
    [
        "83",
        {"seven_day": 83},
        {"seven_day": {"used_percentage": "83", "resets_at": RESETS_AT}},
        {"seven_day": {"used_percentage": -1, "resets_at": RESETS_AT}},
        {"seven_day": {"used_percentage": 83, "resets_at": RESETS_AT * 1000}},
        {"seven_day": {"used_percentage": 83, "resets_at": "soon"}},
        {"seven_day": {"used_percentage": 83, "resets_at": 1e300}},
    ],
)
def test_what_is_no_reading_is_refused(post: Post, limits: Any) -> None:
    assert post("/hooks/status-line", status_line(rate_limits=limits)).status_code == 400
    assert not PlanReading.objects.exists()


@pytest.mark.django_db
def test_the_same_reading_at_two_moments_is_one() -> None:
    now = timezone.now()
    readings = said_by_status_line(said(83), now)
    for minutes in range(3):
        store_readings(
            said=readings,
            session_id=SESSION,
            source=ReadingSource.STATUS_LINE,
            now=now + timedelta(minutes=minutes),
        )
    assert PlanReading.objects.count() == 1
