"""The record of past forecasts: what was predicted, what came, and how often the intervals held."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import fmean, median

from django.db.models import Count, Q

from allocation.budgets.models import BudgetWeek
from allocation.forecasts.models import Forecast, ForecastScore, Occasion
from allocation.policy.accuracy import accuracy_percent

# The hours into the week at which forecasts are compared; those of the backtest.
ORIGINS = (6, 12, 24, 48, 72, 96, 120, 144)
# The report's history shows one prediction a week: the one after the first day.
SHOWN_ORIGIN = 24
MOST_WEEKS = 26


@dataclass(frozen=True, slots=True)
class WeekRecord:
    """One closed week: what was predicted a day into it and what came, in whole units."""

    week: BudgetWeek
    predicted: int
    actual: int
    accuracy: Decimal | None
    inside80: bool


@dataclass(frozen=True, slots=True)
class OriginErrors:
    """The median error of each method so many hours into the week, as a share; None without any."""

    hours: int
    by_method: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger says of the forecasts that spoke. Rates are (hits, of how many)."""

    weeks: list[WeekRecord]
    by_origin: list[OriginErrors]
    methods: list[str]
    inside50: tuple[int, int]
    inside80: tuple[int, int]
    zone_hits: tuple[int, int]
    error: float | None
    bias: float | None
    exhaustion_hours: float | None

    @property
    def hit_rate(self) -> Decimal | None:
        """The share of forecasts whose 80 % interval held; None before any was scored."""
        hits, of = self.inside80
        return Decimal(hits) / of if of else None


def forecast_record(before: datetime) -> Record:
    """The record of the last weeks that ended before a moment. Two queries."""
    weeks = list(
        BudgetWeek.objects.filter(end__lte=before, forecasts__score__isnull=False)
        .distinct()
        .order_by("-start")[:MOST_WEEKS]
    )
    scores = list(
        ForecastScore.objects.filter(
            forecast__week__in=weeks,
            forecast__hours_in__in=ORIGINS,
            forecast__occasion=Occasion.HOUR,
        ).select_related("forecast")
    )
    spoke = [score for score in scores if score.forecast.chosen]
    errors = [float(score.error) for score in spoke if score.error is not None]
    return Record(
        weeks=_weeks(weeks, spoke),
        by_origin=_by_origin(scores),
        methods=sorted({score.forecast.method for score in scores}),
        inside50=(sum(score.hit50 for score in spoke), len(spoke)),
        inside80=(sum(score.hit80 for score in spoke), len(spoke)),
        zone_hits=(sum(score.zone_hit for score in spoke), len(spoke)),
        error=median(errors) if errors else None,
        bias=_bias(spoke),
        exhaustion_hours=fmean(float(score.exhaustion_hours) for score in spoke) if spoke else None,
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """In how many of so many `weeks` the total fell inside the 50 and 80 % intervals, as they were
    forecast from the same part of the week."""

    inside50: int
    inside80: int
    weeks: int

    @property
    def words(self) -> str:
        """The 80 % interval's coverage as a clause; never a badge of confidence."""
        return held((self.inside80, self.weeks))


def held(hits: tuple[int, int]) -> str:
    """How often an interval held, in words."""
    inside, weeks = hits
    if not weeks:
        return "no week has been scored yet"
    return f"in {inside} of {weeks} weeks the total fell inside"


def coverage_of(forecast: Forecast) -> Coverage:
    """How often the intervals held in all weeks that were scored. One query."""
    origin = max((hours for hours in ORIGINS if hours <= forecast.hours_in), default=ORIGINS[0])
    counts = ForecastScore.objects.filter(
        forecast__chosen=True, forecast__hours_in=origin, forecast__occasion=Occasion.HOUR
    ).aggregate(
        weeks=Count("pk"),
        inside50=Count("pk", filter=Q(hit50=True)),
        inside80=Count("pk", filter=Q(hit80=True)),
    )
    return Coverage(**counts)


def newest_forecast(now: datetime) -> Forecast | None:
    """The newest forecast of the week that holds `now`, by the method that spoke."""
    return (
        Forecast.objects.filter(
            chosen=True, made_at__lte=now, week__start__lte=now, week__end__gt=now
        )
        .order_by("-made_at")
        .first()
    )


def last_week(now: datetime) -> ForecastScore | None:
    """The scored forecast of the last week that closed, as it stood a day into that week."""
    return (
        ForecastScore.objects.filter(
            forecast__chosen=True,
            forecast__hours_in=SHOWN_ORIGIN,
            forecast__occasion=Occasion.HOUR,
            forecast__week__end__lte=now,
        )
        .select_related("forecast")
        .order_by("-forecast__made_at")
        .first()
    )


def _weeks(weeks: Sequence[BudgetWeek], spoke: Sequence[ForecastScore]) -> list[WeekRecord]:
    shown = {
        score.forecast.week_id: score for score in spoke if score.forecast.hours_in == SHOWN_ORIGIN
    }
    return [
        WeekRecord(
            week=week,
            predicted=score.forecast.point or 0,
            actual=score.actual,
            accuracy=accuracy_percent(score.forecast.point or 0, score.actual),
            inside80=score.hit80,
        )
        for week in weeks
        if (score := shown.get(week.pk)) is not None
    ]


def _by_origin(scores: Sequence[ForecastScore]) -> list[OriginErrors]:
    errors: dict[tuple[int, str], list[float]] = defaultdict(list)
    methods = sorted({score.forecast.method for score in scores})
    for score in scores:
        if score.error is not None:
            errors[score.forecast.hours_in, score.forecast.method].append(float(score.error))
    return [
        OriginErrors(
            hours,
            {
                method: median(errors[hours, method]) if errors[hours, method] else None
                for method in methods
            },
        )
        for hours in ORIGINS
    ]


def _bias(spoke: Sequence[ForecastScore]) -> float | None:
    actual = sum(score.actual for score in spoke)
    if not actual:
        return None
    return (sum(score.forecast.point or 0 for score in spoke) - actual) / actual
