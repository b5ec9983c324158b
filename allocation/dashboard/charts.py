"""The charts of the week page, as the small vocabulary of static/js/charts.js and as tables."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from allocation.dashboard.fan import Fan
from allocation.display import format as fmt
from allocation.display.chart import Chart
from allocation.forecasts.models import Forecast
from allocation.policy.weeks import days_of
from allocation.usage.by_day import by_day_chart
from allocation.usage.standing import Standing
from allocation.usage.totals import Burned

HOUR = timedelta(hours=1)


def writer(standing: Standing) -> Callable[[Fraction], str]:
    """Writes amounts in the unit of the week's meter."""
    return partial(fmt.amount, in_dollars=standing.meter.in_dollars)


def burn_down(
    standing: Standing,
    hours: Mapping[datetime, Burned],
    by_day: Mapping[datetime, Burned],
    zone: ZoneInfo,
    newest: Forecast | None = None,
) -> Chart:
    """What was left of the effective limit, hour by hour, beside an even pace to the reset.

    `by_day` goes by the midnights that begin the owner's days.
    A fan goes on from the `newest` forecast.
    """
    title, empty = "Burn-down of the week", "Nothing is used yet this week."
    if not hours:
        return Chart("burn-down", title, "", empty)
    window, limit = standing.window, standing.effective_limit
    unit = "US dollars" if standing.meter.in_dollars else "tokens"
    moments = [window.start]
    while moments[-1] < window.end:
        moments.append(min(moments[-1] + HOUR, window.end))
    left = _left(standing, hours, moments)
    # A straight line between two ends: what a float loses here nobody can see.
    length, top = window.end - window.start, float(limit)
    pace = [round(top * (1 - (moment - window.start) / length), 2) for moment in moments]
    fan = Fan(standing, newest) if newest is not None else None
    rows = _daily(standing, by_day)
    return Chart(
        id="burn-down",
        title=title,
        label=f"{fmt.reached(standing.share)} used so far; the table below has each day.",
        empty=empty,
        note=fan.sentence if fan else "What is left, against an even pace to the reset.",
        spec={
            "kind": "burn-down",
            "x": [moment.isoformat() for moment in moments],
            "x_type": "time",
            "time_zone": str(zone),
            "unit": unit,
            "y_max": fmt.height(limit, in_dollars=standing.meter.in_dollars),
            "series": [
                {"name": "Even pace", "values": pace, "style": "dashed"},
                *(fan.series(moments) if fan else ()),
                {"name": "Left", "values": left, "style": "area"},
            ],
            "marks": [{"value": standing.at.isoformat(), "label": "now", "axis": "x"}],
        },
        headings=("Day", "Used", "Left"),
        rows=[*rows, *(fan.rows(days_of(window, zone)) if fan else ())],
    )


def _left(
    standing: Standing, hours: Mapping[datetime, Burned], moments: Sequence[datetime]
) -> list[float | None]:
    """What was left at each moment so far; None for those to come."""
    number = partial(fmt.height, in_dollars=standing.meter.in_dollars)
    used, pending = Fraction(0), sorted(hours, reverse=True)
    now_left = number(standing.effective_limit)
    left: list[float | None] = []
    for moment in moments:
        changed = False
        while pending and pending[-1] < moment:
            used += hours[pending.pop()].budget
            changed = True
        if changed:
            now_left = number(max(Fraction(0), standing.effective_limit - used))
        left.append(now_left if moment < standing.at + HOUR else None)
    return left


def by_day_and_sub_agent(
    standing: Standing, parts: Mapping[tuple[Any, ...], Burned], days: Sequence[datetime]
) -> Chart:
    """What each sub-agent used on each of the owner's days, the largest first.

    `parts` are keyed by who used them, in words, and the index of the day among `days`.
    """
    title, empty = "Used by day and sub-agent", "Nothing is used yet this week."
    if not parts:
        return Chart("by-day", title, "", empty)
    # To today, as the page of all usage has it: a day without use is one of the week's too.
    begun = sum(day <= standing.at for day in days)
    shown = days[: max(begun, *(index + 1 for _, index in parts))]
    by_day = [
        (day, {who: part for (who, at), part in parts.items() if at == index})
        for index, day in enumerate(shown)
    ]
    return by_day_chart(by_day, title=title, in_dollars=standing.meter.in_dollars)


def _daily(standing: Standing, by_day: Mapping[datetime, Burned]) -> list[tuple[str, str, str]]:
    text, used, rows = writer(standing), Fraction(0), []
    for day, part in sorted(by_day.items()):
        used += part.budget
        left = max(Fraction(0), standing.effective_limit - used)
        rows.append((f"{day:%a %-d %b}", text(part.budget), text(left)))
    return rows
