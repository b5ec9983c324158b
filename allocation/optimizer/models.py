"""Changes that were applied to save tokens, with what they were estimated to save."""

from django.db import models
from django.db.models import F, Q

from allocation.catalog.models import PHASES, SubAgent, Tier
from allocation.policy.opportunities import Verdict

VERDICTS = [(verdict.value, verdict.value) for verdict in Verdict]


class AppliedChange(models.Model):
    """One opportunity that the Chairman took: a sub-agent runs a tier lower in a phase.

    Amounts are in the unit of the meter that is named, estimated when it was applied; a negative
    one costs more. `ceiling_before` and `floor_before` are the columns of what was there, None for
    no row; the floor is None twice where it was not touched. They are what an undo goes back to.
    """

    sub_agent = models.ForeignKey(
        SubAgent, on_delete=models.PROTECT, related_name="applied_changes"
    )
    phase = models.CharField(max_length=4, choices=PHASES)
    from_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    to_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("applied")
    actor = models.CharField("who", max_length=150)
    reason = models.TextField()
    meter = models.CharField(max_length=60)
    in_dollars = models.BooleanField(default=False)
    # Null is unknown: without an SD, or without a price.
    per_week = models.DecimalField("saved a week", max_digits=20, decimal_places=6, null=True)
    per_sd = models.DecimalField("saved per SD", max_digits=20, decimal_places=6, null=True)
    usd_per_week = models.DecimalField(
        "US dollars a week", max_digits=20, decimal_places=6, null=True
    )
    quality = models.CharField("quality then", max_length=30, choices=VERDICTS)
    ceiling_before = models.JSONField(null=True)
    floor_before = models.JSONField(null=True)
    floor_after = models.JSONField(null=True)
    undone_at = models.DateTimeField("undone", null=True)
    undone_by = models.CharField(max_length=150, blank=True)
    undo_reason = models.TextField(blank=True)

    class Meta:
        db_table = "applied_changes"
        ordering = ["-at", "-id"]
        verbose_name = "optimisation"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_agent", "phase", "to_tier"],
                condition=Q(undone_at__isnull=True),
                name="one_standing_change_per_place_and_tier",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="applied_change_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(from_tier=F("to_tier")), name="applied_change_changes_the_tier"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | (~Q(undone_by="") & ~Q(undo_reason="")),
                name="undone_change_says_by_whom_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_agent}, {self.phase}"
