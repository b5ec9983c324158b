"""Rule 10: the KPIs of the report's step 10 and the mismatch rate, their targets and their bands.

A value is a share in percent unless the KPI's unit says otherwise. No value, no band: a KPI
without data is never on target by default.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class Band(StrEnum):
    """How a value stands against its target."""

    NO_DATA = "no data yet"
    ON_TARGET = "on target"
    WATCH = "watch"
    OFF_TARGET = "off target"


@dataclass(frozen=True, slots=True)
class Reading:
    """A judged value: the band and the report's words for it."""

    band: Band
    words: str


Judge = Callable[[Decimal], Reading]

NO_DATA = Reading(Band.NO_DATA, "no data yet")
MOST_PLACES = 6


@dataclass(frozen=True, slots=True)
class Kpi:
    """One metric. `judge` sees only values that exist."""

    key: str
    title: str
    unit: str
    target: str
    judge: Judge

    def read(self, value: Decimal | None) -> Reading:
        """The band of a value; "no data yet" for None."""
        return NO_DATA if value is None else self.judge(value)

    def plain(self, value: Decimal) -> Decimal:
        """A value rounded to as few decimals as possible without being judged in another way.

        6.2 hours become 6, but stay 6.2 where 6 is the bound; a rise of 0.3 % never becomes 0.
        """
        reading = self.judge(value)
        steps = (Decimal(1).scaleb(-places) for places in range(MOST_PLACES))
        near = (value.quantize(step, ROUND_HALF_UP) for step in steps)
        return next((each for each in near if self.judge(each) == reading), value)


def _utilisation(value: Decimal) -> Reading:
    if value < 70:
        return Reading(Band.WATCH, "too low: the budget could carry more")
    if value < 80:
        return Reading(Band.WATCH, "below the target")
    if value <= 95:
        return Reading(Band.ON_TARGET, "optimal")
    return Reading(Band.OFF_TARGET, "too high: the week may run out")


def _override_rate(value: Decimal) -> Reading:
    if value < 5:
        return Reading(Band.ON_TARGET, "well calibrated")
    if value <= 10:
        return Reading(Band.WATCH, "needs tuning")
    return Reading(Band.OFF_TARGET, "rules too strict")


def _burn_rate_error(value: Decimal) -> Reading:
    if abs(value) <= 5:
        return Reading(Band.ON_TARGET, "excellent")
    if abs(value) <= 10:
        return Reading(Band.ON_TARGET, "good")
    return Reading(Band.OFF_TARGET, "poor: adjust the forecast")


def _sds_per_week(value: Decimal) -> Reading:
    if value < 6:
        return Reading(Band.WATCH, "below the baseline")
    return Reading(Band.ON_TARGET, "at the baseline" if value <= 8 else "above the baseline")


def _below(bound: int, *, watch: int) -> Judge:
    """On target strictly below `bound`; watched up to `watch`."""

    def judge(value: Decimal) -> Reading:
        if value < bound:
            return Reading(Band.ON_TARGET, f"below {bound}%")
        if value <= watch:
            return Reading(Band.WATCH, f"not below {bound}%")
        return Reading(Band.OFF_TARGET, f"above {watch}%")

    return judge


def _above(bound: int) -> Judge:
    def judge(value: Decimal) -> Reading:
        if value > bound:
            return Reading(Band.ON_TARGET, f"above {bound}%")
        return Reading(Band.OFF_TARGET, f"not above {bound}%")

    return judge


def _at_most(bound: int, unit: str) -> Judge:
    """On target up to `bound` either way: an exhaustion may come too early or too late."""

    def judge(value: Decimal) -> Reading:
        if abs(value) <= bound:
            return Reading(Band.ON_TARGET, f"within {bound} {unit}" if bound else "none")
        return Reading(Band.OFF_TARGET, f"more than {bound} {unit}" if bound else "not zero")

    return judge


def _not_rising(value: Decimal) -> Reading:
    """`value` is the change against the period before, in percent."""
    if value < 0:
        return Reading(Band.ON_TARGET, "falling")
    if value == 0:
        return Reading(Band.WATCH, "flat")
    return Reading(Band.OFF_TARGET, "rising")


def _no_degradation(value: Decimal) -> Reading:
    if value <= 0:
        return Reading(Band.ON_TARGET, "no slower than before")
    return Reading(Band.OFF_TARGET, "slower than before")


def _mix_distance(value: Decimal) -> Reading:
    """`value` is the largest distance of a tier's share from 40/40/20, in percent points."""
    if value <= 5:
        return Reading(Band.ON_TARGET, "close to 40/40/20")
    if value <= 15:
        return Reading(Band.WATCH, "drifting from 40/40/20")
    return Reading(Band.OFF_TARGET, "far from 40/40/20")


MIX_TARGET: Mapping[str, int] = {"haiku": 40, "sonnet": 40, "opus": 20}


def mix_distance(shares: Mapping[str, Decimal]) -> Decimal | None:
    """The largest distance, in percent points, of a tier's share of runs from its target.

    A tier without a target of its own has 0 as target. None without any runs.
    """
    if not shares:
        return None
    tiers = MIX_TARGET.keys() | shares.keys()
    return max(abs(shares.get(tier, Decimal(0)) - MIX_TARGET.get(tier, 0)) for tier in tiers)


KPIS: tuple[Kpi, ...] = (
    Kpi("utilisation", "Token utilisation", "%", "80–95%", _utilisation),
    # The report falls back to the next tier when rework passes 30 % (risk R2).
    Kpi("rework-haiku", "Rework rate on haiku", "%", "< 20%", _below(20, watch=30)),
    Kpi("rework-sonnet", "Rework rate on sonnet", "%", "< 10%", _below(10, watch=30)),
    Kpi("rework-opus", "Rework rate on opus", "%", "< 5%", _below(5, watch=30)),
    Kpi("cost-per-sd", "Budget tokens per SD", "% change", "falling", _not_rising),
    Kpi("mix", "Distance from the 40/40/20 mix", "points", "40/40/20", _mix_distance),
    Kpi("sds-completed", "SDs completed in a week", "SDs", "6–8", _sds_per_week),
    Kpi("completion-time", "Time to completion", "% change", "not rising", _no_degradation),
    Kpi("override-rate", "Override rate", "%", "< 5%", _override_rate),
    # Not of the report, which trusts that what was decided is what runs.
    Kpi("mismatch-rate", "Silent mismatch rate", "%", "0%", _at_most(0, "%")),
    Kpi("exhausted-weeks", "Exhausted weeks in a month", "weeks", "0", _at_most(0, "weeks")),
    Kpi("burn-rate-error", "Burn-rate forecast error", "%", "≤ 10%", _burn_rate_error),
    Kpi("exhaustion-error", "Exhaustion time error", "hours", "± 6 h", _at_most(6, "hours")),
    Kpi("zone-accuracy", "Zone accuracy", "%", "> 80%", _above(80)),
    Kpi("review-pass", "Code review pass rate", "%", "> 85%", _above(85)),
    Kpi("security-issues", "Security issues", "issues", "0", _at_most(0, "issues")),
    Kpi("e2e-pass", "End-to-end test pass rate", "%", "> 95%", _above(95)),
    Kpi("rework-per-sd", "Rework cycles per SD", "% change", "falling", _not_rising),
)

KPI_BY_KEY: Mapping[str, Kpi] = {kpi.key: kpi for kpi in KPIS}
