"""The budget rule, its meters, and the budget weeks."""

from datetime import time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from allocation.policy import meter as policy
from allocation.policy.weeks import Reset, Window
from allocation.policy.zones import Bounds, Zone

WEEKDAYS = list(
    enumerate(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"])
)
WEIGHTINGS = [
    (policy.Weighting.LIST_PRICE.value, "its list price relative to the reference price"),
    (policy.Weighting.FLAT.value, "every model weighs 1"),
    (policy.Weighting.TIER.value, "as its tier weighs, below"),
    (policy.Weighting.DOLLARS.value, "no weights: the budget is in US dollars"),
]
ZONES = [(zone.value, zone.value.capitalize()) for zone in Zone]
HEAVIEST = 1_000


def _weight(label: str, default: int) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(
        label,
        max_digits=9,
        decimal_places=6,
        default=Decimal(default),
        validators=[MinValueValidator(Decimal(0))],
    )


def check_tier_weights(weights: Any) -> None:
    """Refuse what does not give numbers of at least 0 by tier: {"haiku": "0.25"}."""
    try:
        sound = all(0 <= Decimal(weight) <= HEAVIEST for weight in weights.values())
    except (AttributeError, ArithmeticError, TypeError, ValueError):
        sound = False
    if not sound:
        raise ValidationError(
            'Give each tier a weight from 0 to 1,000, for example {"haiku": "0.25", "opus": "2"}.'
        )


class Meter(models.Model):
    """How raw tokens become budget tokens (rule 7). Four presets ship; all can be edited."""

    name = models.CharField(max_length=40, unique=True)
    weighting = models.CharField("model weight", max_length=12, choices=WEIGHTINGS)
    input = _weight("input", 1)
    output = _weight("output", 1)
    cache_write_5m = _weight("cache write, 5 min", 1)
    cache_write_1h = _weight("cache write, 1 h", 1)
    cache_read = _weight("cache read", 0)
    reference_price = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        default=Decimal(3),
        validators=[MinValueValidator(Decimal("0.000001"))],
        help_text="The input price, in US dollars per million tokens, of the model that weighs 1.",
    )
    tier_weights = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_tier_weights],
        help_text="What a model weighs by its tier, where it weighs by tier; 1 if left out.",
    )

    class Meta:
        db_table = "meters"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def to_policy(self) -> policy.Meter:
        """The meter as the rules take it."""
        return policy.Meter(
            name=self.name,
            weighting=policy.Weighting(self.weighting),
            input=self.input,
            output=self.output,
            cache_write_5m=self.cache_write_5m,
            cache_write_1h=self.cache_write_1h,
            cache_read=self.cache_read,
            reference_price=self.reference_price,
            tier_weights=tuple(
                (tier, Decimal(weight)) for tier, weight in sorted(self.tier_weights.items())
            ),
        )


LIMIT_CHECK = Q(limit__gt=0)
RESERVE_CHECK = Q(reserve_percent__gte=0) & Q(reserve_percent__lt=100)


class BudgetRule(models.Model):
    """The one rule that new budget weeks are made from, and how all of them are judged.

    There is exactly one row, with primary key 1.
    """

    enabled = models.BooleanField(default=True)
    limit = models.DecimalField(max_digits=18, decimal_places=2, default=Decimal(500_000))
    reserve_percent = models.DecimalField(
        "reserve, %", max_digits=5, decimal_places=2, default=Decimal(0)
    )
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    reset_weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS, default=0)
    reset_time = models.TimeField(default=time(14))
    timezone = models.CharField("time zone", max_length=64, default="America/Los_Angeles")
    yellow_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(70))
    orange_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(85))
    red_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(95))

    class Meta:
        db_table = "budget_rule"
        verbose_name_plural = "budget rule"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_budget_rule"),
            models.CheckConstraint(condition=LIMIT_CHECK, name="rule_limit_is_positive"),
            models.CheckConstraint(condition=RESERVE_CHECK, name="rule_reserve_is_a_share"),
            models.CheckConstraint(
                condition=Q(yellow_percent__gt=0)
                & Q(yellow_percent__lt=F("orange_percent"))
                & Q(orange_percent__lt=F("red_percent"))
                & Q(red_percent__lte=100),
                name="zone_bounds_rise",
            ),
        ]

    def __str__(self) -> str:
        return "the budget rule"

    @property
    def zone_info(self) -> ZoneInfo:
        """The owner's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def reset(self) -> Reset:
        """The weekly reset as the rules take it."""
        return Reset(self.reset_weekday, self.reset_time, self.zone_info)

    @property
    def bounds(self) -> Bounds:
        """The zone bounds as the rules take them."""
        return Bounds(self.yellow_percent, self.orange_percent, self.red_percent)


class BudgetWeek(models.Model):
    """A stored window [start, end) with its own limit and reserve.

    The columns after `reserve_percent` stay empty until the week is closed; they are the snapshot
    that later changes of prices or meter do not touch.
    """

    start = models.DateTimeField(unique=True)
    end = models.DateTimeField(unique=True)
    limit = models.DecimalField(max_digits=18, decimal_places=2)
    reserve_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    closed_at = models.DateTimeField(null=True, blank=True)
    tokens_burned = models.DecimalField(
        "budget tokens burned", max_digits=24, decimal_places=6, null=True, blank=True
    )
    budget_zone = models.CharField(max_length=6, choices=ZONES, blank=True)
    meter_name = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "weekly_budget_snapshots"
        ordering = ["-start"]
        verbose_name = "budget week"
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="week_ends_after_start"),
            models.CheckConstraint(condition=LIMIT_CHECK, name="week_limit_is_positive"),
            models.CheckConstraint(condition=RESERVE_CHECK, name="week_reserve_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"week of {self.start:%Y-%m-%d}"

    @property
    def window(self) -> Window:
        """The span as the rules take it."""
        return Window(self.start, self.end)
