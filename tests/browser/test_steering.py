"""Overrides, the deferral queue, approvals and undo in a real browser, and looked at by axe."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from allocation.budgets.operations import ensure_week, set_limit
from allocation.decisions.models import DeferredRun
from allocation.directives.models import Priority, Status
from allocation.directives.steps import defer_sd
from allocation.floors.models import Override
from allocation.forecasts.models import Forecast, Occasion
from tests.browser.conftest import SignIn
from tests.browser.watch import axe_clean, expect_complaint, fits
from tests.factories import DecisionFactory, OverrideFactory, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED = "status of 422"


@pytest.fixture
def steered(transactional_db: None) -> DeferredRun:
    """One of everything that the Chairman steers."""
    now = timezone.now()
    soon = now + timedelta(days=1)
    OverrideFactory(expires_at=soon, sd_code="SD-A", reason="<b>A release</b> depends on it.")
    OverrideFactory(expires_at=soon, uses_left=0)
    StrategicDirectiveFactory(code="SD-A", critical=True)
    StrategicDirectiveFactory(code="SD-LOW", priority=Priority.LOW)
    StrategicDirectiveFactory(code="SD-P", phase="EXEC", status=Status.PAUSED)
    for code in ("SD-D1", "SD-D2"):
        row = StrategicDirectiveFactory(code=code)
        defer_sd(row=row, actor="chairman", now=now, reason="Too dear for this week.")
    Forecast.objects.create(
        week=ensure_week(now=now),
        made_at=now,
        hour=now.replace(minute=0, second=0, microsecond=0),
        hours_in=1,
        occasion=Occasion.HOUR,
        method="linear",
        version="1",
        chosen=True,
        used=1,
        effective_limit=2,
        exhaustion_chance=Decimal("0.7"),
    )
    set_limit(limit=Decimal(600_000), actor="chairman", now=now)
    decision = DecisionFactory(sub_agent="SECURITY", outcome="defer", recommended=None, at=now)
    return DeferredRun.objects.create(
        decision=decision, sub_agent="SECURITY", phase="EXEC", at=now, position=1
    )


def pages(run: DeferredRun) -> list[str]:
    override = Override.objects.order_by("pk").first()
    assert override is not None
    return [
        "/overrides/",
        f"/overrides/{override.pk}/revoke/",
        "/deferrals/",
        f"/deferrals/runs/{run.pk}/run/",
        f"/deferrals/runs/{run.pk}/drop/",
        "/sds/",
        "/sds/SD-P/",
        "/sds/SD-P/approve/",
        "/sds/SD-P/stop/",
        "/budget/",
        "/",
    ]


def test_axe_finds_nothing_in_any_page(
    any_page: Page, sign_in: SignIn, chairman: User, steered: DeferredRun
) -> None:
    sign_in(any_page, chairman)
    for address in pages(steered):
        any_page.goto(address)
        expect(any_page.get_by_role("heading", level=1)).to_be_visible()
        axe_clean(any_page)
        fits(any_page)


def test_an_override_is_refused_given_and_revoked(
    browser_page: Page, sign_in: SignIn, chairman: User, steered: DeferredRun
) -> None:
    page = browser_page
    expect_complaint(page, REFUSED)
    sign_in(page, chairman)
    page.goto("/overrides/")
    page.get_by_label("Sub-agent").select_option("DOCMON")
    page.get_by_label("Tier").select_option("opus")
    page.get_by_label("Reason").fill("   ")
    page.get_by_role("button", name="Give override").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why: an override needs a reason.")
    expect(page.get_by_label("Sub-agent")).to_have_value("DOCMON")
    axe_clean(page)
    page.get_by_label("Reason").fill("A release depends on it.")
    page.get_by_role("button", name="Give override").click()
    expect(page.get_by_role("status")).to_contain_text("Override given: DOCMON")
    page.get_by_role("link", name="Revoke override of DOCMON").click()
    page.get_by_label("Reason").fill("It is out.")
    page.get_by_role("button", name="Revoke override").click()
    expect(page.get_by_role("status")).to_contain_text("Revoked the override of DOCMON")


def test_the_chairman_steers_without_javascript(
    plain_page: Page, sign_in: SignIn, chairman: User, steered: DeferredRun
) -> None:
    page = plain_page
    sign_in(page, chairman)
    page.goto("/deferrals/")
    page.get_by_role("button", name="Move up SD-D2").click()
    expect(page.get_by_role("status")).to_contain_text("SD-D2 moved up.")
    page.get_by_role("button", name="Defer all 1 SD").click()
    expect(page.get_by_role("status")).to_contain_text("Deferred to the next budget week: SD-LOW.")
    page.get_by_role("link", name="Run now anyway").click()
    page.get_by_label("Tier").select_option("opus")
    page.get_by_label("Reason").fill("The auditor waits.")
    page.get_by_role("button", name="Run now anyway").click()
    expect(page.get_by_role("status")).to_contain_text("Override given: SECURITY, EXEC, one run")
    page.goto("/sds/SD-P/")
    page.get_by_label("Tokens", exact=True).fill("20k")
    page.get_by_label("Reason").fill("It ends today.")
    page.get_by_role("button", name="Approve tokens").click()
    expect(page.get_by_role("status")).to_contain_text("Approved 20,000 tokens: SD-P goes on.")
    page.goto("/budget/")
    page.get_by_role("button", name="Undo change").click()
    expect(page.get_by_role("status")).to_contain_text("Undone: limit 500,000")
