"""Tiers, the models that belong to them, and what those cost."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from allocation.policy import tiers


class Tier(models.Model):
    """A class of models, ordered by rank. The rules know the four that ship by name."""

    name = models.SlugField(max_length=20, unique=True)
    rank = models.PositiveSmallIntegerField(
        unique=True, help_text="Higher is dearer. haiku 10, sonnet 20, opus 30, fable 40."
    )
    weighed_as = models.ForeignKey(
        "ClaudeModel",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The model whose price weighs tokens that were logged by hand for this tier.",
    )

    class Meta:
        db_table = "tiers"
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name

    def to_policy(self) -> tiers.Tier:
        """The tier as the rules know it."""
        return tiers.Tier(self.rank, self.name)


class ClaudeModel(models.Model):
    """A concrete model id as it stands in transcripts and telemetry."""

    model_id = models.CharField(
        "model id",
        max_length=100,
        unique=True,
        help_text="Exactly as it is observed, for example claude-haiku-4-5-20251001.",
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="models")

    class Meta:
        db_table = "models"
        ordering = ["tier__rank", "model_id"]
        verbose_name = "model"

    def __str__(self) -> str:
        return self.model_id


def _price_field(label: str) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(
        label,
        max_digits=12,
        decimal_places=6,
        validators=[MinValueValidator(Decimal(0))],
        help_text="US dollars per million tokens.",
    )


class Price(models.Model):
    """What a model costs from a day on, for prompts above a size.

    The rows of the latest `valid_from` not after a request's day (UTC) are its price list: an
    ordinary price and, for some models, one for prompts that exceed `prompt_over`.
    """

    model = models.ForeignKey(ClaudeModel, on_delete=models.CASCADE, related_name="prices")
    valid_from = models.DateField(help_text="The first day (UTC) on which this price holds.")
    prompt_over = models.PositiveIntegerField(
        "prompts over",
        default=0,
        help_text="0 for the ordinary price; else the prompt size in tokens above which this "
        "price holds for the whole request.",
    )
    input = _price_field("input")
    output = _price_field("output")
    cache_write_5m = _price_field("cache write, 5 min")
    cache_write_1h = _price_field("cache write, 1 h")
    cache_read = _price_field("cache read")

    class Meta:
        db_table = "model_prices"
        ordering = ["model", "-valid_from", "prompt_over"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "valid_from", "prompt_over"],
                name="one_price_per_model_day_and_prompt_size",
                violation_error_message="There is a price for this model, day and prompt size "
                "already: change that one, or choose another day.",
            )
        ]

    def __str__(self) -> str:
        over = f", prompts over {self.prompt_over:,}" if self.prompt_over else ""
        return f"{self.model} from {self.valid_from}{over}"
