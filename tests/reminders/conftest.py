"""Reminders that are sent somewhere, and the addresses of their pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from allocation.reminders.means import Means
from allocation.reminders.models import Delivery, ReminderSettings
from allocation.reminders.operations import Wanted, change_settings, mark
from allocation.reminders.outbox import send_due
from tests.factories import NOW

Set = Callable[..., ReminderSettings]
MEANS = Means(mail=True, loopback=True)
MINUTE = timedelta(minutes=1)

LIST, SETTINGS = "/reminders/", "/reminders/settings/"
SECRET, TEST = "/reminders/settings/secret/", "/reminders/settings/test/"


def wanted(**given: object) -> Wanted:
    """Everything off, but what is given."""
    off = {
        "quiet_hours": 24,
        "site_url": "",
        "email_on": False,
        "recipients": [],
        "webhook_on": False,
        "webhook_url": "",
    }
    return Wanted(**{**off, **given})  # type: ignore[arg-type]


@pytest.fixture
def set_up(db: None) -> Set:
    """Changes the settings as the Chairman does."""

    def change(**given: object) -> ReminderSettings:
        seen = mark(ReminderSettings.objects.get())
        row, _ = change_settings(
            wanted=wanted(**given), seen=seen, actor="chairman", now=NOW, means=MEANS
        )
        return row

    return change


def sent(minutes: int = 0) -> Delivery:
    """The only message after a tick so many minutes from now."""
    send_due(now=NOW + minutes * MINUTE, means=MEANS)
    return Delivery.objects.get()


def text_of(client: Client, path: str = LIST) -> str:
    return client.get(path).content.decode()
