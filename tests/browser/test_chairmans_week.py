"""The Chairman's week from end to end in a real browser, with JavaScript and without.

A floor is edited in the admin and the recommendation changes; an override is given, a run asks for
its tier, runs on another model, and is found out; then the week is printed.
"""

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import APIResponse, Browser, Locator, Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from allocation.api.operations import create_token
from allocation.claude_code.situation import forget
from allocation.decisions.models import Decision
from allocation.floors.models import ModelFloor
from tests.browser.conftest import OpenPage, SignIn
from tests.browser.watch import axe_clean, fits
from tests.claude_code.payloads import Payload, call, result
from tests.factories import (
    BudgetWeekFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db(transaction=True)

Report = Callable[[Payload], APIResponse]
SD = "SD-CHECKOUT-001"


@pytest.fixture
def week(transactional_db: None) -> None:
    """A week three days old at 60 %, with one SD in progress that may want opus."""
    now = timezone.now()
    week = BudgetWeekFactory(start=now - timedelta(days=3), end=now + timedelta(days=4))
    sd = StrategicDirectiveFactory(code=SD, phase="EXEC", estimate=400_000, created_at=week.start)
    record = UsageRecordFactory(at=now - timedelta(hours=5), input=300_000, output=0, sd=sd)
    rebuild_hours([record.hour])
    forget()


@pytest.fixture(params=["desktop", "desktop without JavaScript"])
def page(
    request: pytest.FixtureRequest, open_page: OpenPage, sign_in: SignIn, chairman: User
) -> Page:
    """A desktop on which the Chairman is signed in."""
    page = open_page(request.param)
    sign_in(page, chairman)
    return page


@pytest.fixture
def report(browser: Browser, live_server: LiveServer) -> Iterator[Report]:
    """Reports an event over the wire as the hooks of Claude Code do."""
    _, clear = create_token(
        name="laptop", actor="chairman", now=timezone.now(), scopes=["hooks", "usage"]
    )
    context = browser.new_context(
        base_url=live_server.url, extra_http_headers={"Authorization": f"Bearer {clear}"}
    )
    yield lambda payload: context.request.post("/hooks/claude-code", data=payload)
    context.close()


def test_the_chairmans_week(page: Page, report: Report, week: None) -> None:
    page.goto(f"/sds/{SD}/")
    expect(recommended(page, "TESTING")).to_have_text("sonnet")
    raise_floor(page, "TESTING", "opus")
    page.goto(f"/sds/{SD}/")
    expect(recommended(page, "TESTING")).to_have_text("opus")
    override(page, "DOCMON", "opus")
    page.goto("/")
    expect(page.get_by_text("The handbook goes to print.").first).to_be_visible()

    answer = report(call("docmon")).json()
    assert answer["hookSpecificOutput"]["updatedInput"]["model"] == "opus"
    report(result("docmon", resolvedModel="claude-haiku-4-5-20251001"))
    page.goto("/mismatches/")
    expect(page.get_by_role("row", name=re.compile("DOCMON"))).to_contain_text("claude-haiku-4-5")
    page.goto("/decisions/?mismatch=silent_mismatch")
    page.get_by_role("link", name=re.compile(f"{timezone.now():%Y}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("DOCMON runs on opus")
    expect(page.get_by_text("Silent mismatch")).to_be_visible()
    expect(page.get_by_text("300,000 of 500,000 by the meter")).to_be_visible()

    page.goto("/audit/")
    page.get_by_role("link", name=re.compile(r"^\d{4}-W\d\d")).first.click()
    page.locator("summary").get_by_text("Write lesson").click()
    page.get_by_label("Lesson").fill("Raise floors before the release, not after it.")
    page.get_by_role("button", name="Save lesson").click()
    expect(page.get_by_role("status")).to_contain_text("The lesson is saved.")
    printed_facts(page)


def recommended(page: Page, sub_agent: str) -> Locator:
    """The tier of a sub-agent's planned run in EXEC, on the page of its SD."""
    summary = page.get_by_text("runs by phase and sub-agent")
    if not page.get_by_role("region", name="Runs ahead").is_visible():
        summary.click()
    row = page.get_by_role("region", name="Runs ahead").get_by_role("row")
    return row.filter(has_text=sub_agent).filter(has_text="EXEC").locator("td.tier")


def raise_floor(page: Page, sub_agent: str, tier: str) -> None:
    """In the admin, as the Chairman does it."""
    floor = ModelFloor.objects.get(sub_agent__code=sub_agent, phase="")
    page.goto(f"/admin/floors/modelfloor/{floor.pk}/change/")
    page.locator("#id_tier").select_option(label=tier)
    page.locator("#id_gives_way").select_option("never")
    page.locator("#id_relaxed_tier").select_option("")
    page.get_by_label("Reason").fill("Evidence went missing.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def override(page: Page, sub_agent: str, tier: str) -> None:
    """On the page of overrides."""
    page.goto("/overrides/")
    page.get_by_label("Sub-agent").select_option(sub_agent)
    page.get_by_label("Tier").select_option(tier)
    page.get_by_label("Reason").fill("The handbook goes to print.")
    page.get_by_role("button", name="Give override").click()
    expect(page.get_by_role("status")).to_contain_text(f"Override given: {sub_agent}")


def printed_facts(page: Page) -> None:
    """The week on paper says what happened in it, and none of its buttons."""
    pdf = PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True)))
    # A line may break anywhere.
    text = " ".join(" ".join(sheet.extract_text() for sheet in pdf.pages).split())
    for fact in (
        "Green: 60% of the week",
        "of 500,000",
        SD,
        "25% below 400,000 so far",
        "Raise floors before the release, not after it.",
        "chairman",
        "gives way never instead of read only; relaxed tier none instead of haiku",
        "Evidence went missing.",
        "The handbook goes to print.",
        "100%",  # of one decision, the override rate
        "Zones by day",
    ):
        assert fact in text, f"{fact}: {text}"
    assert "Save lesson" not in text
    assert "Sign out" not in text
    assert len(pdf.pages) <= 3


def test_the_pages_of_the_journey_are_accessible(
    any_page: Page, sign_in: SignIn, chairman: User, report: Report
) -> None:
    report(call("docmon"))
    report(result("docmon", resolvedModel="claude-opus-4-5-20251101"))
    sign_in(any_page, chairman)
    decision = f"/decisions/{Decision.objects.get().pk}/"
    for path in ("/decisions/", "/decisions/?outcome=off", decision, "/mismatches/", "/audit/"):
        any_page.goto(path)
        axe_clean(any_page)
        fits(any_page)
