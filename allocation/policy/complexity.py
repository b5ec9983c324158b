"""The complexity rubric (report, step 6): lines of code and dependencies to a level of 1 to 5."""

from collections.abc import Sequence
from dataclasses import dataclass

from allocation.policy.errors import RuleError
from allocation.policy.tiers import HAIKU, OPUS, SONNET, Tier

LEVELS = range(1, 6)


@dataclass(frozen=True, slots=True)
class Level:
    """One row of the rubric. A bound of None is open: everything above the row before.

    A rubric lists its rows by rising level.
    """

    level: int
    max_lines: int | None
    max_dependencies: int | None
    preferred: Tier


RUBRIC: Sequence[Level] = (
    Level(1, 10, 0, HAIKU),
    Level(2, 50, 2, HAIKU),
    Level(3, 200, 5, SONNET),
    Level(4, 500, 10, SONNET),
    Level(5, None, None, OPUS),
)


def complexity_of(
    *,
    lines: int | None = None,
    dependencies: int | None = None,
    rubric: Sequence[Level] = RUBRIC,
) -> int:
    """The level for lines of code changed and dependencies touched; the higher of the two wins.

    Raises RuleError if neither is given or one is negative.
    """
    if lines is None and dependencies is None:
        raise RuleError("Give the lines of code, the dependencies, or both.")
    if (lines or 0) < 0 or (dependencies or 0) < 0:
        raise RuleError("Lines of code and dependencies cannot be negative.")
    by_lines = _level(lines, [row.max_lines for row in rubric], rubric)
    by_dependencies = _level(dependencies, [row.max_dependencies for row in rubric], rubric)
    return max(by_lines, by_dependencies)


def _level(value: int | None, bounds: Sequence[int | None], rubric: Sequence[Level]) -> int:
    if value is None:
        return rubric[0].level
    for row, bound in zip(rubric, bounds, strict=True):
        if bound is None or value <= bound:
            return row.level
    return rubric[-1].level


def check_complexity(complexity: int) -> int:
    """The value itself. Raises RuleError outside 1 to 5."""
    if complexity not in LEVELS:
        raise RuleError(f"Complexity goes from 1 to 5; {complexity} is not on the scale.")
    return complexity


def preferred_tier(complexity: int, rubric: Sequence[Level] = RUBRIC) -> Tier:
    """Rule 2: 1 and 2 prefer haiku, 3 and 4 sonnet, 5 opus.

    Raises RuleError off the scale and for a level that the rubric has no row for.
    """
    check_complexity(complexity)
    for row in rubric:
        if row.level == complexity:
            return row.preferred
    raise RuleError(f"The complexity rubric has no row for level {complexity}.")
