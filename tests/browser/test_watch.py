"""That a page with something wrong in it fails its test: else an empty console proves nothing."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from allocation.catalog.models import SubAgent
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, complaints, expect_complaint, scheme_of_this_run


def test_a_breach_of_the_content_security_policy_is_a_complaint(browser_page: Page) -> None:
    browser_page.goto("/accounts/login/")
    browser_page.evaluate("document.body.setAttribute('style', 'color: red')")
    assert "Content Security Policy" in complaints(browser_page)[0]
    expect_complaint(browser_page, "Content Security Policy")
    assert complaints(browser_page) == []


def test_an_error_in_a_script_is_a_complaint(browser_page: Page) -> None:
    browser_page.goto("/accounts/login/")
    with browser_page.expect_event("pageerror"):
        browser_page.evaluate("setTimeout(() => { throw new Error('oops') })")
    assert "script error: oops" in complaints(browser_page)
    expect_complaint(browser_page, "oops")


def test_a_missing_file_is_a_complaint(browser_page: Page) -> None:
    browser_page.goto("/accounts/login/")
    with browser_page.expect_console_message():
        browser_page.evaluate("fetch('/static/missing.js')")
    assert "404" in complaints(browser_page)[0]
    expect_complaint(browser_page, "404")


def test_axe_finds_a_picture_without_words(browser_page: Page) -> None:
    browser_page.goto("/accounts/login/")
    browser_page.evaluate("document.querySelector('main').append(new Image(10, 10))")
    with pytest.raises(AssertionError, match="image-alt"):
        axe_clean(browser_page)


def test_axe_finds_faint_words_in_the_scheme_of_this_run(browser_page: Page) -> None:
    browser_page.goto("/accounts/login/")
    scheme = scheme_of_this_run()
    hidden = f"@media (prefers-color-scheme: {scheme}) {{ h1 {{ color: #888; background: #777 }} }}"
    browser_page.evaluate(
        """rules => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(rules);
            document.adoptedStyleSheets.push(sheet);
        }""",
        hidden,
    )
    with pytest.raises(AssertionError, match=f"(?s){scheme}.*color-contrast"):
        axe_clean(browser_page)
    assert browser_page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")


# Twice, so that the second run begins after the flush of the first.
@pytest.mark.parametrize("run", [1, 2])
def test_the_shipped_facts_are_there_beside_a_browser(run: int, browser_page: Page) -> None:
    assert SubAgent.objects.filter(code="SECURITY").exists()


def test_sign_in_needs_no_form(phone_page: Page, sign_in: SignIn, chairman: User) -> None:
    expect_complaint(phone_page, "/favicon.ico")
    sign_in(phone_page, chairman)
    phone_page.goto("/admin/")
    assert phone_page.url.endswith("/admin/")
