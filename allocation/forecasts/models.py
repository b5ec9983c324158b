"""The forecast ledger: every forecast that was made, and how good it was once its week was over."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from allocation.budgets.models import ZONES, BudgetWeek
from allocation.directives.models import StrategicDirective
from allocation.policy.accuracy import accuracy_percent
from allocation.policy.meter import Meter


class Occasion(models.TextChoices):
    """Why a forecast was made."""

    HOUR = "hour", "every hour"
    CHECKPOINT = "checkpoint", "at a checkpoint"
    ANEW = "anew", "when the limit or the week had changed"


def _amount() -> "models.BigIntegerField[int, int]":
    return models.BigIntegerField()


class Forecast(models.Model):
    """What one method said of a budget week at a moment. Never changed, never deleted.

    Amounts are whole units of the meter: budget tokens, or cents of a budget in US dollars. The
    row of the method that the chooser took has `chosen`. Without `point` it was too early to say.
    """

    week = models.ForeignKey(BudgetWeek, on_delete=models.PROTECT, related_name="forecasts")
    week_end = models.DateTimeField(
        null=True, help_text="Where the week ended when it was made: another reset moves that."
    )
    made_at = models.DateTimeField()
    hour = models.DateTimeField(help_text="The hour (UTC) that it was made in.")
    hours_in = models.PositiveSmallIntegerField(help_text="Full hours into the week.")
    occasion = models.CharField(max_length=10, choices=Occasion)
    method = models.CharField(max_length=30)
    version = models.CharField(max_length=20)
    inputs_digest = models.CharField(max_length=64)
    # NULL for none: SQLite adds other columns by making the table anew, without its trigger.
    meter_digest = models.CharField(  # noqa: DJ001
        max_length=64, null=True, help_text="What its amounts were counted with: Meter.digest."
    )
    chosen = models.BooleanField()
    used = _amount()
    effective_limit = _amount()
    point = models.BigIntegerField(null=True)
    low50 = models.BigIntegerField(null=True)
    high50 = models.BigIntegerField(null=True)
    low80 = models.BigIntegerField(null=True)
    high80 = models.BigIntegerField(null=True)
    quantiles = models.JSONField(default=list)
    course = models.JSONField(
        null=True,
        help_text="What part of the tokens to come is used by the end of each hour from then on, "
        "in thousandths; kept of the method that spoke.",
    )
    exhaustion_early = models.DateTimeField(null=True)
    exhaustion_median = models.DateTimeField(null=True)
    exhaustion_late = models.DateTimeField(null=True)
    exhaustion_chance = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    zone_chances = models.JSONField(default=dict)
    zone = models.CharField(max_length=6, choices=ZONES, blank=True)

    class Meta:
        db_table = "forecasts"
        ordering = ["-made_at", "method"]
        indexes = [
            models.Index(fields=["week", "made_at"], name="forecast_by_week"),
            # The week page wants the newest one that speaks.
            models.Index(fields=["-made_at"], name="forecast_newest", condition=Q(chosen=True)),
            # The coverage beside each interval counts weeks from the same part of the week.
            models.Index(
                fields=["hours_in"],
                name="forecast_by_hours_in",
                condition=Q(chosen=True, occasion="hour"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "method"],
                condition=Q(occasion="hour"),
                name="one_forecast_per_hour_and_method",
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} at {self.made_at:%Y-%m-%d %H:%M}"

    @staticmethod
    def still_speaking(meter: Meter) -> Q:
        """Those of the week as it ends now, in amounts of a meter that counts as this one does. Of
        the first ones nobody noted which end they spoke of, and what they were counted with."""
        of_its_week = Q(week_end=F("week__end")) | Q(week_end=None)
        return of_its_week & (Q(meter_digest=meter.digest) | Q(meter_digest=None))

    def inside50(self, total: int) -> bool:
        """Whether a total falls into the 50 % interval."""
        return _inside(self.low50, total, self.high50)

    def inside80(self, total: int) -> bool:
        """Whether a total falls into the 80 % interval."""
        return _inside(self.low80, total, self.high80)


def _inside(low: int | None, total: int, high: int | None) -> bool:
    return low is not None and high is not None and low <= total <= high


class ForecastScore(models.Model):
    """How good a forecast was: written once, when its week closed. Errors are shares."""

    forecast = models.OneToOneField(Forecast, on_delete=models.PROTECT, related_name="score")
    actual = _amount()
    error = models.DecimalField(
        "absolute percentage error", max_digits=12, decimal_places=6, null=True
    )
    hit50 = models.BooleanField()
    hit80 = models.BooleanField()
    zone_hit = models.BooleanField()
    exhaustion_hours = models.DecimalField(
        "exhaustion error, hours", max_digits=7, decimal_places=2
    )
    crps = models.DecimalField(max_digits=22, decimal_places=2)
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "forecast_scores"

    def __str__(self) -> str:
        return f"score of {self.forecast}"

    @property
    def ran_on(self) -> bool:
        """Whether the limit was not used up already when the forecast was made."""
        return self.forecast.used < self.forecast.effective_limit

    @property
    def accuracy(self) -> Decimal | None:
        """The report's accuracy in percent."""
        return accuracy_percent(self.forecast.point or 0, self.actual)


class SdEstimate(models.Model):
    """What an SD was expected to use when it started, in fresh tokens. Never changed.

    `low` and `high` enclose 80 %; `by_agent` has the range of each sub-agent and phase.
    """

    sd = models.ForeignKey(StrategicDirective, on_delete=models.PROTECT, related_name="estimates")
    made_at = models.DateTimeField()
    low = models.PositiveBigIntegerField()
    point = models.PositiveBigIntegerField()
    high = models.PositiveBigIntegerField()
    evidence = models.CharField(max_length=40)
    cases = models.PositiveIntegerField(help_text="How many cases the evidence has.")
    by_agent = models.JSONField(default=list)

    class Meta:
        db_table = "sd_estimates"
        ordering = ["-made_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["sd"], name="one_estimate_per_sd")]

    def __str__(self) -> str:
        return f"estimate of {self.sd}"


class SdEstimateScore(models.Model):
    """How good an estimate was: written once, when its SD was completed. The error is a share."""

    estimate = models.OneToOneField(SdEstimate, on_delete=models.PROTECT, related_name="score")
    actual = models.PositiveBigIntegerField()
    error = models.DecimalField(
        "absolute percentage error", max_digits=12, decimal_places=6, null=True
    )
    inside = models.BooleanField()
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "sd_estimate_scores"

    def __str__(self) -> str:
        return f"score of the {self.estimate}"
