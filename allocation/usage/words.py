"""Where the week stands and who used it, in words."""

from allocation.display.format import Number, amount, reached, usd
from allocation.usage.models import Source
from allocation.usage.standing import Standing
from allocation.usage.totals import Burned

MAIN_THREAD = "main thread"
BY_HAND = "logged by hand"
# What they are called in JSON and by the command line, where a name is a key.
KEYS = {MAIN_THREAD: "main", BY_HAND: "by hand"}


def sub_agent_in_words(name: str, source: str) -> str:
    """Who used tokens. What is logged by hand names no sub-agent, and nor does the main thread."""
    return name or (BY_HAND if source == Source.MANUAL else MAIN_THREAD)


def is_unknown(burned: Burned) -> bool:
    """Whether a meter in dollars could count nothing of what was burned."""
    return burned.records > 0 and burned.unmetered == burned.records


def burned_of_budget(burned: Burned, *, in_dollars: bool) -> str:
    """What some requests burned of the budget. In dollars that is unknown, and not nothing, where
    none of them has a price.
    """
    if is_unknown(burned):
        return usd(None)
    return amount(burned.budget, in_dollars=in_dollars)


def week_in_words(standing: Standing) -> str:
    """One sentence for after something was logged: share, zone, and what is left."""
    if not standing.enabled:
        return f"budgetctl is off; {with_unit(standing, standing.used)} used this week."
    where = f"The week stands at {reached(standing.share)}, {standing.zone.value.capitalize()}"
    if standing.over:
        return f"{where}: {with_unit(standing, standing.over)} over."
    return f"{where}: {with_unit(standing, standing.remaining)} left."


def unit_of(standing: Standing) -> str:
    """What the week's budget is counted in, in a sentence."""
    return "dollars" if standing.meter.in_dollars else "tokens"


def with_unit(standing: Standing, value: Number) -> str:
    """An amount of the week's budget with its unit: 140,000 tokens, $12.50."""
    if standing.meter.in_dollars:
        return amount(value, in_dollars=True)
    return f"{amount(value, in_dollars=False)} tokens"
