"""The optimizer as it is seen: nothing for axe to find, and a change applied and undone."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean
from tests.factories import DecisionFactory, UsageRecordFactory, rebuild_hours


@pytest.fixture
def fleet(transactional_db: None, chairman: User) -> None:
    """DOCMON could run on haiku, RETRO was tried there and fell."""
    at = timezone.now() - timedelta(days=2)
    for code, phase in (("DOCMON", "PLAN"), ("RETRO", "EXEC")):
        place = {"sub_agent": code, "phase": phase, "at": at}
        DecisionFactory.create_batch(10, **place, observed="sonnet", result="passed")
        UsageRecordFactory(**place, input=50_000, output=10_000)
    tried = {"sub_agent": "RETRO", "phase": "EXEC", "observed": "haiku", "at": timezone.now()}
    DecisionFactory.create_batch(6, **tried, result="passed")
    DecisionFactory.create_batch(4, **tried, result="rework")
    rebuild_hours([at])


def _clean(page: Page) -> None:
    axe_clean(page)
    overflows = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(overflows), page.url


def test_a_change_is_applied_and_undone(
    any_page: Page, sign_in: SignIn, chairman: User, fleet: None
) -> None:
    sign_in(any_page, chairman)
    any_page.goto("/optimize/")
    expect(any_page.get_by_text("Quality says no")).to_be_visible()
    any_page.get_by_text("What would change").first.click()
    any_page.get_by_text("Show 16 sub-agents").click()
    _clean(any_page)
    any_page.get_by_role("link", name="Apply change to DOCMON in PLAN").click()
    _clean(any_page)
    any_page.get_by_label("Reason").fill("Template work.")
    any_page.get_by_role("button", name="Apply change").click()
    expect(any_page.get_by_role("status")).to_contain_text("Applied: DOCMON in PLAN")
    expect(any_page.get_by_text("Too few runs yet: 10 before and 0 after")).to_be_visible()
    _clean(any_page)
    any_page.get_by_role("link", name="Undo change of DOCMON, PLAN").click()
    any_page.get_by_label("Reason").fill("Tried enough.")
    any_page.get_by_role("button", name="Undo change").click()
    expect(any_page.get_by_role("status")).to_contain_text("Undone: DOCMON, PLAN on haiku.")


def test_without_any_data_it_is_clean_too(any_page: Page, sign_in: SignIn, chairman: User) -> None:
    sign_in(any_page, chairman)
    any_page.goto("/optimize/")
    expect(any_page.get_by_text("Nothing is measured yet")).to_be_visible()
    _clean(any_page)
