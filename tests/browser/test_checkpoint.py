"""A checkpoint from first look to log in a real browser; and each page looked at by axe."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from allocation.checkpoints.models import Checkpoint
from allocation.directives.models import Priority
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, expect_complaint, fits
from tests.checkpoints.test_spreadsheet import FIRST, HEAD
from tests.factories import (
    CheckpointFactory,
    DecisionFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = "status of 422"


@pytest.fixture
def week(transactional_db: None) -> None:
    """Two SDs under way, with usage, a checkpoint and a decision."""
    first = StrategicDirectiveFactory(code="SD-A", title="Faster pages", phase="LEAD")
    second = StrategicDirectiveFactory(
        code="SD-B", phase="PLAN", estimate=80_000, critical=True, priority=Priority.HIGH
    )
    StrategicDirectiveFactory(code="SD-C", status="deferred", deferral_reason="Too dear.")
    CheckpointFactory(sd=second, note="Agreed.", lines_modified=12, at=timezone.now())
    DecisionFactory(sd=second)
    for sd, agent, model in ((first, "TESTING", "claude-sonnet-4-5"), (second, "", "mystery")):
        record = UsageRecordFactory(
            sd=sd, sub_agent=agent, model=model, phase=sd.phase, at=timezone.now(), input=9_000
        )
        rebuild_hours({record.hour})


def test_a_checkpoint_is_logged_and_corrected(
    browser_page: Page, sign_in: SignIn, chairman: User, week: None
) -> None:
    page = browser_page
    expect_complaint(page, REFUSED)
    sign_in(page, chairman)
    page.goto("/checkpoints/")
    page.get_by_role("link", name="Log checkpoint").click()
    expect(page.get_by_label("SD", exact=True)).to_be_focused()
    page.get_by_label("Note").fill("As agreed")
    page.get_by_label("SD", exact=True).select_option(label="SD-A in LEAD – Faster pages")
    # What is known of the SD is filled in, and what was typed stays.
    expect(page.get_by_label("Tokens")).to_have_value("9,200")
    expect(page.get_by_label("Model mix")).to_have_value("sonnet=100")
    expect(page.get_by_label("Checkpoint", exact=True)).to_have_value("lead_to_plan")
    expect(page.get_by_label("Note")).to_have_value("As agreed")
    # A second choice fills in again: the first one replaced the fields.
    page.get_by_label("Checkpoint", exact=True).select_option("plan_to_exec")
    expect(page.get_by_label("Phase")).to_have_value("PLAN")
    page.get_by_label("Checkpoint", exact=True).select_option("lead_to_plan")
    expect(page.get_by_label("Tokens")).to_have_value("9,200")
    page.get_by_label("Tokens").fill("")
    page.get_by_role("button", name="Log checkpoint").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("As agreed")
    axe_clean(page)
    page.get_by_label("Tokens").fill("12k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Logged SD-A, LEAD to PLAN: 12,000 tokens")
    expect(page.get_by_role("heading", level=1)).to_contain_text("SD-A")
    page.get_by_role("link", name="Correct").first.click()
    page.get_by_label("Tokens").fill("13k")
    page.get_by_role("button", name="Save correction").click()
    expect(page.get_by_role("status")).to_contain_text("Corrected SD-A")
    assert Checkpoint.objects.get(sd__code="SD-A").tokens == 13_000


def test_a_spreadsheet_is_looked_at_and_then_logged(
    any_page: Page, sign_in: SignIn, chairman: User, week: None, tmp_path: Path
) -> None:
    sheet = tmp_path / "week1.csv"
    sheet.write_text(HEAD + FIRST + "SD-X,DESIGN,,,,,\n")
    sign_in(any_page, chairman)
    any_page.goto("/checkpoints/import/")
    axe_clean(any_page)
    any_page.get_by_label("CSV file").set_input_files(sheet)
    any_page.get_by_role("button", name="Preview rows").click()
    expect(any_page.get_by_role("heading", level=1)).to_have_text("1 row to log")
    axe_clean(any_page)
    any_page.get_by_label("Leave out the 1 bad row").check()
    any_page.get_by_role("button", name="Log 1 row").click()
    expect(any_page.get_by_role("status")).to_contain_text("Logged 1 checkpoint")


PAGES = [
    "/sds/",
    "/sds/new/",
    "/sds/SD-B/",
    "/sds/SD-B/edit/",
    "/sds/SD-B/defer/",
    "/checkpoints/",
    "/checkpoints/new/?sd=SD-B",
    "/budget/",
    "/usage/",
]


def test_axe_finds_nothing_in_any_page(
    any_page: Page, sign_in: SignIn, chairman: User, week: None
) -> None:
    sign_in(any_page, chairman)
    for address in PAGES:
        any_page.goto(address)
        expect(any_page.get_by_role("heading", level=1)).to_be_visible()
        axe_clean(any_page)
        fits(any_page)


def test_a_checkpoint_is_logged_without_javascript(
    plain_page: Page, sign_in: SignIn, chairman: User, week: None
) -> None:
    page = plain_page
    sign_in(page, chairman)
    page.goto("/checkpoints/new/")
    page.get_by_label("SD", exact=True).select_option(label="SD-B in PLAN – Something worth doing")
    page.get_by_role("button", name="Fill in the usual values").click()
    expect(page.get_by_label("Tokens")).to_have_value("9,200")
    expect(page.get_by_label("Checkpoint", exact=True)).to_have_value("plan_to_exec")
    page.get_by_role("button", name="Log checkpoint").click()
    expect(page.get_by_role("status")).to_contain_text("Logged SD-B, PLAN to EXEC: 9,200 tokens.")
    for address in PAGES:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_is_typed_while_the_usual_values_are_on_their_way_stays(
    browser_page: Page, sign_in: SignIn, chairman: User, week: None
) -> None:
    page = browser_page
    sign_in(page, chairman)
    page.goto("/checkpoints/new/")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/checkpoints/new/", hold, times=1)
    with page.expect_request("**/checkpoints/new/"):
        page.get_by_label("SD", exact=True).select_option(label="SD-A in LEAD – Faster pages")
    page.get_by_label("Lines of code").fill("12")
    # The late answer is not taken, and the next one brings the rest.
    with page.expect_response("**/checkpoints/new/"):
        waiting[0].continue_()
    expect(page.get_by_label("Checkpoint", exact=True)).to_have_value("lead_to_plan")
    expect(page.get_by_label("Lines of code")).to_have_value("12")


def test_who_was_signed_out_keeps_the_form(
    browser_page: Page, sign_in: SignIn, chairman: User, week: None
) -> None:
    page = browser_page
    for part in ("status of 403", "Response Status Error Code 403"):
        expect_complaint(page, part)
    sign_in(page, chairman)
    page.goto("/checkpoints/new/")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("SD", exact=True).select_option(label="SD-A in LEAD – Faster pages")
    expect(page.get_by_role("alert")).to_contain_text("You were signed out")
    expect(page.get_by_label("Lines of code")).to_be_visible()
