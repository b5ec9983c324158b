"""The page of agent tokens, as the Chairman uses it."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean


def test_a_token_is_made_shown_once_and_revoked(
    any_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(any_page, chairman)
    any_page.goto("/tokens/")
    expect(any_page.get_by_text("There is no agent token yet.")).to_be_visible()
    axe_clean(any_page)
    any_page.get_by_label("Name").fill("laptop")
    any_page.get_by_role("button", name="Create token").click()
    clear = any_page.locator("code").inner_text()
    assert clear.startswith("bctl_")
    axe_clean(any_page)
    any_page.goto("/tokens/")
    expect(any_page.get_by_text(clear)).to_have_count(0)
    any_page.get_by_role("link", name="Revoke token laptop").click()
    axe_clean(any_page)
    any_page.get_by_role("button", name="Revoke token").click()
    expect(any_page.get_by_role("status")).to_contain_text("is revoked")
    axe_clean(any_page)
