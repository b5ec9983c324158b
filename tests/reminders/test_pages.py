"""The pages of reminders: what each role sees and may do, and bad input."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allocation.access import OPERATORS
from allocation.audit.models import AuditEntry
from allocation.reminders.models import Channel, Reminder, ReminderSettings, State
from allocation.reminders.operations import mark
from tests.factories import NOW, DeliveryFactory, ReminderFactory, StrategicDirectiveFactory
from tests.reminders.conftest import Set
from tests.reminders.receivers import closed_port

pytestmark = pytest.mark.django_db

LIST, SETTINGS = "/reminders/", "/reminders/settings/"
SECRET, TEST = "/reminders/settings/secret/", "/reminders/settings/test/"


@pytest.fixture
def operator_client(operator: User) -> Client:
    operator.groups.add(Group.objects.get_or_create(name=OPERATORS)[0])
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def clients(
    chairman_client: Client, operator_client: Client, viewer_client: Client
) -> dict[str, Client]:
    return {
        "chairman": chairman_client,
        "operator": operator_client,
        "viewer": viewer_client,
        "nobody": Client(),
    }


def filled(**given: Any) -> dict[str, Any]:
    """What the form of the settings sends."""
    seen = mark(ReminderSettings.objects.get())
    return {"quiet_hours": 24, "recipients": "", "webhook_url": "", "seen": seen, **given}


def text_of(client: Client, path: str = LIST) -> str:
    return client.get(path).content.decode()


def test_what_is_open_what_is_past_and_its_messages(chairman_client: Client) -> None:
    DeliveryFactory(
        reminder=ReminderFactory(text="It is <b>open</b>."), state=State.FAILED, said="<i>500</i>"
    )
    ReminderFactory(text="It was put off.", dismissed_at=NOW, dismissed_by="ann")
    ReminderFactory(text="It is past.", resolved_at=NOW)
    page = chairman_client.get(LIST).context["page"]
    assert [[row.text for row in rows] for rows in (page.standing, page.dismissed, page.past)] == [
        ["It is <b>open</b>."],
        ["It was put off."],
        ["It is past."],
    ]
    text = text_of(chairman_client)
    for part in (
        "It is &lt;b&gt;open",
        "&lt;i&gt;500",
        "One thing needs you.",
        "Send webhook again",
    ):
        assert part in text


def test_no_reminder_says_so(viewer_client: Client) -> None:
    assert "No reminder is open: SDs move" in text_of(viewer_client)
    assert "No reminder is open." in text_of(viewer_client, "/")


def test_the_week_page_shows_the_newest_and_how_many_more(viewer_client: Client) -> None:
    for number in range(8):
        ReminderFactory(made_at=NOW + timedelta(hours=number), text=f"Number {number}.")
    text = text_of(viewer_client, "/")
    assert [f"Number {number}." in text for number in range(8)] == [False] * 3 + [True] * 5
    assert "Show 3 more" in text
    assert "Dismiss" not in text


def test_what_presses_most_stands_first(viewer_client: Client) -> None:
    for hours, kind in enumerate(["exhaustion", "unlogged", "zone", *["quiet_sd"] * 6]):
        ReminderFactory(kind=kind, made_at=NOW + timedelta(hours=hours), text=kind)
    rows = viewer_client.get("/").context["page"].reminders.rows
    assert [row.text for row in rows] == ["exhaustion", "zone", "unlogged", "quiet_sd", "quiet_sd"]


@pytest.mark.parametrize(
    ("kind", "label", "url"),
    [
        ("unlogged", "Log checkpoint", "/checkpoints/new/"),
        ("zone", "Show deferral queue", "/deferrals/"),
        ("exhaustion", "Show forecast", "/forecasts/"),
    ],
)
def test_each_kind_leads_to_what_can_be_done(
    viewer_client: Client, kind: str, label: str, url: str
) -> None:
    ReminderFactory(kind=kind)
    (row,) = viewer_client.get("/").context["page"].reminders.rows
    assert row.action.label == label
    assert row.action.url.endswith(url)


def test_a_quiet_sd_leads_to_the_sd(viewer_client: Client) -> None:
    ReminderFactory(sd=StrategicDirectiveFactory(code="SD-A", phase="EXEC"))
    assert 'href="/sds/SD-A/"' in text_of(viewer_client, "/")


def test_past_reminders_come_in_pages(viewer_client: Client) -> None:
    ReminderFactory.create_batch(30, resolved_at=NOW)
    assert "1 to 25 of 30" in text_of(viewer_client)
    assert "26 to 30 of 30" in text_of(viewer_client, f"{LIST}?page=2")


@pytest.mark.parametrize("path", ["/", LIST, SETTINGS])
def test_queries_do_not_depend_on_how_many_there_are(chairman_client: Client, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert chairman_client.get(path).status_code == 200
        return len(captured)

    def fill() -> None:
        sd = StrategicDirectiveFactory(phase="EXEC")
        DeliveryFactory(reminder=ReminderFactory(sd=sd))
        DeliveryFactory(reminder=ReminderFactory(sd=sd, resolved_at=NOW))

    fill()
    chairman_client.get(path)  # what a process keeps for a while is read once
    few = queries()
    for _ in range(10):
        fill()
    assert queries() == few


@pytest.mark.parametrize(
    ("back", "to"), [({}, "reminders:list-reminders"), ({"week": "1"}, "dashboard:week")]
)
def test_a_reminder_is_dismissed_and_shown_again(
    operator_client: Client, back: dict[str, str], to: str
) -> None:
    reminder = ReminderFactory()
    said = operator_client.post(f"/reminders/{reminder.pk}/dismiss/", back, follow=True)
    assert said.redirect_chain[-1][0] == reverse(to)
    assert "Dismissed: SD-QUIET-001 is quiet." in said.content.decode()
    assert Reminder.objects.get().dismissed_by == "operator"
    again = operator_client.post(f"/reminders/{reminder.pk}/dismiss/", follow=True)
    assert "Dismissed or resolved already" in again.content.decode()
    for sentence in ("Shown again: SD", "Shown again or resolved already"):
        shown = operator_client.post(f"/reminders/{reminder.pk}/restore/", follow=True)
        assert sentence in shown.content.decode()
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", LIST, {"chairman", "operator", "viewer"}),
        ("post", "dismiss", {"chairman", "operator"}),
        ("post", "restore", {"chairman", "operator"}),
        ("post", "send", {"chairman"}),
        ("get", SETTINGS, {"chairman"}),
        ("post", SETTINGS, {"chairman"}),
        ("post", SECRET, {"chairman"}),
        ("post", TEST, {"chairman"}),
    ],
)
def test_each_role_does_what_it_may(
    clients: dict[str, Client], method: str, path: str, allowed: set[str]
) -> None:
    message = DeliveryFactory(state=State.FAILED)
    at = {
        "dismiss": f"/reminders/{message.reminder.pk}/dismiss/",
        "restore": f"/reminders/{message.reminder.pk}/restore/",
        "send": f"/reminders/messages/{message.pk}/send/",
    }.get(path, path)
    for role, client in clients.items():
        answer = getattr(client, method)(at)
        if role == "nobody":
            assert answer.url.startswith("/accounts/login/")
        else:
            assert (answer.status_code == 403) is (role not in allowed), role


@pytest.mark.parametrize("name", ["dismiss-reminder", "restore-reminder"])
def test_writes_take_no_get(chairman_client: Client, name: str) -> None:
    assert chairman_client.get(reverse(f"reminders:{name}", args=[1])).status_code == 405
    assert chairman_client.post(reverse(f"reminders:{name}", args=[1])).status_code == 404


@pytest.mark.parametrize("path", [SECRET, TEST])
def test_settings_are_changed_by_post_only(chairman_client: Client, path: str) -> None:
    assert chairman_client.get(path).status_code == 405


def test_a_message_is_sent_again_by_the_chairman(chairman_client: Client) -> None:
    message = DeliveryFactory(state=State.UNCERTAIN, next_at=None, said="No answer.")
    path = f"/reminders/messages/{message.pk}/send/"
    assert chairman_client.get(path).status_code == 405
    assert "sent again within" in chairman_client.post(path, follow=True).content.decode()
    message.refresh_from_db()
    assert (message.state, message.said) == (State.PENDING, "")
    assert "nothing to send again" in chairman_client.post(path, follow=True).content.decode()


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
        ({"quiet_hours": "0"}, "quiet_hours", "greater than or equal to 1"),
        ({"quiet_hours": "soon"}, "quiet_hours", "whole number"),
        ({"quiet_hours": ""}, "quiet_hours", "required"),
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
