"""The record of past forecasts: what was predicted, what came, and how often the intervals held."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from statistics import fmean, median

from django.db.models import Count, Q, QuerySet

from allocation.budgets.models import BudgetWeek
from allocation.budgets.models import Meter as MeterRow
from allocation.display import format as fmt
from allocation.forecasts.models import Forecast, ForecastScore, Occasion
from allocation.policy.accuracy import accuracy_percent
from allocation.policy.forecasting import ORIGINS
from allocation.policy.meter import Meter

# The report's history shows one prediction a week: the one after the first day.
SHOWN_ORIGIN = 24
MOST_WEEKS = 26


@dataclass(frozen=True, slots=True)
class WeekRecord:
    """One closed week: what was predicted a day into it and what came, in whole units of the
    `meter` it was closed with; None where that is not known."""

    week: BudgetWeek
    meter: Meter | None
    predicted: int
    low80: int
    high80: int
    actual: int
    accuracy: Decimal | None
    inside80: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """How good some forecasts were. Rates are (hits, of how many); None where there is nothing.

    `error` is the median, `crps` the mean as a share of the mean total, `bias` the sum of what was
    forecast too much as a share of the sum of totals; both are taken of what was counted alike, for
    dollars and tokens make no sum, and averaged over that by the number of forecasts.
    `exhaustion_hours` is the mean of the `ahead`, whose limit was not used up already when they
    were made.
    """

    n: int
    ahead: int
    inside50: tuple[int, int]
    inside80: tuple[int, int]
    zone_hits: tuple[int, int]
    error: float | None
    bias: float | None
    crps: float | None
    exhaustion_hours: float | None


@dataclass(frozen=True, slots=True)
class OriginRecord:
    """The figures of the forecasts that spoke so many hours into the week, an entry a week, and
    the median error of each method as a share; None without any."""

    hours: int
    figures: Figures
    by_method: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger says of the forecasts that spoke, at ORIGINS of the last weeks. `weeks` are
    those of the `scored_weeks` in which one spoke a day into the week."""

    weeks: list[WeekRecord]
    scored_weeks: int
    by_origin: list[OriginRecord]
    overall_by_method: dict[str, float | None]
    figures: Figures

    @property
    def methods(self) -> list[str]:
        """The methods by name."""
        return list(self.overall_by_method)

    @property
    def inside80(self) -> tuple[int, int]:
        """How many of the 80 % intervals held, of how many."""
        return self.figures.inside80

    @property
    def error(self) -> float | None:
        """The median error, as a share."""
        return self.figures.error


def forecast_record(before: datetime) -> Record:
    """The record of the last weeks that ended before a moment. Three queries."""
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
    methods = sorted({score.forecast.method for score in scores})
    return Record(
        weeks=_weeks(weeks, spoke),
        scored_weeks=len({score.forecast.week_id for score in spoke}),
        by_origin=[
            OriginRecord(
                hours,
                figures_of([score for score in spoke if score.forecast.hours_in == hours]),
                _by_method([s for s in scores if s.forecast.hours_in == hours], methods),
            )
            for hours in ORIGINS
        ],
        overall_by_method=_by_method(scores, methods),
        figures=figures_of(spoke),
    )


def figures_of(scores: Sequence[ForecastScore]) -> Figures:
    """The figures of some scored forecasts."""
    n = len(scores)
    errors = [float(score.error) for score in scores if score.error is not None]
    ahead = [float(score.exhaustion_hours) for score in scores if score.ran_on]
    return Figures(
        n=n,
        ahead=len(ahead),
        inside50=(sum(score.hit50 for score in scores), n),
        inside80=(sum(score.hit80 for score in scores), n),
        zone_hits=(sum(score.zone_hit for score in scores), n),
        error=median(errors) if errors else None,
        bias=_share(scores, lambda score: (score.forecast.point or 0) - score.actual),
        crps=_share(scores, lambda score: score.crps),
        exhaustion_hours=fmean(ahead) if ahead else None,
    )


