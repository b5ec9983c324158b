"""SDs and rates in words, on the weekly audit page and among the last ten SDs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from allocation.checkpoints.defaults import whole_shares
from allocation.display import format as fmt
from allocation.display.bands import SHAPES
from allocation.policy.kpis import Band, Reading
from allocation.policy.tiers import SHIPPED_TIERS
from allocation.reports.facts import SdWeekFacts
from allocation.reports.sd_audit import Rate, against

# Of each SD so many are shown at once: a fleet may have hundreds that differ in a week.
FIRST_OVERRIDES = 3
NO_TARGET = "no tier that has a target is known"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rate of the week with its band in words and shape."""

    title: str
    value: str
    band: str
    words: str
    shape: str
    rests_on: str


@dataclass(frozen=True, slots=True)
class SdRow:
    """One SD in words; `overrides` are the first ones."""

    code: str
    title: str
    complexity: int
    stands: str
    mix: str
    tokens: str
    total: str
    against: str
    over: bool
    rework: str
    overrides: Sequence[str]
    more_overrides: Sequence[str]


def rate_verdict(title: str, rate: Rate, what: str) -> Verdict:
    """A rate with its verdict; `what` are those counted."""
    rests_on = f"{rate.count:,} of {rate.of:,} {what}" if rate.of else ""
    if rate.target_of and rate.of:
        rests_on += f"; judged by the target of {rate.target_of}"
    said = verdict(title, rate.text, rate.reading, rests_on)
    if rate.of and rate.reading.band is Band.NO_DATA:
        # There is data, and no tier by whose target it could be judged.
        return replace(said, band="not judged", rests_on=f"{rests_on}; {NO_TARGET}")
    return said


def verdict(title: str, value: str, reading: Reading, rests_on: str) -> Verdict:
    """A value with its band in words and shape; the value alone where there is no data."""
    words = "" if reading.band is Band.NO_DATA else reading.words
    shape = SHAPES[reading.band]
    return Verdict(title, value, reading.band.value, words, shape, rests_on)


def sd_row(sd: SdWeekFacts) -> SdRow:
    """One SD in words."""
    gap = against(sd.total, sd.estimate)
    stands = f"in {sd.phase}" if sd.phase and not sd.completed else sd.status
    return SdRow(
        code=sd.code,
        title=sd.title,
        complexity=sd.complexity,
        stands=stands,
        mix=_mix(sd.by_tier) if sd.tokens else "–",
        tokens=fmt.tokens(sd.tokens),
        total=fmt.tokens(sd.total),
        against=_against(gap, sd),
        over=gap is not None and gap > 0,
        rework=fmt.counted(sd.rework_cycles, "cycle") if sd.rework_cycles else "none",
        overrides=sd.overrides[:FIRST_OVERRIDES],
        more_overrides=sd.overrides[FIRST_OVERRIDES:],
    )


def _mix(by_tier: Mapping[str, int]) -> str:
    """20% haiku, 50% sonnet: the cheapest first, tiers of the owner's own after those that ship."""
    order = [tier.name for tier in SHIPPED_TIERS]
    shares = whole_shares(by_tier)
    ranked = sorted(shares, key=lambda tier: order.index(tier) if tier in order else len(order))
    # A line may break between the tiers only.
    return ", ".join(f"{shares[tier]}%\u00a0{tier}" for tier in ranked)


def _against(gap: Fraction | None, sd: SdWeekFacts) -> str:
    if gap is None:
        return "no estimate"
    if gap == 0:
        return "as estimated"
    size = fmt.percent(abs(gap))
    so_far = "" if sd.completed else " so far"
    side = "above" if gap > 0 else "below"
    return f"{'under 1%' if size == '0%' else size} {side} {fmt.tokens(sd.estimate or 0)}{so_far}"
