"""How good a forecast of tokens was, once it is known what came (report, steps 9 and 10)."""

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class Verdict(StrEnum):
    """The report's bands for the error of a burn-rate forecast."""

    EXCELLENT = "excellent"  # up to 5 %
    GOOD = "good"  # up to 10 %
    POOR = "poor"


def accuracy_percent(predicted: Fraction | int, actual: Fraction | int) -> Decimal | None:
    """The report's accuracy: 100 - |predicted - actual| / predicted in percent, never below 0.

    To one decimal; None where nothing was predicted. The report's own figures (98.9 and 99.0) come
    out only when the miss is measured against the prediction, unlike the error of its step 10.
    """
    if predicted == 0:
        return None
    miss = abs(Fraction(predicted) - actual) / predicted * 100
    accuracy = max(Fraction(0), 100 - miss)
    return round(Decimal(accuracy.numerator) / Decimal(accuracy.denominator), 1)


def verdict(error_percent: Fraction | Decimal) -> Verdict:
    """The band of an error in percent. A bound belongs to the better band, as the report has it."""
    if error_percent <= 5:
        return Verdict.EXCELLENT
    if error_percent <= 10:
        return Verdict.GOOD
    return Verdict.POOR
