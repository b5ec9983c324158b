"""Every write to reminders and to how they are set. Messages have theirs in `outbox`."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from allocation.audit.operations import Facts, facts, record
from allocation.directives.models import StrategicDirective
from allocation.display.json_values import iso
from allocation.policy.errors import RuleError
from allocation.policy.reminders import Due, check_quiet_hours, due
from allocation.reminders.addresses import check_site, read_target
from allocation.reminders.circumstances import circumstances_at
from allocation.reminders.means import Means
from allocation.reminders.models import Delivery, Reminder, ReminderSettings
from allocation.reminders.words import Words, in_words
from allocation.usage.standing import standing_at

SUBJECT = "the reminder settings"
MOST_RECIPIENTS = 20
_SECRET_BYTES = 32

Found = tuple[Due, Words]


def refresh_reminders(*, now: datetime) -> int:
    """Make what is due, resolve what is not any more; how many were made.

    A reminder is made once for good: when its cause comes back, it opens again without another
    message. Two ticks at once, or one after a long sleep, make nothing twice.
    """
    standing = standing_at(now)
    quiet_hours = ReminderSettings.objects.get().quiet_hours
    circumstances = circumstances_at(now, standing, quiet_hours=quiet_hours)
    found = [(each, in_words(each, standing)) for each in due(circumstances)]
    if _as_they_stand(found):
        return 0
    with transaction.atomic():
        # The lock lets ticks pass one by one; the constraints would stop a second one too.
        settings = ReminderSettings.objects.select_for_update().get()
        by_subject = {(row.kind, row.subject): row for row in Reminder.objects.open()}
        made = 0
        for each, words in found:
            row = by_subject.pop((each.kind, each.subject), None)
            made += _keep(row, each, words, settings, now)
        gone = [row.pk for row in by_subject.values()]
        Reminder.objects.open().filter(pk__in=gone).update(resolved_at=now)
    return made


def dismiss_reminder(*, reminder: Reminder, actor: str, now: datetime) -> bool:
    """Take an open reminder off the week page: one audit entry. False if it was taken off before,
    or is resolved. Its messages that still wait are not sent."""
    return _dismiss(reminder, dismissed=True, actor=actor, now=now)


def restore_reminder(*, reminder: Reminder, actor: str, now: datetime) -> bool:
    """Put a dismissed reminder back on the week page: one audit entry. False if it is there."""
    return _dismiss(reminder, dismissed=False, actor=actor, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How reminders are to be set, all of it."""

    quiet_hours: int
    site_url: str
    email_on: bool
    recipients: Sequence[str]
    webhook_on: bool
    webhook_url: str


def change_settings(
    *, wanted: Wanted, seen: str, actor: str, now: datetime, means: Means
) -> tuple[ReminderSettings, str]:
    """Set how reminders are sent: one audit entry, none if nothing differs.

    `seen` is the `mark` of the settings that the writer had before them. Gives the row, and the
    signing secret in the clear if one was made, which nobody can see again. Raises RuleError.
    """
    check_wanted(wanted, means)
    with transaction.atomic():
        row = ReminderSettings.objects.select_for_update().get()
        if mark(row) != seen:
            raise RuleError(
                "Somebody changed these settings after you opened them. Your input still stands "
                "here: save again to put it in place of theirs."
            )
        before = _facts(row)
        for name in Wanted.__slots__:
            value = getattr(wanted, name)
            setattr(row, name, list(value) if name == "recipients" else value)
        clear = _new_secret(row, now) if row.webhook_on and not row.webhook_secret else ""
        after = _facts(row)
        if after == before:
            return row, ""
        row.save()
        record(
            actor=actor,
            action="reminder settings change",
            subject=SUBJECT,
            before=before,
            after=after,
            now=now,
        )
    return row, clear


def renew_secret(*, actor: str, now: datetime) -> str:
    """Make another signing secret in place of the one there is: one audit entry, without it.

    What is signed from now on is signed with the new one. Gives it in the clear, this once.
    """
    with transaction.atomic():
        row = ReminderSettings.objects.select_for_update().get()
        before = _facts(row)
        clear = _new_secret(row, now)
        row.save(update_fields=["webhook_secret", "secret_made_at"])
        record(
            actor=actor,
            action="signing secret renewal",
            subject=SUBJECT,
            before=before,
            after=_facts(row),
            now=now,
        )
    return clear


