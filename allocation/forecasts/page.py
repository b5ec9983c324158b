"""The forecast-accuracy page: the owner’s own record, and one week's forecasts beside what came."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from allocation.budgets.models import BudgetWeek
from allocation.display import format as fmt
from allocation.display.bands import SHAPES, judged
from allocation.display.chart import Chart
from allocation.display.fact import Fact
from allocation.forecasts.charts import MOST_POINTS, error_chart, fan_chart, history_chart
from allocation.forecasts.estimates import EstimateRecord, estimate_record
from allocation.forecasts.facts import forecast_facts
from allocation.forecasts.models import Forecast, Occasion, SdEstimateScore
from allocation.forecasts.record import (
    OriginRecord,
    Record,
    WeekRecord,
    forecast_record,
    meters_of,
    newest_forecast,
    of_running_week,
)
from allocation.forecasts.words import (
    estimated,
    hours_text,
    method_name,
    range_text,
    rate_text,
    share_text,
    written,
)
from allocation.policy.kpis import KPI_BY_KEY, Reading
from allocation.policy.meter import Meter
from allocation.policy.zones import Zone
from allocation.usage.standing import running_week


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the record; with a KPI its target and its band in shape and words."""

    title: str
    value: str
    note: str
    reading: Reading | None = None
    target: str = ""

    @property
    def words(self) -> str:
        """What the band means; without data it says so itself."""
        return self.reading.words if self.reading and self.shape != "unknown" else ""

    @property
    def shape(self) -> str:
        """The shape of the band."""
        return SHAPES[self.reading.band] if self.reading else ""


@dataclass(frozen=True, slots=True)
class WeekRow:
    """One closed week in words."""

    start: datetime
    predicted: str
    range80: str
    actual: str
    accuracy: str
    inside80: bool
    key: str


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """What the page prints. `silent` says why there is no forecast. `by_origin` and `estimates` are
    rows of texts; `measures` is empty until a week is scored."""

    newest: Forecast | None
    silent: str
    method: str
    facts: list[Fact]
    ends: datetime
    chances: list[tuple[str, str]]
    measures: list[Measure]
    weeks: list[WeekRow]
    history: Chart
    by_origin: list[tuple[str, ...]]
    errors: Chart
    fan: Chart
    shown: BudgetWeek | None
    estimates: list[tuple[str, ...]]
    estimates_held: str


def forecast_page(now: datetime, zone: ZoneInfo, shown: BudgetWeek | None = None) -> ForecastPage:
    """The page at `now`, with times on the clock of `zone`, and the fan of the week `shown`: a
    closed one, or the running one by default. As many queries however long the record is."""
    week = running_week(now)
    record = forecast_record(now)
    newest = newest_forecast(now, week.meter) if week.enabled else None
    spoke = newest if newest and newest.point is not None else None
    estimates = estimate_record(now)
    return ForecastPage(
        newest=spoke,
        silent="" if spoke else _silent(week.enabled, now),
        method=method_name(spoke.method) if spoke else "",
        facts=[*_used(spoke, week.meter), *forecast_facts(now, spoke, week.meter, zone)],
        ends=week.window.end,
        chances=_chances(spoke),
        measures=_measures(record) if record.figures.n else [],
        weeks=[_week(row, row.meter or week.meter) for row in record.weeks],
        history=history_chart(record.weeks, week.meter),
        by_origin=[_origin(row) for row in record.by_origin] if record.weeks else [],
        errors=error_chart(record),
        fan=_fan(now, week.meter, zone, shown, record),
        shown=shown,
        estimates=[_estimate(score) for score in estimates.scores],
        estimates_held=_estimates_held(estimates),
    )


def _silent(enabled: bool, now: datetime) -> str:
    if not enabled:
        return "While budgetctl is off nothing is forecast."
    if Forecast.objects.filter(of_running_week(now), point__isnull=False).exists():
        return "The meter or the reset has changed: this week is forecast anew within a minute."
    return "Too early to say what this week will come to."


def _used(spoke: Forecast | None, meter: Meter) -> list[Fact]:
    """What was used when the forecast was made, which is what it adds to."""
    if spoke is None:
        return []
    limit = written(spoke.effective_limit, meter)
    return [Fact("Used when it was made", written(spoke.used, meter), f"of {limit}")]


def _chances(spoke: Forecast | None) -> list[tuple[str, str]]:
    # Best zone first; a JSON column does not keep an order on every database.
    chances = spoke.zone_chances if spoke else {}
    return [
        (zone.value, fmt.percent(Decimal(str(chances[zone.value]))))
        for zone in Zone
        if zone.value in chances
    ]


