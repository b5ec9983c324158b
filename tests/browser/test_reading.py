"""Pages as they are read by whoever sets letters wider, forces colours, or sees nothing."""

import re

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from allocation.decisions.models import Decision
from tests.browser.conftest import SignIn
from tests.browser.watch import SIDEWAYS

# What WCAG 2.2 asks a page to bear in 1.4.12, in a stylesheet that the security policy lets in.
WIDER = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
EDGE = "one => getComputedStyle(one).borderBlockEndColor"


def test_a_week_is_read_with_wider_letters_forced_colours_and_escape(
    browser_page: Page, sign_in: SignIn, demo: User
) -> None:
    sign_in(browser_page, demo)
    browser_page.goto("/usage/")
    _escape_puts_away_what_lies_over_a_chart(browser_page)
    decision = f"/decisions/{Decision.objects.latest('at').pk}/"
    for path in ("/", decision, "/decisions/", "/checkpoints/", "/sds/"):
        browser_page.goto(path)
        browser_page.evaluate(WIDER)
        for width in (1280, 320):
            browser_page.set_viewport_size({"width": width, "height": 700})
            # A table may scroll in its own region; the page around it stays where it is.
            assert "page" not in browser_page.evaluate(SIDEWAYS), f"{path} at {width}"
    browser_page.emulate_media(forced_colors="active")
    browser_page.goto("/decisions/")
    tabs = browser_page.locator(".tabs a")
    assert tabs.nth(0).evaluate(EDGE) != tabs.nth(1).evaluate(EDGE)
    browser_page.goto("/")
    track = browser_page.locator(".budget-bar .track")
    assert track.evaluate("one => getComputedStyle(one).stroke") != "none"


def _escape_puts_away_what_lies_over_a_chart(page: Page) -> None:
    chart = page.locator(".chart-canvas").first
    expect(chart.get_by_text("Mon")).not_to_have_count(0)
    chart.hover(position={"x": 300, "y": 150})
    tooltip = chart.get_by_text(re.compile(r": \d"), exact=False).locator("visible=true")
    expect(tooltip).not_to_have_count(0)
    page.keyboard.press("Escape")
    expect(tooltip).to_have_count(0)


def test_after_a_message_comes_the_page_it_stands_on(
    browser_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto("/budget/")
    browser_page.get_by_role("button", name="Turn budgetctl off").click()
    expect(browser_page.get_by_role("status")).to_be_focused()
    browser_page.keyboard.press("Tab")
    expect(browser_page.locator("#id_limit")).to_be_focused()
