"""Strategic directives: the units of work that pass LEAD, PLAN and EXEC."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from allocation.catalog.models import PHASES


class Status(models.TextChoices):
    """Where a strategic directive stands."""

    PROPOSED = "proposed", "proposed"
    IN_PROGRESS = "in_progress", "in progress"
    PAUSED = "paused", "paused"
    DEFERRED = "deferred", "deferred"
    COMPLETED = "completed", "completed"
    ARCHIVED = "archived", "archived"


# Nothing is ahead any more of an SD that is over.
OVER = (Status.COMPLETED, Status.ARCHIVED)


class Priority(models.IntegerChoices):
    """How much an SD matters when not all fit into the week. Higher comes first."""

    LOW = 1, "low"
    NORMAL = 2, "normal"
    HIGH = 3, "high"


class StrategicDirective(models.Model):
    """An SD. `phase` is set exactly while it is under way or paused."""

    code = models.CharField(
        "SD",
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(
                r"^SD(-[A-Z0-9]+)+$",
                "Write SD, then words in capitals or digits joined by hyphens: SD-PERF-OPT-001.",
            )
        ],
        help_text="For example SD-PERF-OPT-001.",
    )
    title = models.CharField(max_length=200, blank=True)
    complexity = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    critical = models.BooleanField(
        default=False, help_text="Critical work keeps better tiers for longer as the week fills up."
    )
    estimate = models.PositiveBigIntegerField(
        "estimated tokens",
        null=True,
        blank=True,
        help_text="Empty to estimate from its sub-agents.",
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PROPOSED)
    phase = models.CharField(max_length=4, choices=PHASES, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    deferral_reason = models.CharField(max_length=300, blank=True)
    deferred_at = models.DateTimeField(null=True, blank=True, editable=False)
    queue_position = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="The place in the deferral queue."
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_up_to = models.PositiveBigIntegerField(
        "approved up to, tokens",
        null=True,
        blank=True,
        editable=False,
        help_text="How far it may go on after its week ran out, in fresh tokens since it began.",
    )

    class Meta:
        db_table = "strategic_directives"
        ordering = ["-created_at", "-id"]
        verbose_name = "SD"
        constraints = [
            models.CheckConstraint(
                condition=Q(complexity__gte=1) & Q(complexity__lte=5),
                name="sd_complexity_is_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(status="completed", completed_at__isnull=False)
                | (~Q(status="completed") & Q(completed_at__isnull=True))
                | Q(status="archived"),
                name="sd_is_completed_exactly_with_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def is_put_off(self, week_start: datetime) -> bool:
        """Whether it waits in the budget week that began then: deferred before it, it is back,
        whether or not the scheduled work has said so yet."""
        deferred = self.deferred_at or self.created_at
        return self.status == Status.DEFERRED and deferred >= week_start
