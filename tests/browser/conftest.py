"""A real Chromium for the tests in this folder.

    def test_the_week_page_is_clean(any_page, sign_in, chairman):
        sign_in(any_page, chairman)
        any_page.goto("/")
        axe_clean(any_page)

`browser_page` is a desktop in the light colour scheme, `phone_page` a phone in it, and
`dark_phone_page` a phone in the dark one. `any_page` is a light desktop when the tests run on
SQLite and a dark phone when they run on PostgreSQL: what a page looks like does not depend on the
database, so the two runs together see both, in the time of one. Addresses are relative to
pytest-django's live server. A page fails its test when its console says "error" (a
broken content security policy says so too), when a script raises, or when a request fails.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from allocation.dashboard.demo import load_demo
from allocation.dashboard.tick import tick
from tests.browser.watch import Watch

HERE = Path(__file__).parent
# The shell first: the same engine without windows around its pages, in 0.6 of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
NO_CHROMIUM = "there is no Chromium; get one with: apt-get install chromium-headless-shell"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # it does not start as root otherwise, and sees our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Milliseconds until something that should appear counts as missing: a loaded machine is slow.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LIGHT, DARK = "light", "dark"
PAGES = {
    "desktop": (DESKTOP, LIGHT),
    "dark desktop": (DESKTOP, DARK),
    "phone": (PHONE, LIGHT),
    "dark phone": (PHONE, DARK),
    "desktop without JavaScript": (DESKTOP, LIGHT),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The hook sees the tests of all folders.
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))
    if ours and CHROMIUM is None and os.environ.get("CI") == "true":
        raise pytest.UsageError(f"CI=true, and {NO_CHROMIUM}")


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for this folder; each page gets a profile of its own."""
    home = str(tmp_path_factory.mktemp("chromium"))
    environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
    own = {alias: connections[alias] for alias in connections}
    # While Playwright runs, its event loop counts as running in this thread. Beside a running loop
    # Django refuses to touch the database, and keeps connections apart from the thread's own: the
    # test database would be flushed through another than the one that knows its first contents.
    # Nothing here is asynchronous, so both are undone for as long as the loop is there, and no
    # longer: therefore the scope is this folder.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        for alias, connection in own.items():
            connections[alias] = connection
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, env=environment
        )
        yield chromium
        chromium.close()


OpenPage = Callable[[str], Page]
SignIn = Callable[[Page, User], None]


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Open pages by their name in PAGES, and look at what went wrong in them at the end."""
    watches: list[Watch] = []

    def open_one(name: str) -> Page:
        viewport, scheme = PAGES[name]
        context = browser.new_context(
            base_url=live_server.url,
            viewport=viewport,
            color_scheme=scheme,
            has_touch=viewport is PHONE,
            is_mobile=viewport is PHONE,
            reduced_motion="reduce",
            java_script_enabled="without" not in name,
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watches.append(Watch(page))
        return page

    yield open_one
    complaints = [complaint for watch in watches for complaint in watch.close()]
    assert complaints == [], "\n".join(complaints)


@pytest.fixture
def browser_page(open_page: OpenPage) -> Page:
    return open_page("desktop")


@pytest.fixture
def phone_page(open_page: OpenPage) -> Page:
    return open_page("phone")


@pytest.fixture
def dark_phone_page(open_page: OpenPage) -> Page:
    return open_page("dark phone")


@pytest.fixture
def plain_page(open_page: OpenPage) -> Page:
    """A desktop without JavaScript."""
    return open_page("desktop without JavaScript")


@pytest.fixture
def any_page(open_page: OpenPage) -> Page:
    """A desktop in the light, or a phone in the dark, by the database."""
    return open_page("dark phone" if connection.vendor == "postgresql" else "desktop")


@pytest.fixture
def sign_in(live_server: LiveServer) -> SignIn:
    """Sign a user in on a page's browser, without going through the sign-in form."""

    def put_cookie(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
        page.context.add_cookies([cookie])

    return put_cookie


@pytest.fixture
def demo(chairman: User) -> User:
    """The owner of a week of the demo."""
    now = timezone.now()
    load_demo(now=now)
    tick(now=now)
    return chairman
