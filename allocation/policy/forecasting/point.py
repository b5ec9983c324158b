"""The one figure of a forecast: the total whose percentage error is expected to matter least.

What is still to come is taken as log-normal. Its median is the best single figure only if an error
counts by its logarithm. A percentage error punishes too much harder than too little, and its median
over many weeks asks for figures that are near more often, not for none that is far. Both pull the
figure below the median, the more so the less sure the rest of the week is, until what lies behind
outweighs it. So the point is the figure with the least expected loss e / (e + HALF_LOST), e being
the percentage error of the total: near errors count in proportion, and far ones are lost alike (a
bounded loss; Gneiting 2011, Making and Evaluating Point Forecasts, on why the loss must be named).
"""

from math import exp
from statistics import NormalDist

# An error of this share of the total is half as bad as any can be.
HALF_LOST = 0.3
# The distribution stands for this many equally likely amounts.
_DEVIATES = tuple(NormalDist().inv_cdf((i + 0.5) / 15) for i in range(15))
# Where the point is looked for, in spreads from the median: in steps, then in finer ones around the
# best of them, and then on the parabola through the best of these and its neighbours.
_STEPS = tuple(-2.4 + 0.3 * i for i in range(11))
_FINE = 0.1
_AROUND = tuple(_FINE * i for i in (-2, -1, 0, 1, 2))
_INSIDE = range(1, len(_AROUND) - 1)


def least_loss(used: float, middle: float, small: float, spread: float) -> float:
    """The tokens still to come that are best named when `used` lie behind.

    Their median is `middle`; the logarithm of (tokens + `small`) strays by `spread`.
    """
    scale = middle + small

    def tokens(deviate: float) -> float:
        return max(0.0, scale * exp(spread * deviate) - small)

    totals = [max(1.0, used + tokens(deviate)) for deviate in _DEVIATES]

    def loss(deviate: float) -> float:
        total = used + tokens(deviate)
        lost = 0.0
        for came in totals:
            error = abs(total - came)
            lost += error / (error + HALF_LOST * came)
        return lost

    coarse = min(_STEPS, key=loss)
    losses = [loss(coarse + step) for step in _AROUND]
    best = min(_INSIDE, key=losses.__getitem__)
    below, least, above = losses[best - 1 : best + 2]
    bend = below - 2 * least + above
    inside = (below - above) / bend / 2 if bend > 0 else 0.0
    return tokens(coarse + _AROUND[best] + _FINE * min(1.0, max(-1.0, inside)))
