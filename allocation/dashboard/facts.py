"""The row of facts under the budget bar: burn rate, forecast, record, reset, the plan's gauge."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from allocation.claude_code.connect_page import PlanGauge, plan_gauges
from allocation.dashboard.charts import writer
from allocation.display import format as fmt
from allocation.forecasts.outlook import Outlook
from allocation.forecasts.page import interval_text, written
from allocation.forecasts.record import last_week, newest_forecast
from allocation.usage.standing import Standing


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value in the row of facts."""

    label: str
    value: str
    note: str = ""
    at: datetime | None = None


def week_facts(outlook: Outlook, zone: ZoneInfo) -> list[Fact]:
    """All facts of the week in the order of the page. Four queries."""
    standing = outlook.standing
    return [
        *_burn_facts(outlook, zone),
        *_forecast_facts(standing),
        *_plan_facts(standing.at),
    ]


def _burn_facts(outlook: Outlook, zone: ZoneInfo) -> list[Fact]:
    standing, linear = outlook.standing, outlook.linear
    text = writer(standing)
    reset = Fact(
        "Resets",
        fmt.moment(standing.window.end, zone),
        f"in {fmt.duration(standing.window.end - standing.at)}",
        standing.window.end,
    )
    if linear is None:
        return [Fact("At this rate", "Too early to say", outlook.too_early), reset]
    rate = Fact(
        "Burn rate",
        f"{text(linear.per_hour * 24)} a day",
        f"{text(linear.per_hour)} an hour, {linear.basis} rate",
    )
    if standing.exhausted:
        rest = Fact("At this rate", "Used up", f"{text(linear.at_reset)} at the reset")
    elif linear.before_reset:
        rest = Fact(
            "At this rate",
            f"Out {fmt.soon(linear.exhausts_at, zone)}",
            f"{fmt.duration(standing.window.end - linear.exhausts_at)} before the reset",
            linear.exhausts_at,
        )
    else:
        assert outlook.zone_at_reset is not None
        share = fmt.percent(linear.at_reset / standing.effective_limit)
        rest = Fact(
            "At this rate",
            f"{text(linear.at_reset)} at the reset",
            f"{share}, {outlook.zone_at_reset.capitalize()}; it will last",
        )
    return [rate, rest, reset]


def _forecast_facts(standing: Standing) -> list[Fact]:
    """The ledger's newest forecast with its range, and the one that was scored last."""
    facts, meter = [], standing.meter
    newest = newest_forecast(standing.at) if standing.enabled else None
    if newest is not None and newest.point is not None:
        facts.append(
            Fact(
                "Forecast at the reset",
                written(newest.point, meter),
                f"80% range {interval_text(newest, meter)}",
            )
        )
    scored = last_week(standing.at)
    if scored is None:
        return facts
    predicted, came = written(scored.forecast.point, meter), written(scored.actual, meter)
    inside = "inside" if scored.hit80 else "outside"
    return [*facts, Fact("Last week", f"{predicted} forecast", f"{came} came, {inside} the range")]


def _plan_facts(now: datetime) -> list[Fact]:
    """The plan's own meter: a second gauge, never mixed into the budget."""
    return [
        Fact(
            f"Plan, {gauge.label}",
            "–" if gauge.is_over else f"{gauge.percent.normalize():f}%",
            "its window is over"
            if gauge.is_over
            else f"read {fmt.duration(now - gauge.read_at)} ago",
        )
        for gauge in plan_gauges(now=now)
    ]


def _plan_note(gauge: PlanGauge, now: datetime) -> str:
    if gauge.is_over:
        return "its window is over"
    return f"read {fmt.duration(now - gauge.read_at)} ago"
