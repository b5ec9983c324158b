"""Signing in, staying signed in, and what is sent along over TLS."""

import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import Client

from tests.factories import PASSWORD

LOGIN = "/accounts/login/"
# What a server behind a proxy that ends TLS says and sends.
OVER_TLS = """
import django
django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
page = client.get("/accounts/login/", secure=True)
print(page.status_code, page["Strict-Transport-Security"])
print(sorted(name for name, cookie in page.cookies.items() if not cookie["secure"]))
print(client.get("/accounts/login/")["Location"])
from django.conf import settings
print(settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY)
"""


def sign_in(user: User, password: str = PASSWORD, path: str = LOGIN) -> "tuple[Client, int]":
    client = Client()
    return client, client.post(path, {"username": user, "password": password}).status_code


@pytest.mark.parametrize("path", [LOGIN, "/admin/login/"])
def test_who_tries_too_often_waits_and_is_told_how_long(
    chairman: User, viewer: User, path: str
) -> None:
    tries = [sign_in(chairman, "wrong", path)[1] for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert tries == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    client = Client()
    page = client.post(path, {"username": chairman, "password": PASSWORD})
    assert (page.status_code, page["Retry-After"]) == (429, "900")
    assert "wait 15 minutes, then try again." in page.text
    assert client.get("/").status_code == 302
    # Nobody else is kept out, and the wait ends.
    assert sign_in(viewer)[1] == 302
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=16))
    assert sign_in(chairman)[1] == 302


def test_who_may_not_open_the_admin_is_told_so_where_all_sign_in(viewer_client: Client) -> None:
    page = viewer_client.get("/admin/", follow=True)
    assert "<title>Sign in – budgetctl</title>" in page.text
    assert "Your account may not open this page." in page.text


def test_a_right_password_forgets_the_wrong_ones(viewer: User) -> None:
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert sign_in(viewer, "wrong")[1] == 200
        assert sign_in(viewer)[1] == 302


def test_a_password_that_is_refused_is_said_with_its_status(viewer_client: Client) -> None:
    given = {"old_password": "wrong", "new_password1": "short", "new_password2": "short"}
    page = viewer_client.post("/accounts/password_change/", given)
    assert page.status_code == 422
    assert "Your old password was entered incorrectly." in page.content.decode()


def test_a_session_ends_by_itself(viewer: User) -> None:
    client, _ = sign_in(viewer)
    assert client.get("/").status_code == 200
    assert client.cookies["sessionid"]["max-age"] == timedelta(days=14).total_seconds()
    Session.objects.update(expire_date=F("expire_date") - timedelta(days=14, seconds=1))
    assert client.get("/")["Location"] == f"{LOGIN}?next=/"


def test_a_session_ends_with_the_account_and_with_the_password(viewer: User) -> None:
    for change in (lambda: viewer.set_password("another one"), lambda: _disable(viewer)):
        viewer.set_password(PASSWORD)
        viewer.save()
        client, _ = sign_in(viewer)
        assert client.get("/").status_code == 200
        change()
        viewer.save()
        assert client.get("/").status_code == 302


def test_no_browser_keeps_a_page_that_back_would_show_after_the_sign_out(viewer: User) -> None:
    client, _ = sign_in(viewer)
    for path in ("/", "/decisions/", "/decisions/export.csv", "/nowhere/", "/tokens/", LOGIN):
        assert "no-store" in client.get(path)["Cache-Control"], path
    with closing(client.get("/static/css/base.css")) as file:
        assert "public" in file["Cache-Control"]


def _disable(user: User) -> None:
    user.is_active = False


def over_tls(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "BUDGETCTL_TLS": "1", "SECRET_KEY": ""}
    environment |= {"DJANGO_SETTINGS_MODULE": "budgetctl.settings"}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_djangos_own_check_of_a_deployment_finds_nothing() -> None:
    said = over_tls("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (said.returncode, said.stderr) == (0, "")


def test_over_tls_cookies_are_secure_and_browsers_are_told_to_stay() -> None:
    assert over_tls("-c", OVER_TLS).stdout.splitlines() == [
        "200 max-age=31536000; includeSubDomains; preload",
        "[]",
        "https://localhost/accounts/login/",
        "True True",
    ]
