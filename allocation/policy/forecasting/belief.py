"""How far the shape that past weeks taught holds now: habits change from one week to the next.

Two explanations are weighed against each other by what was used of late: the learned shape, and use
that runs evenly around the clock, as of a fleet that nobody waits for. By Bayes, the odds of the
learned one are those from before times the ratio of the likelihoods (Hoeting et al. 1999, Bayesian
Model Averaging). Tokens come in bursts and not one by one, so a week counts as that many
independent draws as the owner's weeks were uneven for (`Past.bursts`).
"""

from collections.abc import Sequence
from math import log, tanh
from operator import mul

from allocation.policy.forecasting.series import HOURS_A_DAY, HOURS_A_WEEK
from allocation.policy.forecasting.shape import Shape

# Enough that a weekend alone does not speak, and few enough that a change shows within days.
LOOKED_AT_HOURS = 5 * HOURS_A_DAY
# The odds of the learned shape before anything was seen, as a logarithm: 7 to 1.
PRIOR_LOG_ODDS = 2.0


def believed(shape: Shape, tokens: Sequence[int], first_hour: int, bursts: float) -> Shape:
    """The shape mixed with flat use, by what the last hours say for it.

    `tokens` are those of the last hours, `first_hour` the first of them since Monday 00:00 UTC, and
    `bursts` of how many equal bursts a week consists.
    """
    used, hours = sum(tokens), len(tokens)
    log_odds = PRIOR_LOG_ODDS
    if used:
        begin = first_hour % HOURS_A_WEEK
        logs = shape.logs[begin:] + shape.logs[:begin]
        # As shares of these hours alone: how much was used in all is no matter of shape.
        flat = shape.share(first_hour, first_hour + hours) / hours
        likelier = sum(map(mul, tokens, logs)) / used - log(flat)
        log_odds += bursts * hours / HOURS_A_WEEK * likelier
    return shape.mixed_with_flat((1 + tanh(log_odds / 2)) / 2)