def _measures(record: Record) -> list[Measure]:
    figures = record.figures
    zone_hits, zone_of = figures.zone_hits
    forecasts = fmt.counted(figures.n, "forecast")
    ahead = fmt.counted(figures.ahead, "forecast")
    weeks = fmt.counted(record.scored_weeks, "week")
    rests_on = f"the middle miss as a share of the total: {forecasts} in {weeks}"
    named = f"{zone_hits} of {zone_of} forecasts named the zone that came" if zone_of else ""
    return [
        _kpi(
            "burn-rate-error",
            "Median error",
            rests_on,
            None if figures.error is None else 100 * figures.error,
        ),
        _kpi(
            "zone-accuracy",
            "Zone accuracy",
            named,
            100 * zone_hits / zone_of if zone_of else None,
        ),
        _kpi(
            "exhaustion-error",
            "Exhaustion time error",
            f"mean miss of the hour, cut off at the week’s end: {ahead}" if figures.ahead else "",
            figures.exhaustion_hours,
        ),
        Measure(
            "80% interval", rate_text(figures.inside80), fmt.held(figures.inside80, "forecast")
        ),
        Measure(
            "50% interval", rate_text(figures.inside50), fmt.held(figures.inside50, "forecast")
        ),
        Measure(
            "Bias",
            share_text(figures.bias, signed=True),
            "above 0%: more was forecast than came" if figures.bias is not None else "",
        ),
        Measure(
            "Whole distribution (CRPS)",
            share_text(figures.crps),
            "of the mean total; 0 is best, and for a single number it is the mean error"
            if figures.crps is not None
            else "",
        ),
    ]


def _kpi(key: str, title: str, note: str, measured: float | None) -> Measure:
    """`measured` is in the KPI's unit: percent, or hours."""
    kpi = KPI_BY_KEY[key]
    exact = None if measured is None else Decimal(str(round(measured, 4)))
    return Measure(title, judged(kpi, exact), note, kpi.read(exact), kpi.target)


def _week(row: WeekRecord, meter: Meter) -> WeekRow:
    return WeekRow(
        start=row.week.start,
        predicted=estimated(row.predicted, row, meter),
        range80=range_text(row.low80, row.high80, meter),
        actual=written(row.actual, meter),
        accuracy="–" if row.accuracy is None else f"{row.accuracy}%",
        inside80=row.inside80,
        key=f"{row.week.start:%Y-%m-%dT%H:%M}",
    )


def _origin(row: OriginRecord) -> tuple[str, ...]:
    figures = row.figures
    return (
        f"{row.hours} h",
        str(figures.n),
        share_text(figures.error),
        share_text(figures.bias, signed=True),
        rate_text(figures.inside50),
        rate_text(figures.inside80),
        rate_text(figures.zone_hits),
        hours_text(figures.exhaustion_hours),
        share_text(figures.crps),
    )


def _fan(
    now: datetime, meter: Meter, zone: ZoneInfo, shown: BudgetWeek | None, record: Record
) -> Chart:
    rows = Forecast.objects.filter(chosen=True, point__isnull=False, made_at__lte=now)
    if shown is None:
        rows = rows.filter(of_running_week(now), Forecast.still_speaking(meter))
        title = "This week’s forecasts"
    else:
        rows = rows.filter(week=shown, score__isnull=False)
        title = f"The forecasts of the week of {shown.start.astimezone(zone):%-d %b %Y}"
        meter = meters_of([shown]).get(shown.pk, meter)
    came = next((row.actual for row in record.weeks if row.week == shown), None)
    if rows.count() > MOST_POINTS:
        # Checkpoints of a busy week must not push its first hours out.
        rows = rows.exclude(occasion=Occasion.CHECKPOINT)
    found = list(rows.order_by("-made_at")[:MOST_POINTS])[::-1]
    return fan_chart(found, meter, zone, title=title, came=came)


def _estimate(score: SdEstimateScore) -> tuple[str, ...]:
    estimate = score.estimate
    return (
        estimate.sd.code,
        fmt.estimate(estimate.point, estimate.high - estimate.low),
        fmt.estimate_range(estimate.low, estimate.high),
        fmt.tokens(score.actual),
        share_text(None if score.error is None else float(score.error)),
        "held" if score.inside else "missed",
        estimate.evidence + (f", {estimate.cases} cases" if estimate.cases else ""),
    )


def _estimates_held(record: EstimateRecord) -> str:
    inside, of = record.inside
    if not of:
        return ""
    error = f"; median error {share_text(record.error)}" if record.error is not None else ""
    shown = len(record.scores)
    newest = f" Here are the newest {shown}." if shown < of else ""
    return f"In {inside} of {of} SDs what came fell into the range{error}.{newest}"


def closed_week(key: str, now: datetime) -> BudgetWeek | None:
    """The week that is over and began at the moment of a `WeekRow.key`; None without one."""
    try:
        start = datetime.fromisoformat(f"{key}+00:00")
    except ValueError:
        return None
    that_minute = (start, start.replace(second=59, microsecond=999_999))
    return BudgetWeek.objects.filter(end__lte=now, start__range=that_minute).first()
