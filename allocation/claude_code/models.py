"""Sessions of Claude Code that were heard, the plan's own readings, and runs nobody could steer."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from allocation.catalog.models import PHASES
from allocation.policy.phases import Phase
from allocation.policy.plan_windows import PlanWindowKind


class HookDefaults(models.Model):
    """What a run is taken for that names no SD while none, or more than one, is in progress.

    There is exactly one row, with primary key 1.
    """

    phase = models.CharField(max_length=4, choices=PHASES, default=Phase.EXEC.value)
    complexity = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="1 (trivial) to 5 (critical).",
    )

    class Meta:
        db_table = "hook_defaults"
        verbose_name = "hook defaults"
        verbose_name_plural = "hook defaults"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_row_of_hook_defaults"),
            models.CheckConstraint(
                condition=Q(complexity__gte=1) & Q(complexity__lte=5),
                name="hook_complexity_is_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return "runs without an SD"


class HarnessSession(models.Model):
    """A session of Claude Code, and when it was last heard by each way. `project` is the name of
    the folder it works in, without its path."""

    session_id = models.CharField(max_length=100, unique=True)
    machine = models.CharField(max_length=100, blank=True)
    cli_version = models.CharField("version", max_length=40, blank=True)
    project = models.CharField(max_length=100, blank=True)
    first_heard = models.DateTimeField()
    last_heard = models.DateTimeField()
    hook_at = models.DateTimeField("last hook", null=True, blank=True)
    status_line_at = models.DateTimeField("last status line", null=True, blank=True)
    ended_at = models.DateTimeField("ended", null=True, blank=True)

    class Meta:
        db_table = "harness_sessions"
        ordering = ["-last_heard", "-id"]
        verbose_name = "session"
        indexes = [models.Index(fields=["-last_heard", "-id"], name="session_last_heard_first")]

    def __str__(self) -> str:
        return self.session_id


class ReadingSource(models.TextChoices):
    """Where a reading of the plan's meter came from."""

    STATUS_LINE = "status_line", "status line"
    HEADLESS = "headless", "headless event"


PLAN_WINDOWS = [
    (PlanWindowKind.FIVE_HOUR.value, "5 hours"),
    (PlanWindowKind.SEVEN_DAY.value, "7 days"),
]


class PlanReading(models.Model):
    """What the plan's own meter said, kept where it differs from what its session said before."""

    at = models.DateTimeField("when")
    window = models.CharField(max_length=10, choices=PLAN_WINDOWS)
    used_percent: "models.DecimalField[Decimal, Decimal]" = models.DecimalField(
        "used, %", max_digits=7, decimal_places=2
    )
    resets_at = models.DateTimeField("resets")
    session_id = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=12, choices=ReadingSource)

    class Meta:
        db_table = "plan_readings"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["window", "-at"], name="plan_reading_newest_first"),
            # What a session said last is looked up with each thing it says.
            models.Index(fields=["session_id", "window", "-at"], name="plan_reading_by_session"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(used_percent__gte=0), name="plan_reading_is_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"{self.window} {self.used_percent}%"


class WhyUnsteered(models.TextChoices):
    """Why a run keeps the model it has."""

    WORKFLOW = "workflow", "started by a workflow: no hook is asked"
    FORK = "fork", "a fork: it keeps its parent’s model"
    RESUMED = "resumed", "resumed: it keeps the model it had"


class UnsteeredRun(models.Model):
    """A run that no hook can steer. Its tokens are counted like any other's.

    `key` is the tool_use_id of its call or, where there is none, its session and agent id.
    """

    key = models.CharField(max_length=210, unique=True)
    at = models.DateTimeField("when")
    session_id = models.CharField(max_length=100, blank=True)
    agent_type = models.CharField("sub-agent", max_length=100, blank=True)
    why = models.CharField(max_length=10, choices=WhyUnsteered)

    class Meta:
        db_table = "unsteered_runs"
        ordering = ["-at", "-id"]
        verbose_name = "run not steered"
        verbose_name_plural = "runs not steered"
        indexes = [models.Index(fields=["-at", "-id"], name="unsteered_newest_first")]

    def __str__(self) -> str:
        return f"{self.agent_type} ({self.why})"
