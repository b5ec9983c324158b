"""The complexity rubric of the report's step 6, and the tier that a level prefers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.complexity import (
    LEVELS,
    RUBRIC,
    Level,
    check_complexity,
    complexity_of,
    preferred_tier,
)
from allocation.policy.errors import RuleError
from allocation.policy.tiers import FABLE, HAIKU, OPUS, SONNET, Tier

LINES = [
    (0, 1),
    (1, 1),
    (10, 1),
    (11, 2),
    (50, 2),
    (51, 3),
    (200, 3),
    (201, 4),
    (500, 4),
    (501, 5),
    (100_000, 5),
]
DEPENDENCIES = [(0, 1), (1, 2), (2, 2), (3, 3), (5, 3), (6, 4), (10, 4), (11, 5), (999, 5)]


@pytest.mark.parametrize(("lines", "level"), LINES)
def test_lines_alone_give_the_level(lines: int, level: int) -> None:
    assert complexity_of(lines=lines) == level


@pytest.mark.parametrize(("dependencies", "level"), DEPENDENCIES)
def test_dependencies_alone_give_the_level(dependencies: int, level: int) -> None:
    assert complexity_of(dependencies=dependencies) == level


@pytest.mark.parametrize(("lines", "by_lines"), LINES)
@pytest.mark.parametrize(("dependencies", "by_dependencies"), DEPENDENCIES)
def test_the_higher_of_the_two_levels_wins(
    lines: int, by_lines: int, dependencies: int, by_dependencies: int
) -> None:
    level = complexity_of(lines=lines, dependencies=dependencies)
    assert level == max(by_lines, by_dependencies)


def test_something_must_be_known_of_the_task() -> None:
    with pytest.raises(RuleError, match="Give the lines of code, the dependencies, or both"):
        complexity_of()


@pytest.mark.parametrize(
    ("lines", "dependencies"), [(-1, None), (None, -1), (-1, 3), (10, -1), (-1, -1)]
)
def test_nothing_can_be_negative(lines: int | None, dependencies: int | None) -> None:
    with pytest.raises(RuleError, match="cannot be negative"):
        complexity_of(lines=lines, dependencies=dependencies)


@pytest.mark.parametrize(
    ("complexity", "tier"), [(1, HAIKU), (2, HAIKU), (3, SONNET), (4, SONNET), (5, OPUS)]
)
def test_each_level_prefers_the_tier_of_rule_2(complexity: int, tier: Tier) -> None:
    assert preferred_tier(complexity) == tier


@pytest.mark.parametrize("complexity", [-1, 0, 6, 50])
def test_a_level_off_the_scale_is_refused(complexity: int) -> None:
    with pytest.raises(RuleError, match=f"from 1 to 5; {complexity} is not on the scale"):
        preferred_tier(complexity)


@pytest.mark.parametrize("complexity", LEVELS)
def test_a_level_on_the_scale_is_passed_on(complexity: int) -> None:
    assert check_complexity(complexity) == complexity


EDITED = (Level(1, 20, 1, HAIKU), Level(3, 90, 4, FABLE), Level(4, 400, 9, SONNET))


@pytest.mark.parametrize(
    ("lines", "level"), [(20, 1), (21, 3), (90, 3), (91, 4), (400, 4), (401, 4)]
)
def test_above_the_last_bound_of_an_edited_rubric_the_last_level_holds(
    lines: int, level: int
) -> None:
    assert complexity_of(lines=lines, rubric=EDITED) == level


def test_an_edited_rubric_is_asked_by_level_and_not_by_place() -> None:
    assert preferred_tier(3, EDITED) == FABLE
    assert preferred_tier(5, tuple(reversed(RUBRIC))) == OPUS


@pytest.mark.parametrize("complexity", [2, 5])
def test_a_rubric_without_the_level_says_so(complexity: int) -> None:
    with pytest.raises(RuleError, match=f"no row for level {complexity}"):
        preferred_tier(complexity, EDITED)


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 40), st.integers(0, 40))
def test_more_work_is_never_less_complex(lines: int, more: int, needs: int, extra: int) -> None:
    before = complexity_of(lines=lines, dependencies=needs)
    assert complexity_of(lines=lines + more, dependencies=needs + extra) >= before
