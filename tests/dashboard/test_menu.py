"""The menu: every page says where in the product one is."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

CURRENT = re.compile(r'<li><a href="[^"]*" aria-current="(\w+)">([^<]+)</a></li>')


@pytest.mark.parametrize(
    ("path", "label", "current"),
    [
        ("/", "Week", "page"),
        ("/sds/", "SDs", "page"),
        ("/sds/new/", "SDs", "true"),
        ("/checkpoints/import/", "Checkpoints", "true"),
        ("/decisions/", "Decisions", "page"),
        ("/overrides/", "Decisions", "true"),
        ("/deferrals/", "Decisions", "true"),
        ("/mismatches/", "Decisions", "true"),
        ("/calibration/", "Budget rule", "true"),
        ("/tokens/", "Connect", "true"),
        ("/readiness/", "KPIs", "true"),
        ("/reminders/settings/", "Reminders", "true"),
    ],
)
def test_a_page_is_current_and_one_below_it_belongs_to_it(
    chairman_client: Client, path: str, label: str, current: str
) -> None:
    text = chairman_client.get(path).content.decode()
    assert CURRENT.findall(text) == [(current, label)]


def test_a_page_of_no_entry_makes_none_current(chairman_client: Client) -> None:
    text = chairman_client.get("/accounts/password_change/").content.decode()
    assert CURRENT.findall(text) == []
    assert "Change password" in text
