"""The pages of reminders: what each role sees and may do."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allocation.audit.models import AuditEntry
from allocation.reminders.models import Reminder, State
from tests.factories import NOW, DeliveryFactory, ReminderFactory, StrategicDirectiveFactory
from tests.reminders.conftest import LIST, SECRET, SETTINGS, TEST, text_of

pytestmark = pytest.mark.django_db


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


def test_a_message_is_sent_again_by_the_chairman(chairman_client: Client) -> None:
    message = DeliveryFactory(state=State.UNCERTAIN, next_at=None, said="No answer.")
    path = f"/reminders/messages/{message.pk}/send/"
    assert chairman_client.get(path).status_code == 405
    assert "sent again within" in chairman_client.post(path, follow=True).content.decode()
    message.refresh_from_db()
    assert (message.state, message.said) == (State.PENDING, "")
    assert "nothing to send again" in chairman_client.post(path, follow=True).content.decode()
