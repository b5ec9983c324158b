"""The page of the settings: its secret, bad input, the second tab, and the test button."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.reminders.models import Channel, ReminderSettings, State
from allocation.reminders.operations import mark
from tests.factories import DeliveryFactory
from tests.reminders.conftest import LIST, SECRET, SETTINGS, TEST, Set, text_of
from tests.reminders.receivers import closed_port

pytestmark = pytest.mark.django_db


def filled(**given: Any) -> dict[str, Any]:
    """What the form of the settings sends."""
    seen = mark(ReminderSettings.objects.get())
    return {"quiet_hours": 24, "recipients": "", "webhook_url": "", "seen": seen, **given}


@pytest.mark.parametrize("path", [SECRET, TEST])
def test_settings_are_changed_by_post_only(chairman_client: Client, path: str) -> None:
    assert chairman_client.get(path).status_code == 405


def test_the_secret_is_shown_once_and_never_again(chairman_client: Client) -> None:
    url = "https://hooks.example.com/T0/x"
    first = chairman_client.post(SETTINGS, filled(webhook_on="on", webhook_url=url))
    row = ReminderSettings.objects.get()
    assert (first.status_code, first.content.decode().count(row.webhook_secret)) == (201, 1)
    assert "no-store" in first["Cache-Control"]
    renewed = chairman_client.post(SECRET)
    row.refresh_from_db()
    assert (renewed.status_code, row.webhook_secret in renewed.content.decode()) == (201, True)
    assert row.webhook_secret not in first.content.decode()
    for path in (SETTINGS, LIST, "/", "/admin/audit/auditentry/"):
        assert row.webhook_secret not in text_of(chairman_client, path)
    assert row.webhook_secret not in str(list(AuditEntry.objects.values()))
    again = chairman_client.post(SETTINGS, filled(webhook_on="on", webhook_url=url), follow=True)
    assert row.webhook_secret not in again.content.decode()


def test_settings_are_saved(chairman_client: Client) -> None:
    given = {
        "quiet_hours": 6,
        "email_on": "on",
        "recipients": "a@example.com; b@example.com a@example.com",
    }
    said = chairman_client.post(
        SETTINGS, filled(site_url="https://b.example.com/", **given), follow=True
    )
    assert "Saved how reminders are sent." in said.content.decode()
    row = ReminderSettings.objects.get()
    assert (row.quiet_hours, row.site_url) == (6, "https://b.example.com")
    assert row.recipients == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"quiet_hours": "0"}, "quiet_hours", "Write a whole number from 1 to "),
        ({"quiet_hours": "soon"}, "quiet_hours", "whole number"),
        ({"quiet_hours": ""}, "quiet_hours", "Write a whole number from 1 to "),
        ({"email_on": "on"}, "recipients", "at least one recipient"),
        ({"recipients": "<b>nobody</b>"}, "recipients", "is not an e-mail address"),
        ({"webhook_on": "on"}, "webhook_url", "address of the webhook"),
        ({"webhook_url": "https://192.168.0.1/x"}, "webhook_url", "inside this network"),
        ({"webhook_url": "http://example.com/x"}, "webhook_url", "begin with https"),
        ({"site_url": "budget"}, "site_url", "scheme and host"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(
    chairman_client: Client, given: dict[str, str], field: str, sentence: str
) -> None:
    answer = chairman_client.post(
        SETTINGS,
        filled(**{"recipients": "a@example.com" if "email_on" not in given else "", **given}),
    )
    assert answer.status_code == 422
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert "<b>nobody" not in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_without_a_mail_server_e_mail_stays_off(chairman_client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "No mail server is set up" in text_of(chairman_client, SETTINGS)
    answer = chairman_client.post(SETTINGS, filled(email_on="on", recipients="a@example.com"))
    assert "EMAIL_URL" in answer.context["form"].errors["email_on"][0]


def test_the_second_tab_is_told_and_may_save_again(chairman_client: Client) -> None:
    stale = filled(quiet_hours=7)
    chairman_client.post(SETTINGS, filled(quiet_hours=5))
    told = chairman_client.post(SETTINGS, stale)
    assert (told.status_code, "Somebody changed these" in told.content.decode()) == (422, True)
    again = {**stale, "seen": told.context["form"]["seen"].value()}
    assert chairman_client.post(SETTINGS, again).status_code == 302
    assert ReminderSettings.objects.get().quiet_hours == 7


def test_the_test_button_says_what_came_of_it(
    chairman_client: Client, set_up: Set, settings: Any
) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    dead = f"http://127.0.0.1:{closed_port()}/x"
    set_up(email_on=True, recipients=["a@example.com"], webhook_on=True, webhook_url=dead)
    said = chairman_client.post(TEST, follow=True).content.decode()
    assert "Test by e-mail: Handed to the mail server for 1 recipient." in said
    assert "Test by webhook: 127.0.0.1 could not be reached (Connection refused)." in said
    assert len(mail.outbox) == 1


def test_with_nothing_on_the_test_says_so(chairman_client: Client) -> None:
    said = chairman_client.post(TEST, follow=True).content.decode()
    assert "Neither e-mail nor the webhook is on: reminders stand" in said


def test_messages_are_listed_beside_the_settings(chairman_client: Client) -> None:
    DeliveryFactory(channel=Channel.EMAIL, reminder=None, state=State.SENT, said="<u>Taken</u>")
    text = text_of(chairman_client, SETTINGS)
    assert "&lt;u&gt;Taken" in text
    assert '<th scope="row">Test</th>' in text
