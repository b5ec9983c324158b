"""Agent tokens, and the counters that telemetry's metrics are kept in as a cross-check."""

from datetime import datetime

from django.db import models
from django.db.models import Q


class Scope(models.TextChoices):
    """What a token may be used for. None of them writes a limit, a floor, a price, an override or
    the switch."""

    READ = "read", "read the standing, SDs and decisions"
    USAGE = "usage", "report usage, and send telemetry"
    DECISIONS = "decisions", "ask for decisions and report their outcome"
    CHECKPOINTS = "checkpoints", "log checkpoints and propose SDs"
    HOOKS = "hooks", "act as the hooks of Claude Code"


class AgentToken(models.Model):
    """A token by which an agent or its harness speaks to the API: `bctl_<prefix>_<secret>`.

    The secret itself is not kept. Its SHA-256 is enough: the secret has 256 random bits, so unlike
    a password it cannot be guessed from the digest, and a slow hash would only slow each request.
    """

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField("created")
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    last_used_at = models.DateTimeField("last used", null=True, blank=True)

    class Meta:
        db_table = "agent_tokens"
        ordering = ["-created_at", "-id"]
        constraints = [
            # The name stands in the audit trail; it must not mean two agents at a time.
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(revoked_at__isnull=True),
                name="one_token_in_force_per_name",
                violation_error_message="There is a token of this name already: revoke it first, "
                "or choose another name.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown})"

    @property
    def shown(self) -> str:
        """The part of the token that may be shown."""
        return f"bctl_{self.prefix}"

    @property
    def actor(self) -> str:
        """What the trail calls the one who uses it; never equal to a user's name."""
        return f"agent {self.name}"

    def state(self, now: datetime) -> str:
        """`revoked`, `expired` or `in force`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "in force"


class MetricDay(models.Model):
    """Tokens that telemetry's metrics count for a day (UTC): a cross-check, never the ledger."""

    day = models.DateField()
    model = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20, help_text="input, output, cacheRead or cacheCreation")
    tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "metric_days"
        ordering = ["-day", "model", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "model", "kind"], name="one_metric_per_day_model_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.model} {self.kind}"


class MetricBatch(models.Model):
    """A batch of metrics that was added already; its retry adds nothing. Kept for two days."""

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "metric_batches"

    def __str__(self) -> str:
        return self.digest
