"""A week of the demo at every width: it is read by scrolling down, and axe finds nothing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page

from allocation.decisions.models import Decision
from tests.browser.conftest import SignIn
from tests.browser.watch import SIDEWAYS, axe_clean
from tests.factories import (
    CheckpointFactory,
    DecisionFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

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
    code, name = "SD-" + "LONG" * 13 + "-001", "Agent" * 20
    sd = StrategicDirectiveFactory(code=code, title="Title" * 24, phase="LEAD")
    record = UsageRecordFactory(
        input=1_000_000_001_500, output=0, at=timezone.now(), sub_agent=name, model="m" * 100, sd=sd
    )
    rebuild_hours([record.hour])
    decision = DecisionFactory(sd=sd, sub_agent=name, observed="m" * 100, reason="Reason" * 20)
    checkpoint = CheckpointFactory(sd=sd, tokens=1_000_000_001_500, note="Note" * 25)
    given = timezone.now()
    ends = given + timedelta(days=1)
    OverrideFactory(sub_agent__code="SECURITY", reason=name, created_at=given, expires_at=ends)
    sign_in(page, chairman)
    steps = [f"/sds/{code}/{step}" for step in ("", "edit/", "defer/", "archive/")]
    lists = ["/", "/sds/", "/checkpoints/", "/usage/", "/decisions/"]
    rows = [f"/decisions/{decision.pk}/", f"/checkpoints/{checkpoint.pk}/correct/"]
    for path in [*lists, *steps, *rows]:
        page.goto(path)
        assert page.evaluate(SIDEWAYS) == [], path
        wide = "cells => cells.filter(one => one.scrollWidth > one.clientWidth).length"
        assert page.eval_on_selector_all(".table-figures .number", wide) == 0


def test_letters_of_twice_the_size_fit_on_a_phone(
    dark_phone_page: Page, sign_in: SignIn, demo: User
) -> None:
    page = dark_phone_page
    # Where letters are twice as large, half of the width is left.
    page.set_viewport_size({"width": 195, "height": 420})
    sign_in(page, demo)
    for path in ("/", "/usage/", "/forecasts/", "/calibration/"):
        page.goto(path)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide), path


def test_a_usual_name_stays_on_one_line_on_a_phone(
    phone_page: Page, sign_in: SignIn, demo: User
) -> None:
    sign_in(phone_page, demo)
    phone_page.goto("/decisions/")
    name = phone_page.get_by_role("cell", name="SD-VISION-TRANSITION-001B").first.bounding_box()
    assert name is not None
    assert name["height"] < 30


def test_a_form_stands_apart_from_what_explains_it_on_a_phone(
    phone_page: Page, sign_in: SignIn, chairman: User
) -> None:
    sign_in(phone_page, chairman)
    phone_page.goto("/sds/new/")
    form = phone_page.locator(".split > form").bounding_box()
    rubric = phone_page.locator(".split > section").bounding_box()
    assert form is not None
    assert rubric is not None
    assert rubric["y"] - (form["y"] + form["height"]) >= 24


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
