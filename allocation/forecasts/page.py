"""The forecast-accuracy page: the owner’s own record, and this week beside what came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from allocation.display import format as fmt
from allocation.display.chart import Chart
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.forecasts.record import Record, WeekRecord, forecast_record, newest_forecast
from allocation.policy.kpis import KPI_BY_KEY, Reading
from allocation.policy.meter import Meter
from allocation.policy.zones import Zone
from allocation.usage.standing import RunningWeek, running_week

MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the record with its band in words."""

    title: str
    value: str
    note: str
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """What the page prints."""

    newest: Forecast | None
    point: str
    range80: str
    chances: list[tuple[str, str]]
    measures: list[Measure]
    weeks: list[tuple[WeekRecord, str, str]]
    errors: Chart
    fan: Chart


def forecast_page(now: datetime, zone: ZoneInfo) -> ForecastPage:
    """The page at `now`, with times on the clock of `zone`."""
    week = running_week(now)
    record = forecast_record(now)
    newest = newest_forecast(now)
    spoke = newest if newest and newest.point is not None else None
    return ForecastPage(
        newest=spoke,
        point=written(spoke.point, week.meter) if spoke else "",
        range80=interval_text(spoke, week.meter) if spoke else "",
        chances=_chances(spoke),
        measures=_measures(record),
        weeks=[
            (row, written(row.predicted, week.meter), written(row.actual, week.meter))
            for row in record.weeks
        ],
        errors=_errors(record),
        fan=_fan(now, week, zone),
    )


def _chances(spoke: Forecast | None) -> list[tuple[str, str]]:
    # Best zone first; a JSON column does not keep an order on every database.
    chances = spoke.zone_chances if spoke else {}
    return [
        (zone.value, fmt.percent(Decimal(str(chances[zone.value]))))
        for zone in Zone
        if zone.value in chances
    ]


def written(stored: int | None, meter: Meter) -> str:
    """An amount of the ledger in the unit of the meter."""
    return fmt.amount(amount_of(stored or 0, meter), in_dollars=meter.in_dollars)


def interval_text(row: Forecast, meter: Meter) -> str:
    """The 80 % interval as `low–high`; empty where it was too early to say."""
    if row.low80 is None or row.high80 is None:
        return ""
    return f"{written(row.low80, meter)}–{written(row.high80, meter)}"


def held(hits: tuple[int, int]) -> str:
    """How often an interval held, in words; never a badge of confidence."""
    inside, of = hits
    if not of:
        return "no week has been scored yet"
    return f"in {inside} of {of} forecasts the total fell inside"


def _measures(record: Record) -> list[Measure]:
    zone_hits, zone_of = record.zone_hits
    hours = record.exhaustion_hours
    return [
        _measure("burn-rate-error", "Median error", _share(record.error), "", record.error),
        Measure("80% interval", _rate(record.inside80), held(record.inside80)),
        Measure("50% interval", _rate(record.inside50), held(record.inside50)),
        _measure(
            "zone-accuracy",
            "Zone accuracy",
            _rate(record.zone_hits),
            f"{zone_hits} of {zone_of} forecasts named the zone that came" if zone_of else "",
            zone_hits / zone_of if zone_of else None,
        ),
        Measure(
            "Exhaustion time error",
            "–" if hours is None else f"{hours:.0f} h",
            "",
            KPI_BY_KEY["exhaustion-error"].read(None if hours is None else Decimal(str(hours))),
        ),
        Measure(
            "Bias",
            _share(record.bias, signed=True),
            "above 0 is too much" if record.bias is not None else "",
        ),
    ]


def _measure(kpi: str, title: str, value: str, note: str, share: float | None) -> Measure:
    percent = None if share is None else Decimal(str(round(share * 100, 4)))
    return Measure(title, value, note, KPI_BY_KEY[kpi].read(percent))


def _share(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{value * 100:.0f}%"


def _rate(hits: tuple[int, int]) -> str:
    inside, of = hits
    return fmt.percent(Decimal(inside) / of) if of else "–"


def _errors(record: Record) -> Chart:
    title = "Error by hours into the week"
    if not record.weeks:
        return Chart("forecast-errors", title, "", "No week has been scored yet.")
    labels = [f"{row.hours} h" for row in record.by_origin]
    return Chart(
        id="forecast-errors",
        title=title,
        label="Lines of the median error of each method; the table below has each number.",
        empty="",
        note="Median of |forecast − total| ÷ total, in percent, for each method.",
        spec={
            "kind": "lines",
            "x": labels,
            "x_type": "category",
            "unit": "percent",
            "series": [
                {
                    "name": method,
                    "style": "line",
                    "values": [_percent(row.by_method[method]) for row in record.by_origin],
                }
                for method in record.methods
            ],
            "marks": [],
        },
        headings=("Into the week", *record.methods),
        rows=[
            (label, *(_share(row.by_method[method]) for method in record.methods))
            for label, row in zip(labels, record.by_origin, strict=True)
        ],
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else round(value * 100, 1)


def _fan(now: datetime, week: RunningWeek, zone: ZoneInfo) -> Chart:
    """What was forecast for the running week, hour by hour, narrowing towards what comes."""
    title = "This week’s forecasts"
    empty = "A curve needs two forecasts; one is made every hour."
    rows = list(
        Forecast.objects.filter(
            chosen=True,
            point__isnull=False,
            week__start__lte=now,
            week__end__gt=now,
            made_at__lte=now,
        ).order_by("-made_at")[:MOST_POINTS]
    )[::-1]
    if len(rows) < 2:
        return Chart("forecast-fan", title, "", empty)
    return Chart(
        id="forecast-fan",
        title=title,
        label="A band that narrows towards the week’s total; the table below has each number.",
        empty=empty,
        note="The week’s total as it was forecast at each hour, with its 80% and 50% intervals.",
        spec={
            "kind": "fan",
            "x": [row.made_at.isoformat() for row in rows],
            "x_type": "time",
            "time_zone": str(zone),
            "unit": "US dollars" if week.meter.in_dollars else "budget tokens",
            "series": [
                _series("80% interval", "band-low", [row.low80 for row in rows], week.meter),
                _series("80% interval", "band-high", [row.high80 for row in rows], week.meter),
                _series("50% interval", "band-low", [row.low50 for row in rows], week.meter),
                _series("50% interval", "band-high", [row.high50 for row in rows], week.meter),
                _series("Forecast", "dashed", [row.point for row in rows], week.meter),
                _series("Used", "line", [row.used for row in rows], week.meter),
            ],
            "marks": [{"value": float(week.limit - week.reserve), "label": "limit", "axis": "y"}],
        },
        headings=("Made", "Used", "Forecast", "80% interval"),
        rows=[
            (
                fmt.moment(row.made_at, zone),
                written(row.used, week.meter),
                written(row.point, week.meter),
                interval_text(row, week.meter),
            )
            for row in rows
        ],
    )


def _series(name: str, style: str, values: Sequence[int | None], meter: Meter) -> dict[str, object]:
    drawn = [None if value is None else float(amount_of(value, meter)) for value in values]
    return {"name": name, "style": style, "values": drawn}
