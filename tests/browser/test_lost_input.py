"""Requests that come to nothing while a form is filled in."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from allocation.directives.models import StrategicDirective
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, expect_complaint
from tests.factories import PASSWORD, StrategicDirectiveFactory


@pytest.fixture
def filled(browser_page: Page, sign_in: SignIn, chairman: User) -> Page:
    """The form of a checkpoint, with something typed."""
    StrategicDirectiveFactory(code="SD-X-1", phase="LEAD")
    sign_in(browser_page, chairman)
    browser_page.goto("/checkpoints/new/")
    browser_page.get_by_label("Note").fill("All of an afternoon.")
    return browser_page


def test_a_part_of_a_page_that_cannot_be_got_is_said_and_can_be_asked_for_again(
    filled: Page,
) -> None:
    for part in ("htmx:sendError", "htmx:afterRequest", "ERR_INTERNET_DISCONNECTED"):
        expect_complaint(filled, part)
    filled.context.set_offline(True)
    filled.get_by_label("Checkpoint").select_option("sd_completion")
    failed = filled.get_by_role("alert")
    expect(failed).to_contain_text("The server could not be reached. What you typed is still here.")
    axe_clean(filled)
    filled.context.set_offline(False)
    filled.get_by_label("Checkpoint").select_option("lead_to_plan")
    expect(failed).to_have_count(0)
    expect(filled.get_by_label("Note")).to_have_value("All of an afternoon.")


def test_who_was_signed_out_in_mid_form_signs_in_in_a_new_tab_and_sends_it(
    browser_page: Page, sign_in: SignIn, chairman: User
) -> None:
    page = browser_page
    sign_in(page, chairman)
    page.goto("/sds/new/")
    page.get_by_role("textbox", name="Code").fill("SD-TYPED-1")
    page.get_by_label("Title").fill("Line one")
    page.get_by_label("Complexity", exact=True).select_option("3")
    page.context.clear_cookies(name="sessionid")
    expect_complaint(page, "/sds/new/")
    page.get_by_role("button", name="Create SD").click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    axe_clean(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    opened.value.get_by_label("Username").fill(chairman.username)
    opened.value.get_by_label("Password").fill(PASSWORD)
    opened.value.get_by_role("button", name="Sign in").click()
    expect(opened.value.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", name="This form has expired")).to_be_visible()
    axe_clean(page)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("status")).to_contain_text("Created SD-TYPED-1")
    assert StrategicDirective.objects.get().title == "Line one"
