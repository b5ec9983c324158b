"""A reminder as an e-mail and as the body of a webhook."""

import json
from dataclasses import dataclass
from datetime import datetime

from allocation.display.json_values import iso
from allocation.reminders.models import Delivery, ReminderSettings
from allocation.reminders.words import action_of

TEST_TITLE = "A test"
TEST_TEXT = "This is a test: reminders of budgetctl arrive here."


@dataclass(frozen=True, slots=True)
class Message:
    """What a delivery says."""

    subject: str
    text: str
    body: bytes


def message_of(delivery: Delivery, settings: ReminderSettings, *, now: datetime) -> Message:
    """The message as of this moment. Links are there where the server's address is set."""
    reminder = delivery.reminder
    title = reminder.title if reminder else TEST_TITLE
    text = reminder.text if reminder else TEST_TEXT
    action = action_of(reminder) if reminder else None
    url = f"{settings.site_url}{action.url}" if action and settings.site_url else ""
    link = f"\n\n{action.label}: {url}" if action and url else ""
    body = {
        "id": str(delivery.pk),
        "type": "reminder" if reminder else "test",
        "kind": reminder.kind if reminder else None,
        "subject": reminder.subject if reminder else None,
        "sd": reminder.sd.code if reminder and reminder.sd else None,
        "title": title,
        "text": text,
        "url": url or None,
        "made_at": iso(delivery.made_at),
        "sent_at": iso(now),
    }
    return Message(
        subject=" ".join(f"budgetctl: {title}".split()),
        text=f"{text}{link}\n",
        body=json.dumps(body, ensure_ascii=False).encode(),
    )
