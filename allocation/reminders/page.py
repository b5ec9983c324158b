"""What the pages of reminders print, and what the week page says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.http import QueryDict

from allocation.display.paging import Slice, page_of
from allocation.reminders.models import Delivery, Reminder, ReminderSettings, State
from allocation.reminders.words import Action, action_of

MOST_ON_WEEK = 5
MOST_OPEN = 100
LAST_DELIVERIES = 20


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message in words. `when` is its last try, or when it was made; None is unknown."""

    pk: str
    title: str
    channel: str
    state: str
    said: str
    when: datetime
    next_at: datetime | None
    tries: int
    may_repeat: bool


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """One reminder; `ended` is when its cause was gone."""

    pk: int
    title: str
    text: str
    action: Action
    since: datetime
    ended: datetime | None
    dismissed_by: str
    deliveries: Sequence[DeliveryRow]


@dataclass(frozen=True, slots=True)
class WeekReminders:
    """What the week page shows: the most pressing that ask for something, and how many more."""

    rows: Sequence[ReminderRow]
    more: int


@dataclass(frozen=True, slots=True)
class ReminderPage:
    """The list: what stands, what was dismissed and still holds, and a page of what is past."""

    standing: Sequence[ReminderRow]
    dismissed: Sequence[ReminderRow]
    past: Sequence[ReminderRow]
    slice: Slice
    sentence: str


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """What stands beside the form of the settings."""

    mail: bool
    channels_on: bool
    webhook_on: bool
    secret_made_at: datetime | None
    deliveries: Sequence[DeliveryRow]


def week_reminders() -> WeekReminders:
    """The reminders on the week page. Three queries, one while there are none."""
    rows = list(_whole(Reminder.objects.standing().pressing_first())[: MOST_OPEN + 1])
    return WeekReminders([_row(row) for row in rows[:MOST_ON_WEEK]], len(rows[MOST_ON_WEEK:]))


def reminder_page(query: QueryDict) -> ReminderPage:
    """The list, with the page of the past that `?page=` asks for. A constant number of queries."""
    rows = [_row(row) for row in _whole(Reminder.objects.open().pressing_first())[:MOST_OPEN]]
    page = page_of(_whole(Reminder.objects.filter(resolved_at__isnull=False)), query, size=25)
    standing = [row for row in rows if not row.dismissed_by]
    return ReminderPage(
        standing=standing,
        dismissed=[row for row in rows if row.dismissed_by],
        past=[_row(row) for row in page.rows],
        slice=page,
        sentence=_sentence(len(standing)),
    )


def settings_page(settings: ReminderSettings, *, mail: bool) -> SettingsPage:
    """The page of the settings, beside its form. Two queries."""
    newest = Delivery.objects.select_related("reminder")[:LAST_DELIVERIES]
    return SettingsPage(
        mail=mail,
        channels_on=bool(settings.channels),
        webhook_on=settings.webhook_on,
        secret_made_at=settings.secret_made_at,
        deliveries=[delivery_row(delivery, delivery.reminder) for delivery in newest],
    )


def delivery_row(delivery: Delivery, reminder: Reminder | None) -> DeliveryRow:
    """One message in words."""
    is_over = delivery.state in {State.FAILED, State.UNCERTAIN}
    asks = reminder is not None and not (reminder.resolved_at or reminder.dismissed_at)
    return DeliveryRow(
        pk=str(delivery.pk),
        title=reminder.title if reminder else "Test",
        channel=delivery.get_channel_display(),
        state=delivery.get_state_display(),
        said=delivery.said,
        when=delivery.tried_at or delivery.made_at,
        next_at=delivery.next_at if delivery.tries else None,
        tries=delivery.tries,
        may_repeat=is_over and asks,
    )


def _whole(rows: QuerySet[Reminder]) -> QuerySet[Reminder]:
    deliveries = Delivery.objects.order_by("channel")
    return rows.select_related("sd").prefetch_related(Prefetch("deliveries", deliveries))


def _row(reminder: Reminder) -> ReminderRow:
    return ReminderRow(
        pk=reminder.pk,
        title=reminder.title,
        text=reminder.text,
        action=action_of(reminder),
        since=reminder.made_at,
        ended=reminder.resolved_at,
        dismissed_by=reminder.dismissed_by,
        deliveries=[delivery_row(each, reminder) for each in reminder.deliveries.all()],
    )


def _sentence(standing: int) -> str:
    if not standing:
        return "Nothing needs you now."
    return "One thing needs you." if standing == 1 else f"{standing} things need you."
