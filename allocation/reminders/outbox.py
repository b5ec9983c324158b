"""The outbox: messages are queued with their reminder, and sent by the tick, none of them twice.

A message is claimed before it is sent and marked after it. If the process dies in between, nobody
knows whether it arrived; it is then called uncertain and left to the Chairman. That loses a message
at worst, which stands on the page all the same, and never repeats one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import F, Q

from allocation.audit.operations import record
from allocation.policy.errors import RuleError
from allocation.policy.reminders import next_try
from allocation.reminders import mail, webhook
from allocation.reminders.means import Means
from allocation.reminders.messages import message_of
from allocation.reminders.models import Channel, Delivery, Reminder, ReminderSettings, State
from allocation.reminders.operations import check_mail
from allocation.reminders.outcome import Handover, Outcome, Result, within

# A tick sends for so many seconds and leaves the rest to the next one.
SECONDS_PER_TICK = 20.0
# Longer than any message takes: what is still claimed then lost its process.
LEASE = timedelta(minutes=10)
# For the host's name, before the webhook's own time begins.
GRACE = 2.0
_STATES = {
    Result.ARRIVED: State.SENT,
    Result.UNCERTAIN: State.UNCERTAIN,
    Result.GIVEN_UP: State.FAILED,
}


def send_due(*, now: datetime, means: Means) -> int:
    """Send the messages whose time has come; how many arrived.

    After the first that does not arrive, its channel rests until the next tick: a receiver that
    hangs costs a tick one time limit, however much waits for it.
    """
    began, arrived = monotonic(), 0
    cut_off = Delivery.objects.filter(state=State.SENDING, tried_at__lt=now - LEASE)
    cut_off.update(
        state=State.UNCERTAIN,
        said="budgetctl stopped while this was being sent: it may have arrived.",
    )
    settings = ReminderSettings.objects.get()
    _drop(settings)
    for channel in Channel:
        for delivery in _waiting(channel, now):
            if monotonic() - began > SECONDS_PER_TICK:
                return arrived
            if not _claim(delivery, now):
                continue
            if not _send(delivery, settings, now=now, means=means):
                break
            arrived += 1
    return arrived


def send_test(*, actor: str, now: datetime, means: Means) -> list[Delivery]:
    """Send a test over each channel that is on, now: what came of each. One audit entry.

    Raises RuleError where no channel is on, or e-mail is and no mail server is set up.
    """
    settings = ReminderSettings.objects.get()
    if not settings.channels:
        raise RuleError(
            "Neither e-mail nor the webhook is on: reminders stand on the page only, and there is "
            "nothing to test."
        )
    if settings.email_on:
        check_mail(settings.recipients, means)
    with transaction.atomic():
        tests = [
            Delivery.objects.create(
                channel=channel, state=State.SENDING, made_at=now, tried_at=now, tries=1
            )
            for channel in settings.channels
        ]
        names = [channel.label for channel in settings.channels]
        record(
            actor=actor,
            action="reminder test",
            subject="reminders",
            after={"channels": names},
            now=now,
        )
    for test in tests:
        _send(test, settings, now=now, means=means)
        test.refresh_from_db()
    return tests


def send_again(*, delivery: Delivery, actor: str, now: datetime) -> bool:
    """Queue a message that failed or is uncertain once more: one audit entry. False if it is
    neither any more, or its reminder asks for nothing. It is sent by the next tick."""
    with transaction.atomic():
        rows = Delivery.objects.filter(
            pk=delivery.pk,
            state__in=[State.FAILED, State.UNCERTAIN],
            reminder__in=Reminder.objects.standing(),
        )
        if not rows.update(state=State.PENDING, tries=0, next_at=now, said=""):
            return False
        record(
            actor=actor,
            action="message repetition",
            subject=f"message {delivery}",
            before={"state": delivery.state, "said": delivery.said},
            after={"state": State.PENDING.value},
            now=now,
        )
    return True


def _waiting(channel: Channel, now: datetime) -> Iterator[Delivery]:
    rows = Delivery.objects.select_related("reminder__sd")
    due = rows.filter(channel=channel, state=State.PENDING, next_at__lte=now)
    yield from due.order_by("next_at", "made_at", "id")[:100]


def _drop(settings: ReminderSettings) -> None:
    """Never send what has lost its reason while it waited."""
    for lost, said in (
        (Q(reminder__resolved_at__isnull=False), "Its cause was gone before it could be sent."),
        (Q(reminder__dismissed_at__isnull=False), "It was dismissed before it could be sent."),
        (~Q(channel__in=settings.channels), "This way of sending was turned off."),
    ):
        waiting = Delivery.objects.filter(lost, state=State.PENDING)
        waiting.update(state=State.DROPPED, next_at=None, said=said)


def _claim(delivery: Delivery, now: datetime) -> bool:
    """Take a message for sending. Of two workers only one gets it."""
    waiting = Delivery.objects.filter(
        Q(next_at__lte=now), pk=delivery.pk, state=State.PENDING, tries=delivery.tries
    )
    mine = waiting.update(state=State.SENDING, tried_at=now, next_at=None, tries=F("tries") + 1)
    delivery.tries += mine
    return bool(mine)


def _send(delivery: Delivery, settings: ReminderSettings, *, now: datetime, means: Means) -> bool:
    """Send a claimed message and write down what came of it; whether it arrived."""
    outcome = _carry(delivery, settings, now=now, means=means)
    state = _STATES.get(outcome.result, State.FAILED)
    again = None
    if outcome.result is Result.REFUSED and delivery.reminder is not None:
        again = next_try(delivery.tries, now)
        state = State.FAILED if again is None else State.PENDING
    claimed = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, tries=delivery.tries)
    claimed.update(state=state, next_at=again, said=outcome.said[:300])
    return outcome.result is Result.ARRIVED


def _carry(
    delivery: Delivery, settings: ReminderSettings, *, now: datetime, means: Means
) -> Outcome:
    """Hand the message over, within the time of its channel. No row is touched meanwhile."""
    message = message_of(delivery, settings, now=now)

    def by_mail(handover: Handover) -> Outcome:
        headers = {"Message-ID": f"<{delivery.pk}@budgetctl>"}
        to = settings.recipients
        return mail.send(message.subject, message.text, to, headers, handover=handover)

    def by_webhook(handover: Handover) -> Outcome:
        at = int(now.timestamp())
        headers = {
            "Budgetctl-Delivery": str(delivery.pk),
            "Budgetctl-Signature": webhook.signature(settings.webhook_secret, message.body, at=at),
        }
        return webhook.post(
            settings.webhook_url,
            message.body,
            headers,
            allow_loopback=means.loopback,
            handover=handover,
        )

    if delivery.channel == Channel.WEBHOOK:
        return within(webhook.TOTAL + GRACE, by_webhook)
    return within(mail.TOTAL, by_mail)
