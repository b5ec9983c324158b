"""How likely the running week runs out, for pages below the forecasts."""

from datetime import datetime
from decimal import Decimal

from allocation.budgets.models import BudgetRule
from allocation.forecasts.record import newest_forecast


def exhaustion_chance(now: datetime) -> Decimal | None:
    """The newest forecast's chance (1 is certain) that the week runs out. Two queries.

    None while it is too early to say, and while budgetctl is off, which forecasts nothing (rule 6).
    """
    if not BudgetRule.objects.filter(enabled=True).exists():
        return None
    forecast = newest_forecast(now)
    return forecast.exhaustion_chance if forecast else None
