"""The pages about Claude Code, empty and full, in every light and width."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, fits
from tests.claude_code.plan import plan_week
from tests.claude_code.test_pages import fill


def test_axe_finds_nothing_and_nothing_is_too_wide(
    any_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(any_page, chairman)
    for number in (0, 3):
        fill(number)
        for address in ("/connect/", "/mismatches/"):
            any_page.goto(address)
            expect(any_page.get_by_role("heading", level=1)).to_be_visible()
            axe_clean(any_page)
            fits(any_page)


def test_the_calibration_is_accessible_and_applied_with_a_reason(
    any_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(any_page, chairman)
    any_page.goto("/calibration/")
    expect(any_page.get_by_text("Not enough readings")).to_be_visible()
    axe_clean(any_page)
    for weeks in (3, 2, 1):
        plan_week(timezone.now() - timedelta(weeks=weeks), seed=weeks)
    any_page.reload()
    expect(any_page.locator("[data-chart] svg").first).to_be_visible()
    axe_clean(any_page)
    fits(any_page)
    any_page.get_by_label("Reason").fill("Measured against the plan.")
    any_page.get_by_role("button", name="Apply limit and meter").click()
    expect(any_page.get_by_role("status")).to_contain_text("budget tokens a week")
    axe_clean(any_page)


def test_what_is_heard_is_read_again_in_place(
    browser_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto("/connect/")
    expect(browser_page.get_by_text("No session has been heard yet.")).to_be_visible()
    fill(1)
    browser_page.get_by_role("link", name="Read again").click()
    expect(browser_page.get_by_role("cell", name="hub")).to_be_visible()
    axe_clean(browser_page)
