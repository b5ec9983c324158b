"""Kinds of work: their sizes, their rework as the report guesses it, and their complexity."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from allocation.catalog.models.tiers import Tier
from allocation.policy.complexity import Level

PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class TaskType(models.Model):
    """A kind of work with a rework rate of its own."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60, unique=True)
    tokens = models.PositiveIntegerField(
        "tokens of a task",
        default=10_000,
        validators=[MinValueValidator(1)],
        help_text="Of a typical one, rework not counted: what the tiers are compared at.",
    )

    class Meta:
        db_table = "task_types"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ReworkPrior(models.Model):
    """The report's guess of how often a kind of work has to be done again on a tier."""

    task_type = models.ForeignKey(TaskType, on_delete=models.CASCADE, related_name="rework_priors")
    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="+")
    rate_percent = models.DecimalField(
        "rework rate, %", max_digits=5, decimal_places=2, validators=PERCENT
    )

    class Meta:
        db_table = "rework_priors"
        ordering = ["task_type", "tier__rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["task_type", "tier"], name="one_rework_prior_per_task_type_and_tier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_type} on {self.tier}"


class ComplexityLevel(models.Model):
    """One row of the complexity rubric."""

    level = models.PositiveSmallIntegerField(
        unique=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    name = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    max_lines = models.PositiveIntegerField(
        "lines of code, up to", null=True, blank=True, help_text="Empty for no upper bound."
    )
    max_dependencies = models.PositiveIntegerField(
        "dependencies, up to", null=True, blank=True, help_text="Empty for no upper bound."
    )
    examples = models.CharField(max_length=200, blank=True)
    preferred = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name="preferred tier",
        help_text="What work of this complexity gets while the zone is Green.",
    )

    class Meta:
        db_table = "complexity_levels"
        ordering = ["level"]

    def __str__(self) -> str:
        return f"{self.level} – {self.name}"

    def to_policy(self) -> Level:
        """The row as the rubric takes it."""
        return Level(self.level, self.max_lines, self.max_dependencies, self.preferred.to_policy())
