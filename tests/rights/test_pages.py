"""On every page: a strict content security policy, nothing inline that it would stop, and no HTML
in what anybody wrote."""

from html.parser import HTMLParser

import pytest
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from allocation.audit.operations import record
from allocation.rights.roles import Role
from allocation.rights.rules import RULES
from tests.rights.access import ADD, CHANGE, DELETE, PAGES, TABLES
from tests.rights.rows import tables
from tests.rights.test_admin import admin_path
from tests.rights.test_web import path_of


class Inline(HTMLParser):
    """Collects what a strict policy would stop."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "style" or (tag == "script" and not _allowed(values)):
            self.found.append(f"<{tag}>")
        self.found += [
            f"{tag} {name}"
            for name, value in attrs
            if name == "style" or name.startswith("on") or "javascript:" in (value or "").lower()
        ]


def _allowed(script: dict[str, str | None]) -> bool:
    return script.get("type") == "application/json" or (script.get("src") or "").startswith("/")


def complaints(page: HttpResponse) -> list[str]:
    """What is wrong with a page."""
    policy = page.headers.get("Content-Security-Policy", "")
    found = [] if "default-src 'none'" in policy and "unsafe" not in policy else ["policy"]
    if not getattr(page, "streaming", False):
        reader = Inline()
        reader.feed(page.text)
        found += reader.found
    return found


def every_page() -> list[str]:
    """The path of each page of the app and of its admin, with a row where it is of one."""
    paths = [path_of(address) for address, may in PAGES.items() if may.get is not None]
    paths += [f"/admin/{table}/" for table in TABLES] + ["/admin/", "/nothing-here/", "/api/v1/"]
    return paths + [admin_path(table, act) for table in TABLES for act in (ADD, CHANGE, DELETE)]


HOSTILE = """<i title='x' id="y">z"""


def hostile_columns(kind: type[models.Model]) -> list[str]:
    """The columns of free text: what people, agents and files say as they please."""
    keys = {
        name
        for constraint in kind._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        for name in constraint.fields
    }
    return [
        field.name
        for field in kind._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not (field.choices or field.unique or field.name in keys)
        and (field.max_length or 200) >= 100
    ]


@pytest.fixture
def hostile_rows(admin_rows: None) -> None:
    """A row in each table, with markup in each column of free text."""
    record(actor=HOSTILE, action=HOSTILE, subject=HOSTILE, reason=HOSTILE, now=timezone.now())
    for table, kind in tables().items():
        # In PostgreSQL what is never rewritten is not rewritten here either.
        if RULES[table].update or connection.vendor == "sqlite":
            columns = hostile_columns(kind)
            assert not columns or kind.objects.update(**dict.fromkeys(columns, HOSTILE))


def test_no_page_has_anything_inline_nor_takes_what_anybody_wrote_for_html(
    people: dict[Role, Client], hostile_rows: None
) -> None:
    client, shown, wrong = people[Role.CHAIRMAN], 0, {}
    for path in every_page():
        page = client.get(path)
        if found := complaints(page):
            wrong[path] = found
        if page.headers["Content-Type"].startswith("text/html"):
            assert "<i title" not in page.text, path
            shown += "&lt;i title" in page.text
    assert wrong == {}
    assert shown > 40  # else it would prove little
