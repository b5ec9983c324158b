"""What finished weeks teach the next one: the shape of a week and how much weeks use."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from allocation.policy.forecasting.series import HOURS_A_DAY
from allocation.policy.forecasting.shape import FLAT, Shape, ShapeLearner

# Below this share of the median so far, a week was no week of work: its errors teach nothing.
IDLE_SHARE = 0.1
# A week is not less even than this many equal bursts, unless the owner's own weeks say so, which
# count against PRIOR_WEEKS weeks of it; the same for the variance of weekly levels.
PRIOR_BURSTS = 5.0
PRIOR_SPREAD = 0.5
PRIOR_WEEKS = 2


@dataclass(frozen=True, slots=True)
class Past:
    """What the weeks before a week had taught. Levels are tokens of a full week at their pace.

    `mean` is the average with a half-life of two weeks and `spread` the variance of levels as a
    share of its square. `bursts` is of how many equal bursts a week would consist to be as uneven
    as weeks were. `highest` is the highest level, `typical` the median of those above 0; both are
    0 without any.
    """

    shape: Shape = FLAT
    mean: float = 0.0
    spread: float = PRIOR_SPREAD
    bursts: float = PRIOR_BURSTS
    highest: float = 0.0
    typical: float = 0.0


class PastLearner:
    """Goes through finished weeks, oldest first."""

    def __init__(self) -> None:
        self._shape = ShapeLearner()
        self._levels: list[float] = []
        self._unevenness: list[float] = []
        self._past = Past()

    def past(self) -> Past:
        """What the weeks so far have taught."""
        return self._past

    def add(self, first_hour: int, tokens: Sequence[int]) -> bool:
        """One more week by hour, from `first_hour` since Monday 00:00 UTC on.

        Returns whether it was a week of work.
        """
        shape = self._past.shape
        level = sum(tokens) / shape.share(first_hour, first_hour + len(tokens))
        self._shape.add(first_hour, tokens, level)
        self._levels.append(level)
        if level > 0:
            self._unevenness.append(_unevenness(shape, first_hour, tokens))
        self._past = self._summary()
        return level > 0 and level >= IDLE_SHARE * median(self._levels)

    def _summary(self) -> Past:
        levels = self._levels
        mean = _faded(levels, 2)
        used = [level for level in levels if level > 0]
        if not used:
            return Past()
        deviations = sum((level - mean) ** 2 for level in levels) / mean**2 if mean > 0 else 0.0
        seen = PRIOR_WEEKS + len(levels)
        return Past(
            shape=self._shape.shape(),
            mean=mean,
            spread=(PRIOR_WEEKS * PRIOR_SPREAD + deviations) / seen,
            bursts=(PRIOR_WEEKS + len(used)) / (PRIOR_WEEKS / PRIOR_BURSTS + sum(self._unevenness)),
            highest=max(used),
            typical=median(used),
        )


def _faded(values: Sequence[float], half_life: float) -> float:
    """The average in which a value counts half as much as one `half_life` places later."""
    fade = 0.5 ** (1 / half_life)
    total = weight = 0.0
    for value in values:
        total = total * fade + value
        weight = weight * fade + 1
    return total / weight


def _unevenness(shape: Shape, first_hour: int, tokens: Sequence[int]) -> float:
    """1 / n, if the days of the week are as uneven as n equal bursts thrown at the shape.

    For n multinomial draws, the squared deviation of a share p has the mean p (1 - p) / n.
    """
    used, whole = sum(tokens), shape.share(first_hour, first_hour + len(tokens))
    squares = expected = 0.0
    for start in range(0, len(tokens), HOURS_A_DAY):
        day = tokens[start : start + HOURS_A_DAY]
        share = shape.share(first_hour + start, first_hour + start + len(day)) / whole
        squares += (sum(day) / used - share) ** 2
        expected += share * (1 - share)
    return min(1.0, squares / expected) if expected > 0 else 0.0
