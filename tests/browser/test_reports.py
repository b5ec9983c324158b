"""The reports as they are seen: nothing for axe to find on a desktop or a phone."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from allocation.policy.quality import EventKind
from allocation.reports.models import QualityEvent, WeekSnapshot
from allocation.reports.operations import close_weeks, write_lesson
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, expect_complaint
from tests.factories import (
    BudgetWeekFactory,
    CheckpointFactory,
    DecisionFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

WEEK = timedelta(days=7)


@pytest.fixture
def weeks(transactional_db: None, chairman: User) -> str:
    """Two closed weeks with an SD, overrides, a lesson, an alarm and later changes; the label of
    the last."""
    now = timezone.now()
    for age in (2, 1):
        week = BudgetWeekFactory(start=now - age * WEEK)
        sd = StrategicDirectiveFactory(phase="EXEC", estimate=300_000, created_at=week.start)
        for hours in (5, 100):
            record = UsageRecordFactory(
                at=week.start + timedelta(hours=hours), input=180_000, output=0, sd=sd
            )
            rebuild_hours([record.hour])
        at = week.start + timedelta(hours=50)
        CheckpointFactory(sd=sd, at=at, rework_cycles=1)
        ran = {"at": at, "sd": sd, "sub_agent": "DOCMON", "result": "passed"}
        DecisionFactory.create_batch(9, **ran, observed="sonnet" if age == 2 else "haiku")
        DecisionFactory(**ran | {"result": "rework"}, observed="haiku", override_reason="Saving")
    DecisionFactory.create_batch(3, **ran | {"result": "failed"}, observed="haiku")
    DecisionFactory.create_batch(2, **ran | {"at": now - 2 * WEEK}, observed="sonnet")
    close_weeks(now=now)
    QualityEvent.objects.create(
        kind=EventKind.E2E, at=now, passed=48, failed=2, actor="chairman", sd=sd
    )
    write_lesson(week=week, text="Save earlier.", actor="chairman", now=now, seen=None)
    record = UsageRecordFactory(at=week.start + timedelta(hours=9), input=20_000, output=0, sd=sd)
    rebuild_hours([record.hour])
    return WeekSnapshot.objects.get(week=week).label


def test_every_page_is_accessible(
    any_page: Page, sign_in: SignIn, chairman: User, weeks: str
) -> None:
    sign_in(any_page, chairman)
    for path, heading in (
        ("/audit/", "Weekly audits"),
        (f"/audit/{weeks}/", f"Week {weeks}"),
        ("/kpis/", "KPIs"),
        ("/kpis/events/new/", "Log quality event"),
        ("/kpis/events/new/e2e/", "Log quality event"),
        ("/kpis/events/new/security/", "Log quality event"),
        (f"/kpis/events/{QualityEvent.objects.get().pk}/delete/", "Delete quality event"),
        ("/readiness/", "Data readiness"),
    ):
        any_page.goto(path)
        expect(any_page.get_by_role("heading", level=1)).to_contain_text(heading)
        axe_clean(any_page)
        overflows = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not any_page.evaluate(overflows), path


def test_a_refused_lesson_is_accessible(
    browser_page: Page, sign_in: SignIn, chairman: User, weeks: str
) -> None:
    expect_complaint(browser_page, "422")
    sign_in(browser_page, chairman)
    browser_page.goto(f"/audit/{weeks}/")
    expect(browser_page.get_by_text("Today’s figures differ.")).to_be_visible()
    browser_page.get_by_text("Edit lesson").click()
    browser_page.get_by_label("Lesson").fill("   ")
    browser_page.get_by_role("button", name="Save lesson").click()
    expect(browser_page.get_by_role("alert")).to_contain_text("Write the lesson")
    axe_clean(browser_page)


def test_the_guard_rolls_back_with_one_click(
    browser_page: Page, sign_in: SignIn, chairman: User, weeks: str
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto("/kpis/")
    browser_page.get_by_role("button", name=re.compile("Raise floor to sonnet")).click()
    expect(browser_page.get_by_role("status")).to_contain_text("DOCMON now runs on sonnet")
    expect(browser_page.get_by_role("button", name=re.compile("Raise floor"))).to_have_count(0)


def test_the_audit_page_prints(
    browser_page: Page, sign_in: SignIn, chairman: User, weeks: str
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto(f"/audit/{weeks}/")
    browser_page.emulate_media(media="print")
    expect(browser_page.get_by_text("Save earlier.").first).to_be_visible()
    expect(browser_page.get_by_text("Edit lesson")).to_be_hidden()
    assert browser_page.pdf(format="A4").startswith(b"%PDF")
