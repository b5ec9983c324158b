"""The row of facts under the budget bar: burn rate, forecast, record, reset, the plan's gauge."""

from datetime import datetime
from zoneinfo import ZoneInfo

from allocation.claude_code.connect_page import PlanGauge, plan_gauges
from allocation.dashboard.charts import writer
from allocation.display import format as fmt
from allocation.display.fact import Fact
from allocation.forecasts.facts import forecast_facts
from allocation.forecasts.models import Forecast
from allocation.forecasts.outlook import Outlook


def week_facts(outlook: Outlook, newest: Forecast | None, zone: ZoneInfo) -> list[Fact]:
    """All facts of the week in the order of the page; `newest` is the forecast that spoke last.
    Four queries."""
    standing = outlook.standing
    return [
        *_burn_facts(outlook, zone),
        *forecast_facts(standing.at, newest, standing.meter, zone),
        *_plan_facts(standing.at),
    ]


def _burn_facts(outlook: Outlook, zone: ZoneInfo) -> list[Fact]:
    standing, linear = outlook.standing, outlook.linear
    text = writer(standing)
    reset = Fact(
        "Resets",
        fmt.moment(standing.window.end, zone),
        note=f"in {fmt.duration(standing.window.end - standing.at)}; {fmt.place(zone)} time",
        at=standing.window.end,
    )
    if linear is None:
        if not standing.enabled:
            return [Fact("At this rate", "Not forecast", note=outlook.too_early), reset]
        said, _, why = outlook.too_early.partition(": ")
        return [Fact("At this rate", said, note=why.capitalize()), reset]
    rate = Fact(
        "Burn rate",
        f"{text(linear.per_hour * 24)} a day",
        note=f"{text(linear.per_hour)} an hour, {linear.basis} rate",
    )
    if standing.exhausted:
        rest = Fact("At this rate", "Used up", note=f"{text(linear.at_reset)} at the reset")
    elif linear.before_reset:
        rest = Fact(
            "At this rate",
            f"Out {fmt.soon(linear.exhausts_at, zone)}",
            note=f"{fmt.duration(standing.window.end - linear.exhausts_at)} before the reset",
        )
    else:
        assert outlook.zone_at_reset is not None
        share = fmt.reached(linear.at_reset / standing.effective_limit)
        rest = Fact(
            "At this rate",
            f"{fmt.estimate(linear.at_reset, in_dollars=standing.meter.in_dollars)} at the reset",
            note=f"{share}, {outlook.zone_at_reset.capitalize()}; it will last",
        )
    return [rate, rest, reset]


def _plan_facts(now: datetime) -> list[Fact]:
    """The plan's own meter: a second gauge, never mixed into the budget."""
    return [
        Fact(
            f"Plan, {gauge.label}",
            "–" if gauge.is_over else f"{gauge.percent.normalize():f}%",
            note=_plan_note(gauge, now),
        )
        for gauge in plan_gauges(now=now)
    ]


def _plan_note(gauge: PlanGauge, now: datetime) -> str:
    if gauge.is_over:
        return "its window is over"
    return f"read {fmt.duration(now - gauge.read_at)} ago"
