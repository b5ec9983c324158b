"""A blend of cautious guesses, weighted by how each would have fared in the owner's own weeks.

Each guess joins a past level m with this week's pace x = used / share by a weighted mean of their
logarithms, m^(1-w) x^w with w = share / (share + k): one huge week or one idle first day pulls a
mean of logarithms far less than a plain mean. The guesses differ in the level, in k (how soon this
week's pace is believed) and in a factor, which pays where weeks often end early; the middle of the
distribution comes from the guesses with the factor 1 alone.

The weights are those of exponentially weighted experts (Cesa-Bianchi and Lugosi, Prediction,
Learning, and Games, section 2.1): exp(-RATE x the sum of past percentage errors at this hour). They
can only be moved by weeks that are over.
"""

from collections.abc import Sequence
from math import exp, log

from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.profile import PROFILE
from allocation.policy.forecasting.views import View

BELIEFS = (0.02, 0.06, 0.2, 0.6)
FACTORS = (1.0, 0.75)
RATE = 3.0
# The error that a factor other than 1 begins with, or every first forecast would be too low.
HANDICAP = 0.3
# One absurd week must not settle the weights for good.
WORST_ERROR = 2.0
# An idle start counts as this share of the pace that the past level lets expect.
PACE_FLOOR = 0.02

_LOG_FACTORS = tuple(log(factor) for factor in FACTORS)
_AT_FIRST = [HANDICAP * (factor != 1) for factor in FACTORS] * (2 * len(BELIEFS))


def _guesses(view: View) -> list[float] | None:
    """Logarithms of the level of this week by each expert; None without past use."""
    share, guesses = view.share, []
    if view.past.recent <= 0 or view.past.lasting <= 0:
        return None
    for level in (view.past.recent, view.past.lasting):
        known = log(level)
        pace = (
            log((view.used + PACE_FLOOR * share * level) / (share * (1 + PACE_FLOOR)))
            if share > 0
            else known
        )
        for belief in BELIEFS:
            joined = known + share / (share + belief) * (pace - known)
            guesses += [joined + factor for factor in _LOG_FACTORS]
    return guesses


def _errors(view: View, total: int, guesses: Sequence[float]) -> list[float]:
    used, rest = view.used, view.rest
    return [min(WORST_ERROR, abs(used + rest * exp(guess) - total) / total) for guess in guesses]


def _expect(views: Sequence[View]) -> list[Expected | None]:
    losses = _AT_FIRST
    expected: list[Expected | None] = []
    for view in views:
        guesses = _guesses(view)
        if guesses is None:
            expected += PROFILE.expect([view])
            continue
        least = min(losses)
        weights = [exp(RATE * (least - loss)) for loss in losses]
        point, middle = (
            view.rest * exp(_mean(guesses[::step], weights[::step])) for step in (1, len(FACTORS))
        )
        expected.append(Expected(point, middle))
        if view.counts and view.total and view.used > 0:
            errors = _errors(view, view.total, guesses)
            losses = [loss + error for loss, error in zip(losses, errors, strict=True)]
    return expected


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(v * weight for v, weight in zip(values, weights, strict=True)) / sum(weights)


BLEND = Method("blend", "1", _expect)
