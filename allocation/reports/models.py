"""Closed weeks as they were, what the Chairman learned from them, and quality events."""

from django.db import models
from django.db.models import F, Q

from allocation.budgets.models import BudgetWeek
from allocation.catalog.models import PHASES, SubAgent, Tier
from allocation.directives.models import StrategicDirective
from allocation.policy.quality import EventKind

EVENT_KINDS = [
    (EventKind.REVIEW.value, "code review"),
    (EventKind.E2E.value, "end-to-end tests"),
    (EventKind.SECURITY.value, "security check"),
]


class WeekSnapshot(models.Model):
    """What the audit page of a budget week showed when the week was closed. Written once.

    `facts` is a reports.facts.WeekFacts as JSON; `label` the week's name in its address, kept here
    so that no week that is added later can take it.
    """

    week = models.OneToOneField(BudgetWeek, on_delete=models.PROTECT, related_name="snapshot")
    label = models.CharField(max_length=12, unique=True)
    taken_at = models.DateTimeField()
    facts = models.JSONField()

    class Meta:
        db_table = "week_snapshots"

    def __str__(self) -> str:
        return self.label


class WeekLesson(models.Model):
    """The lesson of a week in one wording. A new wording is a new row; the latest one counts."""

    week = models.ForeignKey(BudgetWeek, on_delete=models.PROTECT, related_name="lessons")
    text = models.TextField()
    author = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        db_table = "week_lessons"
        ordering = ["-at", "-id"]
        verbose_name = "lesson"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="lesson_has_a_text")]

    def __str__(self) -> str:
        return f"{self.week}"


class QualityEvent(models.Model):
    """One review, test run or security check; what the counts mean is in policy.quality.

    `sub_agent` and `tier` say whose work it was, where that is known: only then it can speak for
    or against a tier. `key` names what a caller reports, so that a repeated one is logged once.
    """

    kind = models.CharField(max_length=10, choices=EVENT_KINDS)
    at = models.DateTimeField("when")
    passed = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    sd = models.ForeignKey(
        StrategicDirective,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quality_events",
        verbose_name="SD",
    )
    sub_agent = models.ForeignKey(
        SubAgent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quality_events",
        verbose_name="sub-agent",
    )
    phase = models.CharField(max_length=4, choices=PHASES, blank=True)
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True)
    actor = models.CharField("who", max_length=150)
    # Null and not "": unique where it is given.
    key = models.CharField(max_length=150, unique=True, null=True, blank=True)

    class Meta:
        db_table = "quality_events"
        ordering = ["-at", "-id"]
        verbose_name = "quality event"
        indexes = [models.Index(fields=["-at", "-id"], name="quality_event_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="review") & Q(passed=1 - F("failed")))
                | (Q(kind="e2e") & (Q(passed__gt=0) | Q(failed__gt=0)))
                | Q(kind="security", passed=0),
                name="quality_event_counts_fit_its_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
