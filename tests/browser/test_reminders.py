"""Reminders as they are seen: nothing for axe to find, and what a click does."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from allocation.reminders.models import State
from allocation.reminders.operations import refresh_reminders
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, expect_complaint
from tests.factories import DeliveryFactory, ReminderFactory, StrategicDirectiveFactory


@pytest.fixture
def reminded(transactional_db: None, chairman: User) -> User:
    """An owner with reminders that are open, dismissed and past, and messages of each state."""
    now = timezone.now()
    StrategicDirectiveFactory(
        code="SD-FORGOTTEN-001", phase="EXEC", created_at=now - timedelta(hours=40)
    )
    refresh_reminders(now=now)
    for state in State:
        DeliveryFactory(reminder=ReminderFactory(resolved_at=now), state=state, said="It is said.")
    DeliveryFactory(reminder=ReminderFactory(kind="zone"), state=State.UNCERTAIN)
    ReminderFactory(dismissed_at=now, dismissed_by="ann", kind="exhaustion")
    return chairman


def test_every_page_is_accessible(any_page: Page, sign_in: SignIn, reminded: User) -> None:
    sign_in(any_page, reminded)
    for path, heading in (
        ("/", "Green"),
        ("/reminders/", "Reminders"),
        ("/reminders/settings/", "How reminders are sent"),
    ):
        any_page.goto(path)
        expect(any_page.get_by_role("heading", level=1)).to_contain_text(heading)
        axe_clean(any_page)
        overflows = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not any_page.evaluate(overflows), path


def test_refused_settings_are_accessible(
    browser_page: Page, sign_in: SignIn, chairman: User
) -> None:
    expect_complaint(browser_page, "422")
    sign_in(browser_page, chairman)
    browser_page.goto("/reminders/settings/")
    browser_page.get_by_label("Address of the webhook").fill("https://10.0.0.1/")
    browser_page.get_by_role("button", name="Save settings").click()
    expect(browser_page.get_by_role("alert")).to_contain_text("inside this network")
    axe_clean(browser_page)


def test_a_new_secret_is_accessible(browser_page: Page, sign_in: SignIn, chairman: User) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto("/reminders/settings/")
    browser_page.get_by_label("Address of the webhook").fill("https://hooks.example.com/x")
    browser_page.get_by_label("Send reminders to a webhook").check()
    browser_page.get_by_role("button", name="Save settings").click()
    expect(browser_page.get_by_role("heading", name="The signing secret")).to_be_visible()
    axe_clean(browser_page)


def test_a_reminder_is_dismissed_without_javascript(
    plain_page: Page, sign_in: SignIn, reminded: User
) -> None:
    page = plain_page
    sign_in(page, reminded)
    page.goto("/")
    page.get_by_role("button", name="Dismiss reminder: SD-FORGOTTEN-001 is quiet").click()
    expect(page.get_by_role("status")).to_contain_text("Dismissed: SD-FORGOTTEN-001 is quiet.")
    expect(page.get_by_text("SD-FORGOTTEN-001 is in progress")).to_have_count(0)
