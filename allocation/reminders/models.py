"""Reminders, the messages that carry them, and how both are set."""

from uuid import uuid4

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When

from allocation.directives.models import StrategicDirective
from allocation.policy.reminders import DEFAULT_QUIET_HOURS, MOST_QUIET_HOURS, ReminderKind

KINDS = [
    (ReminderKind.QUIET_SD.value, "quiet SD"),
    (ReminderKind.UNLOGGED.value, "phases not logged"),
    (ReminderKind.ZONE.value, "zone"),
    (ReminderKind.EXHAUSTION.value, "exhaustion"),
]
PRESSING_FIRST = (
    ReminderKind.EXHAUSTION,
    ReminderKind.ZONE,
    ReminderKind.UNLOGGED,
    ReminderKind.QUIET_SD,
)


class Channel(models.TextChoices):
    """How a message travels. The page is no channel: a reminder always stands there."""

    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "webhook"


class ReminderSettings(models.Model):
    """How reminders are set. There is exactly one row, with primary key 1.

    The webhook's signing secret is kept as it is, since a signature cannot be made from a digest;
    its address may hold a secret too. Neither is shown, logged or written to the audit trail.
    """

    quiet_hours = models.PositiveSmallIntegerField(
        default=DEFAULT_QUIET_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_QUIET_HOURS)],
    )
    site_url = models.CharField("address of this server", max_length=200, blank=True)
    email_on = models.BooleanField("e-mail", default=False)
    recipients = models.JSONField(default=list, blank=True)
    webhook_on = models.BooleanField("webhook", default=False)
    webhook_url = models.CharField("address of the webhook", max_length=1000, blank=True)
    webhook_secret = models.CharField(max_length=100, blank=True, editable=False)
    secret_made_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "reminder_settings"
        verbose_name_plural = "reminder settings"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_row_of_reminder_settings"),
            models.CheckConstraint(
                condition=Q(quiet_hours__gte=1) & Q(quiet_hours__lte=MOST_QUIET_HOURS),
                name="quiet_hours_in_range",
            ),
            models.CheckConstraint(
                condition=Q(webhook_on=False) | (~Q(webhook_url="") & ~Q(webhook_secret="")),
                name="webhook_has_address_and_secret",
            ),
        ]

    def __str__(self) -> str:
        return "the reminder settings"

    @property
    def channels(self) -> list[Channel]:
        """The channels that are on."""
        on = {Channel.EMAIL: self.email_on, Channel.WEBHOOK: self.webhook_on}
        return [channel for channel, is_on in on.items() if is_on]


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """Reminders by where they stand."""

    def open(self) -> "ReminderQuerySet":
        """Those whose cause is there, dismissed or not."""
        return self.filter(resolved_at__isnull=True)

    def standing(self) -> "ReminderQuerySet":
        """Those that ask for something: open, and not dismissed."""
        return self.open().filter(dismissed_at__isnull=True)

    def pressing_first(self) -> "ReminderQuerySet":
        """In the order in which they are read: the week before its SDs, the newest of each first,
        so that ten quiet SDs do not hide that the week runs out."""
        ranks = [When(kind=kind, then=Value(rank)) for rank, kind in enumerate(PRESSING_FIRST)]
        rank = Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
        return self.order_by(rank, "-made_at", "-id")


class Reminder(models.Model):
    """Something that the owner is reminded of, for as long as its cause is there.

    `key` is that of policy.reminders.Due: it makes a reminder unique for good. `text` is the
    sentence as of the last tick at which the cause was there.
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=12, choices=KINDS)
    subject = models.CharField(max_length=100)
    sd = models.ForeignKey(
        StrategicDirective,
        on_delete=models.PROTECT,
        null=True,
        related_name="reminders",
        verbose_name="SD",
    )
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=600)
    made_at = models.DateTimeField("since")
    resolved_at = models.DateTimeField("resolved", null=True)
    dismissed_at = models.DateTimeField("dismissed", null=True)
    dismissed_by = models.CharField(max_length=150, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        db_table = "reminders"
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["-made_at", "-id"], name="reminder_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(resolved_at__isnull=True),
                name="one_open_reminder_per_subject",
            )
        ]

    def __str__(self) -> str:
        return self.title


class State(models.TextChoices):
    """Where a message stands."""

    PENDING = "pending", "waiting"
    SENDING = "sending", "being sent"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"
    UNCERTAIN = "uncertain", "uncertain"
    DROPPED = "dropped", "not sent"


class Delivery(models.Model):
    """One message over one channel: a row of the outbox, never sent twice by itself.

    Whoever sends it first turns PENDING into SENDING by a conditional update. What is refused goes
    back to PENDING until it is given up (policy.reminders.next_try). What may have arrived without
    an answer, or was cut off by the end of its process, is UNCERTAIN and stays unsent: only the
    Chairman sends it again. Without a reminder it is a test.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reminder = models.ForeignKey(
        Reminder, on_delete=models.PROTECT, null=True, related_name="deliveries"
    )
    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    made_at = models.DateTimeField("made")
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField("next try", null=True)
    tried_at = models.DateTimeField("last try", null=True)
    said = models.CharField("what came of it", max_length=300, blank=True)

    class Meta:
        db_table = "reminder_deliveries"
        ordering = ["-made_at", "id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["-made_at"], name="delivery_newest_first"),
            # Each tick asks for what waits, which is little of what there is.
            models.Index(
                fields=["state", "next_at"],
                name="delivery_to_do",
                condition=Q(state__in=["pending", "sending"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reminder", "channel"], name="one_delivery_per_reminder_and_channel"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reminder or 'test'} by {self.get_channel_display()}"
