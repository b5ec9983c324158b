"""The pages that are read: the week, the decisions, the forecasts, as a browser draws them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import FloatRect, Locator, Page, expect

from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.policy.weeks import hour_of
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean
from tests.factories import (
    BudgetWeekFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)


def box_of(there: Locator) -> FloatRect:
    box = there.bounding_box()
    assert box
    return box


@pytest.fixture
def busy(chairman: User) -> User:
    """A week with usage, an SD, decisions and forecasts; its owner."""
    now = timezone.now()
    records = [
        UsageRecordFactory(
            at=now - timedelta(hours=number), sub_agent=("TESTING", "SECURITY", "")[number % 3]
        )
        for number in range(60)
    ]
    rebuild_hours([record.hour for record in records])
    StrategicDirectiveFactory(code="SD-PERF-OPT-001")
    for code in ("SECURITY", "DOCMON"):
        task = Task(code, Phase.EXEC, 3)
        decide(situation=situation_at(now), run=Run(task=task), actor="fleet", now=now)
    for hours in (2, 1, 0):
        make_forecasts(now=now - timedelta(hours=hours))
    return chairman


@pytest.mark.parametrize("path", ["/", "/decisions/", "/forecasts/"])
def test_a_busy_page_is_accessible(any_page: Page, sign_in: SignIn, busy: User, path: str) -> None:
    sign_in(any_page, busy)
    any_page.goto(path)
    if path != "/decisions/":
        expect(any_page.locator("[data-chart] svg").first).to_be_visible()
    axe_clean(any_page)


@pytest.mark.parametrize("path", ["/", "/decisions/", "/forecasts/"])
def test_an_empty_page_is_accessible(
    browser_page: Page, sign_in: SignIn, chairman: User, path: str
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto(path)
    axe_clean(browser_page)


def test_the_tab_says_the_light_and_the_share(
    browser_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto("/")
    expect(browser_page).to_have_title("● Green: 0% of the week’s tokens used – budgetctl")
    expect(browser_page.locator("link[rel=icon]")).to_have_attribute(
        "href", "/static/icons/green.svg"
    )


def test_a_decision_leads_to_its_explanation(
    browser_page: Page, sign_in: SignIn, busy: User
) -> None:
    sign_in(browser_page, busy)
    browser_page.goto("/decisions/")
    browser_page.get_by_role("row", name="SECURITY").get_by_role("link").click()
    expect(browser_page.get_by_role("heading", level=1)).to_contain_text("SECURITY runs on opus")
    axe_clean(browser_page)


@pytest.mark.parametrize("width", [320, 390])
def test_no_page_scrolls_sideways_on_a_phone(
    phone_page: Page, sign_in: SignIn, busy: User, width: int
) -> None:
    sign_in(phone_page, busy)
    phone_page.set_viewport_size({"width": width, "height": 700})
    for path in ("/", "/decisions/", "/forecasts/"):
        phone_page.goto(path)
        wide = phone_page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


def test_the_limit_and_what_came_are_named_beside_one_another(
    browser_page: Page, sign_in: SignIn, chairman: User
) -> None:
    week = BudgetWeekFactory(start=hour_of(timezone.now()) - timedelta(days=8))
    record = UsageRecordFactory(at=week.start + timedelta(hours=1), input=499_000, output=0)
    rebuild_hours([record.hour])
    for hours in (24, 48):
        make_forecasts(now=week.start + timedelta(hours=hours))
    score_closed_weeks(now=timezone.now())
    sign_in(browser_page, chairman)
    browser_page.goto(f"/forecasts/?week={week.start:%Y-%m-%dT%H:%M}")
    names = browser_page.locator("#forecast-fan-figure svg text").filter(
        has_text=re.compile("limit|came")
    )
    expect(names).to_have_count(2)
    above, below = sorted(box_of(name)["y"] for name in names.all())
    assert below - above > 10


def test_the_week_is_complete_without_javascript(
    plain_page: Page, sign_in: SignIn, busy: User
) -> None:
    page = plain_page
    sign_in(page, busy)
    page.goto("/")
    page.get_by_text("Show the numbers").first.click()
    expect(page.get_by_role("columnheader", name="Left")).to_be_visible()
    expect(page.get_by_role("link", name="Log checkpoint")).to_be_visible()
