"""Rule 9: the linear burn rate, the baseline that every other forecast is measured against.

burn rate = used / hours elapsed; the week's total = burn rate x hours of the week; exhaustion =
remaining / burn rate (report, step 7), with the report's fallbacks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from allocation.policy.weeks import Window, hours_between

TOO_EARLY_HOURS = 6
RECENT_HOURS = 24
ABOVE_FORECAST = Fraction(12, 10)
LOW_CONFIDENCE = Fraction(1, 2)
BUFFER = Fraction(12, 10)


class Basis(StrEnum):
    """What a burn rate was taken from."""

    OVERALL = "overall"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class LinearForecast:
    """What the burn rate says about the rest of a week. Amounts are budget tokens.

    `exhausts_at` may lie after the reset, which `before_reset` tells; for a week that is used up
    already it is `now`.
    """

    per_hour: Fraction
    at_reset: Fraction
    exhausts_at: datetime
    before_reset: bool
    basis: Basis
    buffered: bool


def linear_forecast(
    *,
    used: Fraction,
    week: Window,
    now: datetime,
    effective_limit: Fraction,
    recent: Fraction | None = None,
    recent_hours: Fraction = Fraction(RECENT_HOURS),
    expected: Fraction | None = None,
    confidence: Fraction | None = None,
) -> LinearForecast | None:
    """The linear forecast at `now`, or None where it is too early to say.

    It is too early within the first 6 hours and before anything is used.

    `recent` is what was used in the last `recent_hours` (or since the week began, if that is less);
    `expected` what an earlier forecast expected to be used by now: if use is 20 % or more above it,
    the higher of the overall and the recent burn rate counts. `confidence` is the measured share of
    forecasts that held; below 50 % the burn rate gets a buffer of 20 %. None means not known.
    """
    elapsed = hours_between(week.start, min(now, week.end))
    if elapsed < TOO_EARLY_HOURS or used <= 0:
        return None
    per_hour, basis = used / elapsed, Basis.OVERALL
    if recent is not None and expected is not None and used >= expected * ABOVE_FORECAST:
        recent_per_hour = recent / min(elapsed, recent_hours)
        if recent_per_hour > per_hour:
            per_hour, basis = recent_per_hour, Basis.RECENT
    buffered = confidence is not None and confidence < LOW_CONFIDENCE
    if buffered:
        per_hour *= BUFFER
    left = max(Fraction(0), effective_limit - used)
    exhausts_at = now + _hours(left / per_hour)
    return LinearForecast(
        per_hour=per_hour,
        at_reset=used + per_hour * max(Fraction(0), hours_between(now, week.end)),
        exhausts_at=exhausts_at,
        before_reset=exhausts_at < week.end,
        basis=basis,
        buffered=buffered,
    )


def _hours(hours: Fraction) -> timedelta:
    # Whole seconds are far finer than any forecast; a century keeps the date inside the calendar.
    return timedelta(seconds=min(round(hours * 3600), 100 * 365 * 86_400))
