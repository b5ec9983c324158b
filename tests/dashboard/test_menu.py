"""The menu: every page says where in the product one is."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

CURRENT = re.compile(r'<li[^>]*><a href="[^"]*" aria-current="(\w+)">([^<]+)</a></li>')
# The entry is the page itself, or the page belongs to the entry.
PAGES = {"/": "Week", "/sds/": "SDs", "/decisions/": "Decisions", "/connect/": "Connect"}
PARTS = {
    "/sds/new/": "SDs",
    "/checkpoints/import/": "Checkpoints",
    "/overrides/": "Decisions",
    "/deferrals/": "Decisions",
    "/mismatches/": "Decisions",
    "/calibration/": "Budget rule",
    "/tokens/": "Connect",
    "/readiness/": "KPIs",
    "/reminders/settings/": "Reminders",
}


def current(client: Client, path: str) -> list[tuple[str, str]]:
    return CURRENT.findall(client.get(path).content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_menu_is_the_current_one(chairman_client: Client, path: str) -> None:
    assert current(chairman_client, path) == [("page", PAGES[path])]


@pytest.mark.parametrize("path", PARTS)
def test_a_page_below_one_of_the_menu_says_so(chairman_client: Client, path: str) -> None:
    assert current(chairman_client, path) == [("true", PARTS[path])]


def test_a_page_of_no_entry_makes_none_current(chairman_client: Client) -> None:
    assert current(chairman_client, "/accounts/password_change/") == []
