"""Reminders that are sent somewhere."""

from collections.abc import Callable

import pytest

from allocation.reminders.means import Means
from allocation.reminders.models import ReminderSettings
from allocation.reminders.operations import Wanted, change_settings, mark
from tests.factories import NOW

Set = Callable[..., ReminderSettings]
MEANS = Means(mail=True, loopback=True)


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
