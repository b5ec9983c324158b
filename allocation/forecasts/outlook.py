"""What the burn rate says about the rest of the running week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.forecasts.record import hit_rate
from allocation.policy.burn_rate import (
    RECENT_HOURS,
    TOO_EARLY_HOURS,
    LinearForecast,
    linear_forecast,
)
from allocation.policy.weeks import Window, hour_of, hours_between
from allocation.policy.zones import Zone
from allocation.usage.standing import Standing, standing_at
from allocation.usage.totals import Burned, burned, total_of

RECENT = timedelta(hours=RECENT_HOURS)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The running week with its forecast; `linear` is None while it is too early to say."""

    standing: Standing
    linear: LinearForecast | None

    @property
    def elapsed(self) -> Fraction:
        """The share of the week that has passed."""
        window = self.standing.window
        passed = hours_between(window.start, min(self.standing.at, window.end))
        return passed / window.hours

    @property
    def zone_at_reset(self) -> Zone | None:
        """The zone at the reset if the burn rate holds; None while it is too early to say."""
        if self.linear is None:
            return None
        return self.standing.zone_with(self.linear.at_reset - self.standing.used)

    @property
    def too_early(self) -> str:
        """Why there is no forecast, as a sentence; empty where there is one."""
        if self.linear is not None:
            return ""
        if not self.standing.enabled:
            return "budgetctl is off and forecasts nothing."
        if self.standing.used <= 0:
            return "Too early to say: nothing is used yet this week."
        return f"Too early to say: a forecast needs {TOO_EARLY_HOURS} hours of the week."


def outlook_at(
    now: datetime,
    *,
    standing: Standing | None = None,
    hours: Mapping[datetime, Burned] | None = None,
    book: PriceBook | None = None,
) -> Outlook:
    """The outlook at `now`. Off is off (rule 6): while budgetctl is off there is no forecast.

    Who has the week's `standing` and what was burned in its `hours` already passes them along.
    """
    book = book or load_price_book()
    standing = standing or standing_at(now, book=book)
    if not standing.enabled:
        return Outlook(standing, None)
    window = standing.window
    # Whole hours, as the roll-ups have them: up to an hour more than a day.
    day_ago = max(window.start, hour_of(now - RECENT))
    if hours is None:
        recent = burned(within=Window(day_ago, window.end), meter=standing.meter, book=book)
    else:
        recent = total_of(part for hour, part in hours.items() if hour >= day_ago)
    return Outlook(
        standing,
        linear_forecast(
            used=standing.used,
            week=window,
            now=now,
            effective_limit=standing.effective_limit,
            recent=recent.budget,
            recent_hours=hours_between(day_ago, now),
            expected=_expected(standing, recent.budget, day_ago),
            confidence=hit_rate(now),
        ),
    )


def _expected(standing: Standing, recent: Fraction, day_ago: datetime) -> Fraction | None:
    """What the burn rate of a day ago expected to be used by now; None if it was too early then."""
    elapsed_then = hours_between(standing.window.start, day_ago)
    if elapsed_then < TOO_EARLY_HOURS:
        return None
    per_hour = (standing.used - recent) / elapsed_then
    return per_hour * hours_between(standing.window.start, standing.at)
