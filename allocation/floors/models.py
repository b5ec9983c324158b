"""Floors that sub-agents never run below, and the Chairman's overrides."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from allocation.catalog.models import PHASES, SubAgent, Tier
from allocation.policy.errors import RuleError
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.recommend import ForcedTier

GIVES_WAY = [
    (GivesWay.NEVER.value, "never"),
    (GivesWay.UNDER_PRESSURE.value, "under budget pressure (Yellow and worse)"),
    (GivesWay.READ_ONLY.value, "for read-only work"),
]


class ModelFloor(models.Model):
    """The least tier allowed for a sub-agent in a phase (rule 3).

    The most particular row applies: sub-agent and phase, then sub-agent, then phase, then the
    default row that names neither.
    """

    sub_agent = models.ForeignKey(
        SubAgent,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="floors",
        verbose_name="sub-agent",
        help_text="Empty for every sub-agent without a floor of its own.",
    )
    phase = models.CharField(
        max_length=4, choices=PHASES, blank=True, help_text="Empty for all phases."
    )
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, related_name="+", help_text="The least tier allowed."
    )
    gives_way = models.CharField(
        max_length=20,
        choices=GIVES_WAY,
        default=GivesWay.NEVER.value,
        help_text="When the floor yields to the relaxed tier. A floor that never gives way also "
        "stops the Chairman’s overrides.",
    )
    relaxed_tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What it gives way to. Empty if it never does.",
    )
    rationale = models.TextField(blank=True, help_text="Why the floor is where it is.")

    class Meta:
        db_table = "sub_agent_model_floors"
        ordering = ["sub_agent__code", "phase"]
        verbose_name = "floor"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_agent", "phase"],
                name="one_floor_per_sub_agent_and_phase",
                violation_error_message="There is a floor for this sub-agent and phase already: "
                "change that one.",
            ),
            # SQL holds two NULLs to be different: the default rows need one of their own.
            models.UniqueConstraint(
                fields=["phase"],
                condition=Q(sub_agent__isnull=True),
                name="one_default_floor_per_phase",
                violation_error_message="There is a default floor for this phase already.",
            ),
            models.CheckConstraint(
                condition=Q(gives_way=GivesWay.NEVER.value, relaxed_tier__isnull=True)
                | (~Q(gives_way=GivesWay.NEVER.value) & Q(relaxed_tier__isnull=False)),
                name="floor_has_relaxed_tier_exactly_if_it_gives_way",
                violation_error_message="A floor that gives way needs a relaxed tier; one that "
                "never does must not have one.",
            ),
        ]

    def __str__(self) -> str:
        who = self.sub_agent.code if self.sub_agent else "all others"
        return f"{who}, {self.phase or 'all phases'}"

    def clean(self) -> None:
        """Refuse what `to_policy` cannot work with, before every recommendation fails on it."""
        if self.tier_id is None:
            return  # the form says so already
        try:
            self.to_policy()
        except RuleError as error:
            raise ValidationError({"relaxed_tier": str(error)}) from error

    def to_policy(self) -> Floor:
        """The floor as the rules take it. Raises RuleError if the relaxed tier is not below it."""
        return Floor(
            self.tier.to_policy(),
            GivesWay(self.gives_way),
            self.relaxed_tier.to_policy() if self.relaxed_tier else None,
        )


class ModelCeiling(models.Model):
    """The most that complexity may ask for, for a sub-agent in a phase (policy.ceilings).

    It moves ordinary work down a tier. A higher floor still holds, and critical tasks and overrides
    are not capped.
    """

    sub_agent = models.ForeignKey(
        SubAgent, on_delete=models.CASCADE, related_name="ceilings", verbose_name="sub-agent"
    )
    phase = models.CharField(
        max_length=4, choices=PHASES, blank=True, help_text="Empty for all phases."
    )
    tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What its ordinary work gets at most, whatever its complexity.",
    )
    rationale = models.TextField(blank=True, help_text="Why the ceiling is where it is.")

    class Meta:
        db_table = "sub_agent_model_ceilings"
        ordering = ["sub_agent__code", "phase"]
        verbose_name = "ceiling"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_agent", "phase"],
                name="one_ceiling_per_sub_agent_and_phase",
                violation_error_message="There is a ceiling for this sub-agent and phase already: "
                "change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sub_agent}, {self.phase or 'all phases'}"


class OverrideQuerySet(models.QuerySet["Override"]):
    """Overrides by whether they act."""

    def in_force(self, now: datetime) -> "OverrideQuerySet":
        """Those that act at `now`: begun, not expired, not revoked, not used up."""
        return self.filter(created_at__lte=now, expires_at__gt=now, revoked_at__isnull=True).filter(
            Q(uses_left__isnull=True) | Q(uses_left__gt=0)
        )


class Override(models.Model):
    """The Chairman forcing a tier (rule 5), with a reason, an actor and an expiry."""

    sub_agent = models.ForeignKey(
        SubAgent, on_delete=models.PROTECT, related_name="overrides", verbose_name="sub-agent"
    )
    phase = models.CharField(
        max_length=4, choices=PHASES, blank=True, help_text="Empty for all phases."
    )
    # Text and no key: SDs are above floors in the order of imports.
    sd_code = models.CharField(
        "SD", max_length=60, blank=True, help_text="Empty for the runs of every SD, and of none."
    )
    uses_left = models.PositiveSmallIntegerField(
        null=True, blank=True, editable=False, help_text="Runs that it still forces; empty for all."
    )
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, related_name="+", help_text="The tier to run on."
    )
    reason = models.TextField(help_text="Why. It stands in the audit trail.")
    actor = models.CharField(max_length=150, editable=False)
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(
        help_text="When it stops acting. Left empty, the end of this budget week."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.CharField(max_length=150, blank=True, editable=False)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        db_table = "overrides"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["expires_at"], name="override_expiry")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="override_has_a_reason",
                violation_error_message="Say why: an override needs a reason.",
            ),
        ]

    def __str__(self) -> str:
        whose = f", {self.sd_code}" if self.sd_code else ""
        many = "" if self.uses_left is None else ", one run"
        return f"{self.sub_agent}, {self.phase or 'all phases'}{whose}{many}"

    def to_policy(self) -> ForcedTier:
        """The override as the rules take it."""
        return ForcedTier(self.tier.to_policy(), self.reason, self.actor)
