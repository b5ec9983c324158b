"""The charts of the forecast-accuracy page, each with the table that says the same."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from allocation.display import format as fmt
from allocation.display.chart import Chart
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.forecasts.record import Record, WeekRecord
from allocation.forecasts.words import (
    estimated,
    interval_text,
    method_name,
    range_text,
    share_text,
    written,
)
from allocation.policy.meter import Meter

MOST_POINTS = 200


def error_chart(record: Record) -> Chart:
    """The median error of each method by hours into the week."""
    title = "Error by hours into the week"
    if not record.weeks:
        return Chart("forecast-errors", title, "", "No week has been scored yet.")
    labels = [f"{row.hours} h" for row in record.by_origin]
    columns = [row.by_method for row in record.by_origin]
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
                    "name": method_name(method),
                    "style": "line",
                    "values": [_percent(column[method]) for column in columns],
                }
                for method in record.methods
            ],
            "marks": [],
        },
        headings=("Into the week", *map(method_name, record.methods)),
        rows=[
            (label, *(share_text(column[method]) for method in record.methods))
            for label, column in zip(
                [*labels, "All"], [*columns, record.overall_by_method], strict=True
            )
        ],
    )


def history_chart(weeks: Sequence[WeekRecord], meter: Meter) -> Chart:
    """What was forecast a day into each week, with its range, and what came; without the weeks in
    another unit than the meter's, which no axis can show beside the others."""
    title = "Forecast a day into each week, and what came"
    weeks = [row for row in weeks if (row.meter or meter).in_dollars == meter.in_dollars]
    if len(weeks) < 2:
        return Chart("forecast-history", title, "", "A curve needs two weeks that were scored.")
    ordered = list(reversed(weeks))
    labels = [f"{row.week.start:%-d %b}" for row in ordered]
    return Chart(
        id="forecast-history",
        title=title,
        label="A line of totals over the band that was forecast; the table has each number.",
        empty="",
        note="A total inside the band was forecast well enough.",
        spec={
            "kind": "fan",
            "x": labels,
            "x_type": "category",
            "unit": _unit(meter),
            "series": [
                _series("80% interval", "band-low", [row.low80 for row in ordered], meter),
                _series("80% interval", "band-high", [row.high80 for row in ordered], meter),
                _series("Forecast", "dashed", [row.predicted for row in ordered], meter),
                _series("Came", "line", [row.actual for row in ordered], meter),
            ],
            "marks": [],
        },
        headings=("Week of", "Forecast", "80% interval", "Came"),
        rows=[
            (
                f"{row.week.start:%-d %b %Y}",
                estimated(row.predicted, row, meter),
                range_text(row.low80, row.high80, meter),
                written(row.actual, meter),
            )
            for row in weeks
        ],
    )


def fan_chart(
    rows: Sequence[Forecast], meter: Meter, zone: ZoneInfo, *, title: str, came: int | None = None
) -> Chart:
    """What was forecast for one week, hour by hour, narrowing towards what comes or `came`."""
    if len(rows) < 2:
        empty = "A curve needs two forecasts; one is made every hour."
        return Chart("forecast-fan", title, "", empty)
    limit = float(amount_of(rows[-1].effective_limit, meter))
    marks = [{"value": limit, "label": "limit", "axis": "y"}]
    if came is not None:
        marks.append({"value": float(amount_of(came, meter)), "label": "came", "axis": "y"})
    return Chart(
        id="forecast-fan",
        title=title,
        label="A band that narrows towards the week’s total; the table below has each number.",
        empty="",
        note="The week’s total as it was forecast at each hour, with its 80% and 50% intervals.",
        spec={
            "kind": "fan",
            "x": [row.made_at.isoformat() for row in rows],
            "x_type": "time",
            "time_zone": str(zone),
            "unit": _unit(meter),
            "series": [
                _series("80% interval", "band-low", [row.low80 for row in rows], meter),
                _series("80% interval", "band-high", [row.high80 for row in rows], meter),
                _series("50% interval", "band-low", [row.low50 for row in rows], meter),
                _series("50% interval", "band-high", [row.high50 for row in rows], meter),
                _series("Forecast", "dashed", [row.point for row in rows], meter),
                _series("Used", "line", [row.used for row in rows], meter),
            ],
            "marks": marks,
        },
        headings=("Made", "Used", "Forecast", "50% interval", "80% interval", "Method"),
        rows=[
            (
                fmt.moment(row.made_at, zone),
                written(row.used, meter),
                estimated(row.point, row, meter),
                range_text(row.low50, row.high50, meter),
                interval_text(row, meter),
                method_name(row.method),
            )
            for row in rows
        ],
    )


def _unit(meter: Meter) -> str:
    return "US dollars" if meter.in_dollars else "budget tokens"


def _percent(value: float | None) -> float | None:
    return None if value is None else round(value * 100, 1)


def _series(name: str, style: str, values: Sequence[int | None], meter: Meter) -> dict[str, object]:
    drawn = [None if value is None else float(amount_of(value, meter)) for value in values]
    return {"name": name, "style": style, "values": drawn}
