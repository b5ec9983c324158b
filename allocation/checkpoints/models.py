"""The checkpoint log, and the tokens of each SD by phase."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from allocation.catalog.models import PHASES
from allocation.directives.models import StrategicDirective
from allocation.policy.phases import CheckpointKind

KINDS = [(kind.value, kind.label) for kind in CheckpointKind]

# 2**53 - 1: above it JSON readers lose digits, and no week of any fleet comes near it.
MOST_TOKENS = 9_007_199_254_740_991


class Checkpoint(models.Model):
    """A logged moment of an SD. `state` freezes the budget as it stood (report, step 8)."""

    sd = models.ForeignKey(
        StrategicDirective, on_delete=models.PROTECT, related_name="checkpoints", verbose_name="SD"
    )
    kind = models.CharField("checkpoint", max_length=14, choices=KINDS)
    phase = models.CharField(max_length=4, choices=PHASES, help_text="The phase that burned them.")
    at = models.DateTimeField("when")
    actor = models.CharField("who", max_length=150)
    tokens = models.PositiveBigIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MOST_TOKENS)]
    )
    mix = models.JSONField("model mix", default=dict, blank=True)
    rework_cycles = models.PositiveSmallIntegerField(default=0)
    lines_modified = models.PositiveIntegerField("lines of code", null=True, blank=True)
    note = models.TextField(blank=True)
    state = models.JSONField(default=dict)
    submission = models.UUIDField(unique=True)

    class Meta:
        db_table = "checkpoints"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["sd", "at"], name="checkpoint_by_sd")]
        constraints = [
            models.CheckConstraint(
                condition=Q(tokens__isnull=False) | ~Q(kind__contains="_to_"),
                name="handover_has_tokens",
                violation_error_message="A phase hand-over cannot be logged without tokens.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sd} {self.kind}"

    @property
    def phase_started_at(self) -> datetime | None:
        """When its phase began, where the sheet that it was imported from says so."""
        stated = self.state.get("phase_started_at")
        return datetime.fromisoformat(stated) if stated else None


class SdTokenLog(models.Model):
    """What an SD burned in a phase by its checkpoints: one row per SD and phase."""

    sd = models.ForeignKey(
        StrategicDirective, on_delete=models.PROTECT, related_name="token_logs", verbose_name="SD"
    )
    phase = models.CharField(max_length=4, choices=PHASES)
    complexity = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    tokens_burned = models.PositiveBigIntegerField()
    rework_cycles = models.PositiveSmallIntegerField(default=0)
    model_distribution = models.JSONField(default=dict)
    lines_modified = models.PositiveIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "sd_token_logs"
        ordering = ["sd", "phase"]
        verbose_name = "SD token log"
        constraints = [
            models.UniqueConstraint(fields=["sd", "phase"], name="one_token_log_per_sd_and_phase")
        ]

    def __str__(self) -> str:
        return f"{self.sd} {self.phase}"
