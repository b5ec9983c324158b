"""Where the running budget week stands: how much is used, how much is left, which zone."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from allocation.budgets.models import BudgetRule
from allocation.budgets.weeks import week_at, window_to_come
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.policy.meter import Meter
from allocation.policy.weeks import Window
from allocation.policy.zones import Bounds, Zone, effective_limit, exhausted, zone_at
from allocation.usage.totals import Burned, burned


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget week at a moment. Amounts are in the meter's unit, exactly. `clock` is the zone in
    which the owner reads times."""

    at: datetime
    window: Window
    limit: Fraction
    reserve: Fraction
    burned: Burned
    meter: Meter
    bounds: Bounds
    enabled: bool
    clock: ZoneInfo

    @property
    def effective_limit(self) -> Fraction:
        """The limit less the reserve."""
        return self.limit - self.reserve

    @property
    def used(self) -> Fraction:
        """Budget tokens used."""
        return self.burned.budget

    @property
    def share(self) -> Fraction:
        """The share of the effective limit that is used; 1 is all of it."""
        return self.used / self.effective_limit

    @property
    def zone(self) -> Zone:
        """The zone of that share."""
        return zone_at(self.share, self.bounds)

    @property
    def remaining(self) -> Fraction:
        """What is left of the effective limit; never below 0."""
        return max(Fraction(0), self.effective_limit - self.used)

    @property
    def over(self) -> Fraction:
        """What was used beyond the effective limit; 0 while there is some left."""
        return max(Fraction(0), self.used - self.effective_limit)

    @property
    def exhausted(self) -> bool:
        """Whether the effective limit is used up."""
        return exhausted(self.share)

    def zone_with(self, more: Fraction | int) -> Zone:
        """The zone once so many more budget tokens are used."""
        return zone_at((self.used + more) / self.effective_limit, self.bounds)


@dataclass(frozen=True, slots=True)
class RunningWeek:
    """The week that holds a moment, before anything is counted in it."""

    window: Window
    limit: Fraction
    reserve: Fraction
    meter: Meter
    bounds: Bounds
    enabled: bool
    clock: ZoneInfo

    def standing(self, at: datetime, used: Burned) -> Standing:
        """How the week stands with what was burned in it."""
        return Standing(
            at=at,
            window=self.window,
            limit=self.limit,
            reserve=self.reserve,
            burned=used,
            meter=self.meter,
            bounds=self.bounds,
            enabled=self.enabled,
            clock=self.clock,
        )


def running_week(now: datetime) -> RunningWeek:
    """The week that holds `now`. Reads only; the week need not be stored yet."""
    rule = BudgetRule.objects.select_related("meter").get()
    week = week_at(now)
    limit, reserve_percent = (
        (week.limit, week.reserve_percent) if week else (rule.limit, rule.reserve_percent)
    )
    return RunningWeek(
        window=week.window if week else window_to_come(now, rule),
        limit=Fraction(limit),
        reserve=Fraction(limit) - effective_limit(limit, reserve_percent),
        meter=rule.meter.to_policy(),
        bounds=rule.bounds,
        enabled=rule.enabled,
        clock=rule.zone_info,
    )


def standing_at(now: datetime, *, book: PriceBook | None = None) -> Standing:
    """How the week that holds `now` stands."""
    week = running_week(now)
    used = burned(within=week.window, meter=week.meter, book=book or load_price_book())
    return week.standing(now, used)
