"""Gamma-Poisson: the level of this week, from past weeks and from what this one has shown so far.

The level (tokens of a full week) has a Gamma prior with the mean m of past weeks, half-life two
weeks, and the shape a = 1 / (variance / m^2). Use comes in bursts of m / n tokens, a Poisson
number of them in proportion to the share s of the week. Having seen u tokens, the level's
posterior mean is (a m / n + u) / (a / n + s): the past weighs as much as a / n weeks of this
week's own evidence (conjugate prior; Gelman et al., Bayesian Data Analysis, section 2.6).
"""

from allocation.policy.forecasting.methods import Method, one_by_one
from allocation.policy.forecasting.profile import remaining as by_profile
from allocation.policy.forecasting.views import View


def remaining(view: View) -> float | None:
    """Posterior mean of the level x share ahead; without past use, what the profile says."""
    past = view.past
    if past.mean <= 0:
        return by_profile(view)
    weight = 1 / (past.spread * past.bursts)
    return (weight * past.mean + view.used) / (weight + view.share) * view.rest


GAMMA_POISSON = Method("gamma_poisson", "4", one_by_one(remaining))
