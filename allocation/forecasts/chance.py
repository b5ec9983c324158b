"""How likely the running week runs out or ends in a zone, for pages above the forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from allocation.budgets.models import BudgetRule
from allocation.forecasts.history import units
from allocation.forecasts.models import Forecast
from allocation.forecasts.record import newest_forecast
from allocation.policy.preflight import zone_chances_with
from allocation.policy.zones import Zone
from allocation.usage.standing import Standing


@dataclass(frozen=True, slots=True)
class ZoneChances:
    """The chance of each zone at reset (1 is certain) by a forecast, without an SD and with it."""

    forecast: Forecast
    without: dict[Zone, float]
    with_sd: dict[Zone, float]


def exhaustion_chance(now: datetime) -> Decimal | None:
    """The newest forecast's chance (1 is certain) that the week runs out. Two queries.

    None while it is too early to say, and while budgetctl is off, which forecasts nothing (rule 6).
    """
    rule = BudgetRule.objects.filter(enabled=True).select_related("meter").first()
    forecast = newest_forecast(now, rule.meter.to_policy()) if rule else None
    return forecast.exhaustion_chance if forecast else None


def newest_word(standing: Standing) -> Forecast | None:
    """The newest forecast of the week, by the method that spoke. One query at most.

    None while it is too early to say, while budgetctl is off, where it speaks of another limit,
    week or meter than holds now, which the next minute's tick mends, and where more is used already
    than its range allowed for: an import can do that, and the hour's next forecast knows of it.
    """
    forecast = newest_forecast(standing.at, standing.meter) if standing.enabled else None
    if forecast is None or forecast.high80 is None:
        return None
    if forecast.effective_limit != units(standing.effective_limit, standing.meter):
        return None
    return forecast if units(standing.used, standing.meter) <= forecast.high80 else None


def zone_chances(forecast: Forecast, standing: Standing, likely: Sequence[Fraction]) -> ZoneChances:
    """What an SD does to the chances of a forecast that spoke (`newest_word`). `likely` are amounts
    of the SD in the meter's unit of which each is as likely as the others."""
    meter = standing.meter
    green, _, orange, red = (forecast.zone_chances[zone.value] for zone in Zone)

    def chances(more: Sequence[int]) -> dict[Zone, float]:
        return zone_chances_with(
            forecast.quantiles,
            used=forecast.used,
            reached=(1 - green, orange + red, red),
            more=more,
            effective_limit=units(standing.effective_limit, meter),
            bounds=standing.bounds,
        )

    return ZoneChances(forecast, chances((0,)), chances([units(part, meter) for part in likely]))
