"""The newest forecast as a row of facts: what comes, how sure that is, and last week's record."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from allocation.budgets.models import BudgetWeek
from allocation.display import format as fmt
from allocation.display.fact import Fact
from allocation.forecasts.models import Forecast
from allocation.forecasts.record import coverage_of, last_week, meters_of
from allocation.forecasts.words import estimated, interval_text, written
from allocation.policy.meter import Meter
from allocation.policy.weeks import hour_of

HALF_HOUR = timedelta(minutes=30)
# One is made every hour; an older one says of itself that it is.
FRESH = timedelta(hours=2)


def forecast_facts(
    now: datetime, newest: Forecast | None, meter: Meter, zone: ZoneInfo
) -> list[Fact]:
    """What the forecast that spoke last says, and how the one of last week did. Four queries."""
    return [*(_said(now, newest, meter, zone) if newest else []), *_last_week(now, meter, zone)]


def _said(now: datetime, forecast: Forecast, meter: Meter, zone: ZoneInfo) -> list[Fact]:
    fresh = now - forecast.made_at < FRESH
    made = "" if fresh else f"; made {fmt.moment(forecast.made_at, zone)}, and none since"
    facts = [
        Fact(
            "Forecast at the reset",
            estimated(forecast.point, forecast, meter),
            "estimate",
            f"80% range {interval_text(forecast, meter)}; {coverage_of(forecast).words}{made}",
        )
    ]
    if forecast.exhaustion_chance is not None and forecast.used < forecast.effective_limit:
        chance = fmt.percent(forecast.exhaustion_chance)
        facts.append(Fact("Chance of running out", chance, "estimate", _runs_out(forecast, zone)))
    return facts


def _runs_out(forecast: Forecast, zone: ZoneInfo) -> str:
    """When the limit is used up, with its 80 % range; without an end it lasts to the reset."""
    early, median, late = (
        fmt.soon(_whole_hour(at), zone) if at else ""
        for at in (forecast.exhaustion_early, forecast.exhaustion_median,
                   forecast.exhaustion_late)
    )  # fmt: skip
    if not early:
        return "before the reset"
    if not median:
        return f"before the reset; with 90% not before {early}"
    return f"about {median}; 80% range {early} to {late or 'after the reset'}"


def _whole_hour(at: datetime) -> datetime:
    # The forecasting rules know hours; a minute would claim what they have not got.
    return hour_of(at + HALF_HOUR)


def _last_week(now: datetime, meter: Meter, zone: ZoneInfo) -> list[Fact]:
    scored = last_week(now)
    if scored is None:
        return []
    week = scored.forecast.week
    meter = meters_of([week]).get(week.pk, meter)
    predicted = estimated(scored.forecast.point, scored.forecast, meter)
    came = written(scored.actual, meter)
    inside = "inside" if scored.hit80 else "outside"
    note = f"{came} came, {inside} the 80% range; forecast a day into it"
    # Weeks may have gone by of which nothing was scored: budgetctl was off, or the reset moved.
    later = BudgetWeek.objects.filter(start__gte=week.end, end__lte=now).exists()
    label = f"Week of {week.start.astimezone(zone):%-d %b %Y}" if later else "Last week"
    return [Fact(label, f"{predicted} forecast", note=note)]