def _share(
    scores: Sequence[ForecastScore], amount: Callable[[ForecastScore], Decimal | int]
) -> float | None:
    """What the amounts are together of the totals together, of each meter by itself; the mean."""
    alike: dict[str | None, list[ForecastScore]] = defaultdict(list)
    for score in scores:
        alike[score.forecast.meter_digest].append(score)
    shares = [
        (float(sum(map(amount, group))) / total, len(group))
        for group in alike.values()
        if (total := sum(score.actual for score in group))
    ]
    return fmean(*zip(*shares, strict=True)) if shares else None


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
        return fmt.held((self.inside80, self.weeks))


def coverage_of(forecast: Forecast) -> Coverage:
    """How often the intervals held in all weeks that were scored. One query."""
    origin = max((hours for hours in ORIGINS if hours <= forecast.hours_in), default=ORIGINS[0])
    counts = spoken([origin]).aggregate(
        weeks=Count("pk"),
        inside50=Count("pk", filter=Q(hit50=True)),
        inside80=Count("pk", filter=Q(hit80=True)),
    )
    return Coverage(**counts)


def weeks_scored() -> int:
    """In how many weeks a forecast of the record was scored. One query."""
    return spoken().values("forecast__week").distinct().count()


def hit_rate(before: datetime) -> Fraction | None:
    """The share of 80 % intervals that held in the weeks that ended before a moment: the confidence
    of rule 9. None before any was scored. One query."""
    counts = (
        spoken()
        .filter(forecast__week__end__lte=before)
        .aggregate(n=Count("pk"), held=Count("pk", filter=Q(hit80=True)))
    )
    return Fraction(counts["held"], counts["n"]) if counts["n"] else None


def spoken(hours: Sequence[int] = ORIGINS) -> QuerySet[ForecastScore]:
    """The scores of the forecasts that spoke so many hours into their weeks; at the origins
    of the record unless said otherwise."""
    return ForecastScore.objects.filter(
        forecast__chosen=True, forecast__occasion=Occasion.HOUR, forecast__hours_in__in=hours
    )


def of_running_week(now: datetime) -> Q:
    """The forecasts of the week that holds `now`, whatever they were counted with."""
    return Q(week__start__lte=now, week__end__gt=now)


def newest_forecast(now: datetime, meter: Meter) -> Forecast | None:
    """The newest forecast of the week that holds `now`, as it ends, by the method that spoke, in
    amounts of the meter."""
    return (
        Forecast.objects.filter(
            of_running_week(now), Forecast.still_speaking(meter), chosen=True, made_at__lte=now
        )
        .order_by("-made_at")
        .first()
    )


def last_week(now: datetime) -> ForecastScore | None:
    """The scored forecast of the last week that closed, as it stood a day into that week."""
    return (
        spoken([SHOWN_ORIGIN])
        .filter(forecast__week__end__lte=now)
        .select_related("forecast__week")
        .order_by("-forecast__made_at")
        .first()
    )


def meters_of(weeks: Sequence[BudgetWeek]) -> dict[int, Meter]:
    """The meters that weeks were closed with, by the ids of the weeks: what the ledger says of a
    week is in the unit of its own. One query."""
    rows = MeterRow.objects.filter(name__in={week.meter_name for week in weeks})
    known = {row.name: row.to_policy() for row in rows}
    return {week.pk: known[week.meter_name] for week in weeks if week.meter_name in known}


def _weeks(weeks: Sequence[BudgetWeek], spoke: Sequence[ForecastScore]) -> list[WeekRecord]:
    shown = {
        score.forecast.week_id: score for score in spoke if score.forecast.hours_in == SHOWN_ORIGIN
    }
    meters = meters_of(weeks)
    return [
        WeekRecord(
            week=week,
            meter=meters.get(week.pk),
            predicted=score.forecast.point or 0,
            low80=score.forecast.low80 or 0,
            high80=score.forecast.high80 or 0,
            actual=score.actual,
            accuracy=accuracy_percent(score.forecast.point or 0, score.actual),
            inside80=score.hit80,
        )
        for week in weeks
        if (score := shown.get(week.pk)) is not None
    ]


def _by_method(scores: Sequence[ForecastScore], methods: Sequence[str]) -> dict[str, float | None]:
    """The median error of each method."""
    errors: dict[str, list[float]] = {method: [] for method in methods}
    for score in scores:
        if score.error is not None:
            errors[score.forecast.method].append(float(score.error))
    return {method: median(some) if some else None for method, some in errors.items()}
