"""A week of the demo at every width: it is read by scrolling down, and axe finds nothing."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page

from allocation.decisions.models import Decision
from tests.browser.conftest import SignIn
from tests.browser.watch import SIDEWAYS, axe_clean
from tests.factories import StrategicDirectiveFactory, UsageRecordFactory, rebuild_hours

PAGES = [
    "/",
    "/sds/",
    "/sds/new/",
    "/sds/SD-VISION-TRANSITION-001B/",
    "/sds/SD-PERF-OPT-001/",
    "/checkpoints/",
    "/usage/",
    "/forecasts/",
    "/decisions/",
    "/audit/",
    "/kpis/",
    "/readiness/",
    "/optimize/",
    "/accounts/password_change/",
]
# One for each kind of table that is stacked; every page as it is without has a test of its own.
STACKED = ("/sds/SD-VISION-TRANSITION-001B/", "/kpis/", "/optimize/")
# Desktops, tablets and phones; axe looks on the last, a phone. Half of them for each database, of
# which the layout knows nothing.
WIDTHS = {"sqlite": (1280, 1024, 390), "postgresql": (1180, 768, 320)}


def test_a_week_is_read_at_every_width_by_scrolling_down(
    dark_phone_page: Page, sign_in: SignIn, demo: User
) -> None:
    page = dark_phone_page
    sign_in(page, demo)
    for path in [*PAGES, f"/decisions/{Decision.objects.latest('at').pk}/"]:
        page.goto(path)
        for width in WIDTHS[connection.vendor]:
            page.set_viewport_size({"width": width, "height": 700})
            assert page.evaluate(SIDEWAYS) == [], f"{path} at {width}"
        if path in STACKED:
            axe_clean(page)


def test_long_words_and_large_figures_break_on_a_phone(
    dark_phone_page: Page, sign_in: SignIn, chairman: User
) -> None:
    page = dark_phone_page
    StrategicDirectiveFactory(code="SD-" + "LONG" * 6 + "-001", title="Title" * 24, phase="LEAD")
    record = UsageRecordFactory(input=1_000_000_001_500, output=0, at=timezone.now())
    rebuild_hours([record.hour])
    sign_in(page, chairman)
    for path in ("/", "/usage/"):
        page.goto(path)
        assert page.evaluate(SIDEWAYS) == []
        wide = "cells => cells.filter(one => one.scrollWidth > one.clientWidth).length"
        assert page.eval_on_selector_all(".table-figures .number", wide) == 0


def test_the_buttons_of_the_deferral_queue_stay_on_a_phone(
    dark_phone_page: Page, sign_in: SignIn, chairman: User
) -> None:
    page = dark_phone_page
    for position in (1, 2):
        StrategicDirectiveFactory(
            status="deferred", queue_position=position, deferred_at=timezone.now()
        )
    sign_in(page, chairman)
    page.goto("/deferrals/")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(SIDEWAYS) == [], width
        assert page.get_by_role("button", name="Move down").count() == 2


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/audit/auditentry/", "/admin/floors/override/add/"]
)
def test_the_tables_that_the_chairman_edits_are_accessible(
    browser_page: Page, sign_in: SignIn, chairman: User, path: str
) -> None:
    sign_in(browser_page, chairman)
    browser_page.goto(path)
    # To look into what a stylesheet of Django's imports, axe would write a style into the page.
    axe_clean(browser_page, preload=False)
