"""What was typed into a form that could not be taken: it is in the answer, to be sent again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

from allocation.directives.models import StrategicDirective
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

URL = "/sds/new/"
OURS = {"Origin": "http://testserver"}
TYPED = {"code": "SD-TYPED-1", "title": "A “long” title", "complexity": "3", "priority": "2"}


@pytest.fixture
def browser(chairman: User) -> Client:
    """A browser that insists on the key of a form, with the chairman signed in."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(chairman)
    return client


def key_of(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    return found[1]


def kept(page: Any) -> dict[str, Any]:
    """What the page's button sends, as a browser would."""
    assert 'id="send-again"' in page.text
    return {**dict(page.context["fields"]), "csrfmiddlewaretoken": key_of(page)}


def test_who_was_signed_out_in_mid_form_signs_in_elsewhere_and_sends_it_again(
    browser: Client,
) -> None:
    sent = TYPED | {"csrfmiddlewaretoken": key_of(browser.get(URL))}
    del browser.cookies["sessionid"]
    page = browser.post(URL, sent, headers=OURS)
    assert page.status_code == 403
    assert "You were signed out" in page.text
    assert not StrategicDirective.objects.exists()
    before = kept(page)
    sign_in = {"username": "chairman", "password": PASSWORD}
    key = {"csrfmiddlewaretoken": key_of(browser.get("/accounts/login/"))}
    assert browser.post("/accounts/login/", sign_in | key, headers=OURS).status_code == 302
    # To sign in changes the key, so the page that was kept is asked once more.
    page = browser.post(URL, before, headers=OURS)
    assert "This form has expired" in page.text
    page = browser.post(URL, kept(page), headers=OURS)
    assert page.status_code == 302
    assert StrategicDirective.objects.get().title == TYPED["title"]


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_what_another_site_sends_is_not_offered_again(
    browser: Client, origin: dict[str, str]
) -> None:
    page = browser.post(URL, TYPED, headers=origin)
    assert page.status_code == 403
    assert "SD-TYPED-1" not in page.text
    assert "send-again" not in page.text


def test_no_password_is_sent_back(browser: Client) -> None:
    typed = {"old_password": PASSWORD, "new_password1": "x", "csrfmiddlewaretoken": "a" * 32}
    page = browser.post("/accounts/password_change/", typed, headers=OURS)
    assert page.status_code == 403
    assert PASSWORD not in page.text
    page = Client().post("/accounts/password_change/", typed)
    assert page.status_code == 302
    assert page["Location"].startswith("/accounts/login/?next=")


def test_a_part_of_a_page_is_refused_and_not_replaced_by_the_sign_in_page() -> None:
    page = Client().get("/connect/", headers={"HX-Request": "true"})
    assert page.status_code == 403
    assert Client().get("/connect/").status_code == 302


def is_away(*_: object) -> None:
    raise OperationalError("server closed the connection unexpectedly")


def test_while_the_database_is_away_the_page_says_so_and_keeps_the_form(browser: Client) -> None:
    browser.raise_request_exception = False
    sent = TYPED | {"csrfmiddlewaretoken": key_of(browser.get(URL))}
    with connection.execute_wrapper(is_away):
        looked = browser.get("/sds/")
        page = browser.post(URL, sent, headers=OURS)
        foreign = browser.post(URL, sent, headers={"Origin": "https://evil.example"})
    assert [each.status_code for each in (looked, page, foreign)] == [503, 503, 503]
    assert "budgetctl is not available just now" in looked.text
    assert "SD-TYPED-1" not in foreign.text
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    assert browser.post(URL, dict(fields), headers=OURS).status_code == 302
    assert StrategicDirective.objects.get().title == TYPED["title"]


def test_another_fault_is_not_taken_for_the_databases(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.raise_request_exception = False
    monkeypatch.setattr("allocation.directives.views.sd_list", lambda _: 1 / 0)
    page = browser.get("/sds/")
    assert (page.status_code, "Something failed on the server" in page.text) == (500, True)
