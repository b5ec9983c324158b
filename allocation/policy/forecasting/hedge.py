"""A forecast hedged towards the plain burn rate, as far as that was the better one so far.

The weight of each of the two falls exponentially with its errors by the logarithm, in the owner's
own weeks at the same hour (the exponentially weighted average forecaster; Cesa-Bianchi and Lugosi
2006, Prediction, Learning, and Games, chapter 2). Whatever the weeks bring, with r = LEARNING_RATE
and L the sum of the burn rate's errors, those of the hedged forecast add up to at most

    (r L + log(1 / HEDGED)) / (1 - exp(-r)),

and the same holds for the other forecast with 1 - HEDGED. Errors count as 1 from a factor e on;
where they do, the bound is on the average of the two errors, of which that of the averaged
forecast is otherwise no more.
"""

from math import exp, log, tanh

# The weight of the burn rate before there is any record, and how fast the record moves it.
HEDGED = 0.1
LEARNING_RATE = 2.0


def strayed(came: float, said: float, small: float) -> float:
    """The error by the logarithm, always finite: all in tokens, `small` above 0."""
    return abs(log((came + small) / (said + small)))


class Hedge:
    """The record of a forecast and of the burn rate, and between the two; all in tokens to come."""

    def __init__(self) -> None:
        self._log_odds = log(HEDGED / (1 - HEDGED))

    def between(self, said: float, linear: float, small: float) -> float:
        """The tokens between the two, by the weight of linear, on the scale of logarithms."""
        # The logistic function, in a form that cannot overflow.
        weight = (1 + tanh(self._log_odds / 2)) / 2
        logs = (1 - weight) * log(said + small) + weight * log(linear + small)
        return max(0.0, exp(logs) - small)

    def note(self, came: float, said: float, linear: float, small: float) -> None:
        """One more finished week."""
        own, other = (min(1.0, strayed(came, each, small)) for each in (said, linear))
        self._log_odds += LEARNING_RATE * (own - other)
