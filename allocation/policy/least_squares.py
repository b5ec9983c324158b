"""Least squares without negative answers, for a handful of unknowns.

The method is the active set of Lawson and Hanson, Solving Least Squares Problems, chapter 23: an
unknown is `free` while it may be above 0, and all others are held at 0. Unknowns are freed one by
one as long as that makes the fit better, and held again where the fit would make them negative.
"""

from collections.abc import Sequence

Matrix = Sequence[Sequence[float]]

# A gradient, or a share of a column, below this is rounding and no reason to go on.
TINY = 1e-10


def non_negative(gram: Matrix, target: Sequence[float]) -> list[float]:
    """The x >= 0 that minimises |A x - y|^2, from `gram` = A'A and `target` = A'y.

    It works on these normal equations because there are at most a few unknowns, and many right-hand
    sides y share one A. Where columns of A depend on one another it gives one of the solutions.
    """
    size = len(target)
    at_once = _solve(gram, target)
    if min(at_once, default=0.0) >= 0:
        return at_once
    answer = [0.0] * size
    free: list[int] = []
    scale = max((abs(value) for value in target), default=0.0)
    for _ in range(3 * size):
        slopes = [
            target[row] - sum(gram[row][column] * answer[column] for column in free)
            for row in range(size)
        ]
        entering = [row for row in range(size) if row not in free and slopes[row] > TINY * scale]
        if not entering:
            break
        free.append(max(entering, key=lambda row: slopes[row]))
        while free:
            wanted = _solve(
                [[gram[row][column] for column in free] for row in free],
                [target[row] for row in free],
            )
            if min(wanted) > 0:
                for row, value in zip(free, wanted, strict=True):
                    answer[row] = value
                break
            free = _step_towards(answer, free, wanted)
    return answer


def _step_towards(answer: list[float], free: list[int], wanted: Sequence[float]) -> list[int]:
    """Move the free unknowns towards what is wanted until the first of them reaches 0.

    Changes `answer`, and gives back the unknowns that stay free: all but that first one.
    """
    step = min(
        answer[row] / (answer[row] - value)
        for row, value in zip(free, wanted, strict=True)
        if value <= 0
    )
    for row, value in zip(free, wanted, strict=True):
        moved = answer[row] + step * (value - answer[row])
        answer[row] = moved if value > 0 or moved > TINY * answer[row] else 0.0
    falling = [row for row, value in zip(free, wanted, strict=True) if value <= 0]
    first = min(falling, key=lambda row: answer[row])
    answer[first] = 0.0
    return [row for row in free if row != first]


def _solve(matrix: Matrix, target: Sequence[float]) -> list[float]:
    """Gauss-Jordan; a pivot that is lost to rounding is kept off 0 by a trace of a ridge."""
    size = len(target)
    rows = [[*row, value] for row, value in zip(matrix, target, strict=True)]
    for at, row in enumerate(rows):
        row[at] += TINY * (row[at] or 1.0)
    for pivot, head in enumerate(rows):
        for other, row in enumerate(rows):
            factor = row[pivot] / head[pivot]
            if other != pivot and factor:
                for column in range(pivot, size + 1):
                    row[column] -= factor * head[column]
    return [row[-1] / row[at] for at, row in enumerate(rows)]
