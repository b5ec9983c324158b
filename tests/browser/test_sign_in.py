"""The first page that anybody sees."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.watch import axe_clean, expect_complaint
from tests.factories import PASSWORD


def test_the_sign_in_page_is_accessible(any_page: Page) -> None:
    any_page.goto("/accounts/login/")
    expect(any_page.get_by_role("heading", name="Sign in")).to_be_visible()
    axe_clean(any_page)


def test_the_right_password_signs_in(browser_page: Page, chairman: User) -> None:
    expect_complaint(browser_page, "/favicon.ico")  # Django's admin has none
    browser_page.goto("/accounts/login/?next=/admin/")
    browser_page.get_by_label("Username").fill(chairman.username)
    browser_page.get_by_label("Password").fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page).to_have_url("/admin/")


def test_a_wrong_password_is_said_in_words(browser_page: Page, chairman: User) -> None:
    browser_page.goto("/accounts/login/")
    browser_page.get_by_label("Username").fill(chairman.username)
    browser_page.get_by_label("Password").fill("wrong")
    browser_page.get_by_role("button", name="Sign in").click()
    expect(browser_page.get_by_role("alert")).to_contain_text("Not signed in")
    expect(browser_page.get_by_role("alert")).to_contain_text("lost: budgetctl password,")
    axe_clean(browser_page)
