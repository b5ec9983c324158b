"""How good a forecast of tokens was, once it is known what came."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.accuracy import accuracy_percent

tokens = st.integers(1, 10**12)


@pytest.mark.parametrize(
    ("predicted", "actual", "accuracy"),
    [
        (450_000, 445_000, "98.9"),  # the report's week of 2025-11-25
        (480_000, 475_000, "99.0"),  # the report's week of 2025-12-02
        (500_000, 500_000, "100.0"),
        (500_000, 550_000, "90.0"),
        (500_000, 0, "0.0"),
        (500_000, 1_000_000, "0.0"),
        (500_000, 1_000_001, "0.0"),
        (Fraction(1, 3), Fraction(1, 6), "50.0"),
    ],
)
def test_accuracy_is_what_the_prediction_did_not_miss(
    predicted: Fraction | int, actual: Fraction | int, accuracy: str
) -> None:
    assert str(accuracy_percent(predicted, actual)) == accuracy


@pytest.mark.parametrize("actual", [0, 1, Fraction(500_000)])
def test_without_a_prediction_there_is_no_accuracy(actual: Fraction | int) -> None:
    assert accuracy_percent(0, actual) is None


@given(tokens, tokens)
def test_accuracy_stays_between_0_and_100(predicted: int, actual: int) -> None:
    accuracy = accuracy_percent(predicted, actual)
    assert accuracy is not None
    assert 0 <= accuracy <= 100


@given(tokens, tokens, st.fractions(Fraction(1, 1000), 1000))
def test_scaling_both_changes_nothing(predicted: int, actual: int, by: Fraction) -> None:
    assert accuracy_percent(predicted * by, actual * by) == accuracy_percent(predicted, actual)
