"""No page links to one that its reader may not open."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from allocation.dashboard.demo import load_demo

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
MANY = 40  # All of the menu and what they lead to first.


def refused(user: User) -> list[str]:
    """The addresses that answer 403, of those that links lead to from the week page on."""
    client = Client()
    client.force_login(user)
    seen: dict[str, int] = {}
    ahead = ["/"]
    while ahead and len(seen) < MANY:
        path = ahead.pop(0).partition("?")[0]
        if path in seen or "/export" in path:
            continue
        page = client.get(path)
        seen[path] = page.status_code
        ahead += LINK.findall(page.text)
    return [path for path, status in seen.items() if status == 403]


@pytest.mark.parametrize("loaded", [True, False])
def test_links_lead_where_the_reader_may_go(viewer: User, operator: User, loaded: bool) -> None:
    if loaded:
        load_demo(now=timezone.now())
    assert refused(viewer) == []
    assert refused(operator) == []
