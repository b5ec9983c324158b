"""What an SD would use, from the best evidence there is, and what it does to the week's chances."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from math import exp, log, sqrt
from statistics import fmean, stdev

from allocation.policy.zones import Bounds, Zone

# With fewer cases than this, own history says less than the registered ranges.
FEWEST_CASES = 3
# Ranges enclose 80 % of the cases.
LOW, HIGH = Fraction(1, 10), Fraction(9, 10)
# From here on the tenths of the cases say enough.
MANY_CASES = 30
# Far above any SD, and far below where floats overflow.
MOST_LOG = log(10**15)


class Evidence(StrEnum):
    """What an estimate of tokens rests on, the best last."""

    REGISTERED = "registered range"  # the report's, edited in the admin
    COMPLEXITY = "SDs of this complexity"
    TASK_TYPE = "own history by task type"
    SUB_AGENT = "own history"
    SD = "the SD’s own estimate"


_BASES = {
    Evidence.REGISTERED: "the registered range",
    Evidence.COMPLEXITY: "{n} SDs of this complexity",
    Evidence.TASK_TYPE: "{n} cases of its task type",
    Evidence.SUB_AGENT: "own history, {n} cases",
    Evidence.SD: "the SD’s own estimate",
}


@dataclass(frozen=True, slots=True)
class TokenRange:
    """A range of fresh tokens that encloses 80 % of the cases, and its middle.

    `n` is the number of earlier cases that it rests on; 0 for a range that is only registered.
    """

    low: int
    middle: int
    high: int
    evidence: Evidence
    n: int = 0

    @property
    def basis(self) -> str:
        """The evidence in words."""
        return _BASES[self.evidence].format(n=self.n)

    def scaled(self, by: Fraction, evidence: Evidence, n: int = 0) -> "TokenRange":
        """The same range, so many times as large."""
        low, middle, high = (round(value * by) for value in (self.low, self.middle, self.high))
        return TokenRange(low, middle, high, evidence, n)


def registered(low: int, high: int) -> TokenRange:
    """The range that a sub-agent is registered with, for a run."""
    return TokenRange(low, (low + high) // 2, high, Evidence.REGISTERED)


def from_cases(cases: Sequence[int], evidence: Evidence) -> TokenRange | None:
    """The range of what was used in earlier cases; None with fewer than FEWEST_CASES."""
    n = len(cases)
    if n < FEWEST_CASES:
        return None
    low, middle, high = (round(quantile(cases, at)) for at in (LOW, Fraction(1, 2), HIGH))
    if n < MANY_CASES and min(cases) > 0:
        few_low, few_high = _range_of_few(cases)
        low, high = min(few_low, middle), max(few_high, middle)
    return TokenRange(low, middle, high, evidence, n)


def _range_of_few(cases: Sequence[int]) -> tuple[int, int]:
    """Where the next case falls with a chance of 80 %, from a few above 0.

    The prediction interval of a log-normal distribution, mean ± t s sqrt(1 + 1/n) of the
    logarithms, as the tenths of a few cases lie too close together. Student's t at 90 % by its
    expansion in 1/(n - 1) (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5).
    """
    logs, n = [log(case) for case in cases], len(cases)
    t = 1.2816 + 0.8466 / (n - 1) + 0.5709 / (n - 1) ** 2
    half = t * stdev(logs) * sqrt(1 + 1 / n)
    low, high = (round(exp(min(MOST_LOG, fmean(logs) + side))) for side in (-half, half))
    return low, high


def left_of(phase: TokenRange, burned: int) -> TokenRange:
    """What a phase will still burn that has burned `burned` already and is not over.

    `phase` is the range of the whole phase. Its cases are taken to lie like this: a tenth of them
    evenly below the low end, four tenths evenly between that and the middle, and half above the
    middle, exponentially, with a tenth of all cases beyond the high end. Cases of no more than
    `burned` are out of the question. The answer is the range of those that remain, less `burned`.

    Just to take `burned` off the range would leave those cases in, and so promise too little. Once
    the range is used up it would even promise 0, although a phase that goes on has only shown that
    the range was wrong.

    An exponential has no memory (Feller, An Introduction to Probability Theory and Its
    Applications, vol. 1, XIII.9): from the middle on the same is still ahead however much is
    burned. Beyond the high end the range is stretched: the phase may go on for as long again as it
    is past the middle.
    """
    if not burned:
        return phase
    tail = max(phase.high, burned) - phase.middle
    low, middle, high = (
        max(0, round(_case_above(phase, burned, tail, at) - burned))
        for at in (LOW, Fraction(1, 2), HIGH)
    )
    return TokenRange(low, middle, high, phase.evidence, phase.n)


def _case_above(phase: TokenRange, burned: int, tail: int, level: Fraction) -> float:
    """The quantile at a level (0 to 1) of the cases that are above what is burned.

    A tenth of all cases is more than `tail` above the middle.
    """
    above = 0.5
    start = max(burned, phase.middle)
    if burned < phase.low:
        above = 1 - 0.1 * burned / phase.low
    elif burned < phase.middle:
        above = 0.9 - 0.4 * (burned - phase.low) / (phase.middle - phase.low)
    left = above * float(1 - level)
    if left > 0.9:
        return phase.low * (1 - left) / 0.1
    if left > 0.5:
        return phase.low + (phase.middle - phase.low) * (0.9 - left) / 0.4
    return start + tail * log(0.5 / left) / log(5)


def added(parts: Sequence[TokenRange]) -> TokenRange:
    """The range of some parts together, all of the same evidence.

    The ends are added. For independent parts the squares of their widths would be, but an SD is
    large or small as a whole.
    """
    first = parts[0] if parts else TokenRange(0, 0, 0, Evidence.REGISTERED)
    return TokenRange(
        sum(part.low for part in parts),
        sum(part.middle for part in parts),
        sum(part.high for part in parts),
        first.evidence,
        first.n,
    )


def by_complexity(run: TokenRange, totals: Sequence[int], typical: int) -> TokenRange | None:
    """A registered range stretched to what whole SDs of the complexity came to.

    `totals` are fresh tokens of such SDs, `typical` what the registered ranges of one add up to.
    None with fewer than FEWEST_CASES, or nothing to stretch.
    """
    whole = from_cases(totals, Evidence.COMPLEXITY)
    if whole is None or typical <= 0:
        return None
    low, middle, high = (
        round(run.middle * Fraction(value, typical))
        for value in (whole.low, whole.middle, whole.high)
    )
    return TokenRange(low, middle, high, whole.evidence, whole.n)


def quantile(values: Sequence[int], level: Fraction) -> Fraction:
    """The value at a level between 0 and 1, evenly between two neighbours."""
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    at = int(place)
    after = ordered[min(at + 1, len(ordered) - 1)]
    return ordered[at] + (after - ordered[at]) * (place - at)


def zone_chances_with(
    totals: Sequence[int],
    *,
    used: int,
    reached: Sequence[float],
    more: Sequence[int],
    effective_limit: int,
    bounds: Bounds,
) -> dict[Zone, float]:
    """The chance of each zone at reset if an SD adds to a forecast week; they add up to 1.

    `totals` are the forecast's quantiles at evenly spaced levels and `reached` its chances that
    YELLOW, ORANGE and RED begin, as the ledger keeps both; `more` are equally likely amounts of the
    SD, (0,) for the week without it, which gives what the forecast says itself. Between what is
    known the chance runs straight. The distribution ends below at what is `used` already, and above
    at twice the step between the two highest quantiles beyond the last of them.
    """
    least = [
        float(Fraction(percent) * effective_limit / 100)
        for percent in (bounds.yellow, bounds.orange, bounds.red)
    ]
    chance_of = _chances(totals, used, dict(zip(least, reached, strict=True)))
    begins = [1.0]
    for each in least:
        chances = [chance_of(each - amount) for amount in more]
        begins.append(min(begins[-1], sum(chances) / len(chances)))
    return {
        zone: better - worse
        for zone, (better, worse) in zip(Zone, pairwise([*begins, 0.0]), strict=True)
    }


def _chances(
    totals: Sequence[int], used: int, known: Mapping[float, float]
) -> Callable[[float], float]:
    """The chance that the total reaches an amount, of which some are `known`."""
    step = 1 / (len(totals) + 1)
    points: dict[float, float] = {totals[-1] + 2 * (totals[-1] - totals[-2]): 0.0}
    for number in reversed(range(len(totals))):  # of equal ones the lowest level tells
        points[totals[number]] = 1 - step * (number + 1)
    points[min(used, totals[0])] = 1.0
    points |= known
    amounts = sorted(points)
    chances = [*accumulate((points[amount] for amount in amounts), min)]

    def chance_of(amount: float) -> float:
        at = bisect_left(amounts, amount)
        if amount <= used or at == 0:
            return 1.0
        if at == len(amounts):
            return 0.0
        part = (amount - amounts[at - 1]) / (amounts[at] - amounts[at - 1])
        return chances[at - 1] + part * (chances[at] - chances[at - 1])

    return chance_of
