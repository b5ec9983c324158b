"""How good a forecast of tokens was, once it is known what came (report, step 9)."""

from decimal import Decimal
from fractions import Fraction


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
