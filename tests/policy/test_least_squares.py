"""Least squares without negative answers."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.least_squares import non_negative


def solve(rows: list[list[float]], wanted: list[float]) -> list[float]:
    columns = range(len(rows[0]))
    gram = [[sum(row[a] * row[b] for row in rows) for b in columns] for a in columns]
    target = [sum(row[a] * y for row, y in zip(rows, wanted, strict=True)) for a in columns]
    return non_negative(gram, target)


def loss(rows: list[list[float]], wanted: list[float], x: list[float]) -> float:
    return sum(
        (sum(a * b for a, b in zip(row, x, strict=True)) - y) ** 2
        for row, y in zip(rows, wanted, strict=True)
    )


def test_an_exact_answer_is_found() -> None:
    assert solve([[1, 2], [3, 1], [2, 2]], [5, 5, 6]) == pytest.approx([1, 2])


def test_what_would_be_negative_is_nothing_and_the_rest_makes_up_for_it() -> None:
    assert solve([[1, 1], [1, 0]], [1, 2]) == pytest.approx([1.5, 0])


def test_nothing_explains_what_falls() -> None:
    assert solve([[1, 2], [2, 1]], [-1, -1]) == [0, 0]


def test_columns_that_are_the_same_share_an_answer() -> None:
    assert sum(solve([[1, 1], [2, 2], [3, 3]], [2, 4, 6])) == pytest.approx(2, rel=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_best_there_is_also_of_columns_that_resemble_each_other(seed: int) -> None:
    """By the conditions of Karush, Kuhn and Tucker, which hold at the least and nowhere else."""
    random = Random(seed)
    size, common = random.randint(2, 7), random.choice([0.0, 1.0, 5.0])
    rows = []
    for _ in range(3 * size):
        shared = random.gauss(0, common)
        rows.append([shared + random.gauss(0, 1) for _ in range(size)])
    wanted = [random.gauss(0, 3) for _ in rows]
    found = solve(rows, wanted)
    missing = [
        sum(a * x for a, x in zip(row, found, strict=True)) - y
        for row, y in zip(rows, wanted, strict=True)
    ]
    for column, x in enumerate(found):
        slope = sum(row[column] * m for row, m in zip(rows, missing, strict=True))
        assert x >= 0
        assert slope == pytest.approx(0, abs=1e-6) if x else slope > -1e-6


VALUES = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 2))


@given(
    st.integers(1, 4).flatmap(
        lambda size: st.lists(
            st.tuples(st.lists(VALUES, min_size=size, max_size=size), VALUES),
            min_size=1,
            max_size=8,
        )
    )
)
def test_no_step_to_a_neighbour_is_better(data: list[tuple[list[float], float]]) -> None:
    rows, wanted = [row for row, _ in data], [y for _, y in data]
    found = solve(rows, wanted)
    assert min(found) >= 0
    best = loss(rows, wanted, found)
    for step, at in product((-0.01, 0.01), range(len(found))):
        near = [max(0.0, x + step * (n == at)) for n, x in enumerate(found)]
        assert loss(rows, wanted, near) >= best - 1e-6
