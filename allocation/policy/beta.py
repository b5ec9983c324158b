"""The Beta distribution, as far as an interval for a rate needs it, in plain floats.

Source of the continued fraction: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5.8,
evaluated by Lentz's method. Tested against values of other implementations to nine digits.
"""

from functools import lru_cache
from math import exp, lgamma, log, log1p

from allocation.policy.errors import RuleError

_TINY = 1e-300
_CLOSE = 1e-15
_MOST_TERMS = 10_000
_CLOSE_ENOUGH = 1e-11
_MOST_STEPS = 60


def beta_cdf(x: float, a: float, b: float) -> float:
    """The chance that a Beta(a, b) variable is at most x. Raises RuleError unless both are > 0."""
    if a <= 0 or b <= 0:
        raise RuleError("A Beta distribution needs two numbers above 0.")
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    # The fraction converges fast only below the mean; above it the other tail is computed.
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    return front * _continued_fraction(x, a, b) / a


def _continued_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, _inverse(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = _inverse(1 + term * d)
            c = 1 + term / c or _TINY
            value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def _inverse(value: float) -> float:
    return 1 / (value or _TINY)


@lru_cache(maxsize=4096)
def beta_quantile(share: float, a: float, b: float) -> float:
    """The x below which a Beta(a, b) variable lies with a chance of `share`, from 0 to 1.

    By Newton's steps within bounds that close in: six or so are more digits than anybody prints,
    and one that would go astray halves the bounds instead. A page asks for the same hundreds again
    and again, so they are remembered.
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    for _ in range(_MOST_STEPS):
        over = beta_cdf(x, a, b) - share
        if over < 0:
            low = x
        else:
            high = x
        density = exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x))
        step = over / (density or _TINY)
        # Small beside the nearer end: there a step that is small beside 1 is a leap in the chance.
        if abs(step) <= _CLOSE_ENOUGH * min(x, 1 - x) or x - step == x:
            break
        x = x - step if low < x - step < high else (low + high) / 2
        if x in {0.0, 1.0}:
            break
    return x