def mark(row: ReminderSettings) -> str:
    """A digest of the settings, by which a form knows whether they are those that it showed."""
    return _digest(json.dumps(facts(row), sort_keys=True))


def check_wanted(wanted: Wanted, means: Means) -> None:
    """Refuse settings under which nothing could be sent. Raises RuleError with one sentence."""
    check_quiet_hours(wanted.quiet_hours)
    check_recipients(wanted.recipients)
    if wanted.site_url:
        check_site(wanted.site_url)
    if wanted.webhook_url:
        read_target(wanted.webhook_url, allow_loopback=means.loopback)
    if wanted.email_on:
        check_mail(wanted.recipients, means)
    if wanted.webhook_on and not wanted.webhook_url:
        raise RuleError("Give the address of the webhook, or turn it off.")


def check_mail(recipients: Sequence[str], means: Means) -> None:
    """Refuse e-mail that has nowhere to go. Raises RuleError."""
    if not means.mail:
        raise RuleError("No mail server is set up: start budgetctl with EMAIL_URL first.")
    if not recipients:
        raise RuleError("Give at least one recipient, or turn e-mail off.")


def check_recipients(recipients: Sequence[str]) -> None:
    """Refuse what is no list of e-mail addresses. Raises RuleError."""
    if len(recipients) > MOST_RECIPIENTS:
        raise RuleError(f"{MOST_RECIPIENTS} recipients are the most.")
    for address in recipients:
        try:
            validate_email(address)
        except ValidationError:
            raise RuleError(f"“{address[:60]}” is not an e-mail address.") from None


def _as_they_stand(found: Sequence[Found]) -> bool:
    """Whether the open reminders say already what is due: the usual tick writes nothing."""
    rows = Reminder.objects.open().values_list("kind", "subject", "title", "text")
    return sorted(rows) == sorted(
        (each.kind.value, each.subject, words.title, words.text) for each, words in found
    )


def _keep(
    row: Reminder | None, each: Due, words: Words, settings: ReminderSettings, now: datetime
) -> bool:
    """Make a reminder, open it again, or bring its words up to date; whether it was made."""
    row = row or Reminder.objects.filter(key=each.key).first()
    if row is None:
        sd = StrategicDirective.objects.filter(code=each.subject).first()
        made = Reminder.objects.create(
            key=each.key,
            kind=each.kind,
            subject=each.subject,
            sd=sd,
            title=words.title,
            text=words.text,
            made_at=now,
        )
        Delivery.objects.bulk_create(
            Delivery(reminder=made, channel=channel, made_at=now, next_at=now)
            for channel in settings.channels
        )
        return True
    row.title, row.text, row.resolved_at = words.title, words.text, None
    row.save(update_fields=["title", "text", "resolved_at"])
    return False


def _dismiss(reminder: Reminder, *, dismissed: bool, actor: str, now: datetime) -> bool:
    was = {"dismissed_at": None if dismissed else iso(reminder.dismissed_at)}
    with transaction.atomic():
        rows = Reminder.objects.open().filter(pk=reminder.pk, dismissed_at__isnull=dismissed)
        if not rows.update(
            dismissed_at=now if dismissed else None, dismissed_by=actor if dismissed else ""
        ):
            return False
        record(
            actor=actor,
            action="reminder dismissal" if dismissed else "reminder restoration",
            subject=f"reminder {reminder}",
            before=was,
            after={"dismissed_at": iso(now) if dismissed else None},
            now=now,
        )
    return True


def _new_secret(row: ReminderSettings, now: datetime) -> str:
    row.webhook_secret, row.secret_made_at = secrets.token_hex(_SECRET_BYTES), now
    return row.webhook_secret


def _facts(row: ReminderSettings) -> Facts:
    """What the trail may hold: neither the signing secret nor the path of the webhook."""
    kept = facts(row)
    url = kept.pop("webhook_url")
    if url:
        shown = read_target(url, allow_loopback=True).shown
        kept["webhook"] = f"{shown} (digest {_digest(url)})"
    else:
        kept["webhook"] = ""
    return kept


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
