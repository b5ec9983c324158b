"""Reminders as JSON and as text. Needs `open_database` before it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from allocation.display import format as fmt
from allocation.display.json_values import iso
from allocation.policy.plain import safe
from allocation.reminders.models import Reminder
from allocation.reminders.operations import refresh_reminders
from budgetctl.cli.printing import Line, row

MOST = 100


def open_reminders(now: datetime) -> Sequence[Reminder]:
    """Those whose cause is there, the most pressing first; what is due by now is made before."""
    refresh_reminders(now=now)
    rows = (
        Reminder.objects.open().pressing_first().select_related("sd").prefetch_related("deliveries")
    )
    return list(rows[:MOST])


def as_json(reminder: Reminder) -> dict[str, Any]:
    """One reminder with what became of its messages."""
    return {
        "kind": reminder.kind,
        "subject": reminder.subject,
        "sd": reminder.sd.code if reminder.sd else None,
        "title": reminder.title,
        "text": reminder.text,
        "since": iso(reminder.made_at),
        "dismissed_at": iso(reminder.dismissed_at),
        "messages": [
            {"channel": each.channel, "state": each.state, "said": each.said}
            for each in reminder.deliveries.all()
        ],
    }


def as_text(found: Sequence[Reminder], clock: ZoneInfo) -> Iterator[Line]:
    """What each says, since when, and where its messages are."""
    if not found:
        yield "No reminder is open."
    for reminder in found:
        yield Text(safe(reminder.text), style="" if reminder.dismissed_at else "bold")
        yield row("since", fmt.moment(reminder.made_at, clock))
        if reminder.dismissed_at:
            yield row("dismissed", f"by {safe(reminder.dismissed_by)}")
        for each in reminder.deliveries.all():
            yield row(each.get_channel_display(), f"{each.get_state_display()}. {safe(each.said)}")
