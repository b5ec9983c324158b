"""Which method speaks for the owner: the simplest while there is little, then by its own record.

Without past use there is nothing to learn from, and linear speaks. After one or two weeks it is
gamma_poisson, which needs no record of its own. From then on it is the blend, unless another method
was clearly ahead of it at this hour of the owner's own weeks. Clearly, because the best of several
over a few weeks is mostly the luckiest.
"""

from collections.abc import Mapping, Sequence

from allocation.policy.forecasting.blend import BLEND
from allocation.policy.forecasting.gamma_poisson import GAMMA_POISSON
from allocation.policy.forecasting.linear import LINEAR
from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.profile import PROFILE
from allocation.policy.forecasting.views import View

FEWEST_WEEKS = 3
# Clearly ahead: at most this share of the blend's error, over at least so many weeks of work, and
# nearer than it in so many of them.
CLEARLY = 0.65
CLEARLY_WEEKS = 8
NEARER_SHARE = 0.8
# Errors that differ by less are the same but for rounding.
ALIKE = 1e-9
# One absurd week must not settle it.
WORST_ERROR = 2.0

METHODS = {method.name: method for method in (LINEAR, PROFILE, GAMMA_POISSON, BLEND)}

# What each method expects of each view, by its name.
Said = Mapping[str, Sequence[Expected | None]]


def choose(views: Sequence[View], said: Said) -> list[Method]:
    """The method for each view, by what all METHODS said of the views before it and what came."""
    blended = said[BLEND.name]
    rivals = [_Rival(method, said[method.name]) for method in METHODS.values() if method != BLEND]
    chosen: list[Method] = []
    for number, view in enumerate(views):
        if view.past.mean <= 0:
            chosen.append(LINEAR)
        elif number < FEWEST_WEEKS:
            chosen.append(GAMMA_POISSON)
        else:
            ahead = [rival for rival in rivals if rival.clearly_ahead(number)]
            best = min(ahead, key=lambda rival: rival.share, default=None)
            chosen.append(best.method if best else BLEND)
        for rival in rivals:
            rival.note(number, view, blended[number])
    return chosen


class _Rival:
    """One method against the blend, over the weeks in which both had something to say."""

    def __init__(self, method: Method, said: Sequence[Expected | None]) -> None:
        self.method = method
        self._said = said
        self._weeks = self._nearer = 0
        self._errors = 0.0
        self._errors_of_blend = 0.0

    @property
    def share(self) -> float:
        """The share of the blend's error that this method makes."""
        return self._errors / self._errors_of_blend if self._errors_of_blend > 0 else 1.0

    def clearly_ahead(self, number: int) -> bool:
        if self._said[number] is None or self._weeks < CLEARLY_WEEKS:
            return False
        return self.share < CLEARLY and self._nearer >= NEARER_SHARE * self._weeks

    def note(self, number: int, view: View, blended: Expected | None) -> None:
        own = self._said[number]
        if not view.counts or not view.total or own is None or blended is None:
            return
        error, of_blend = (_error(view, view.total, each) for each in (own, blended))
        self._weeks += 1
        self._nearer += error < of_blend - ALIKE
        self._errors += error
        self._errors_of_blend += of_blend


def _error(view: View, total: int, expected: Expected) -> float:
    return min(WORST_ERROR, abs(view.used + expected.point - total) / total)
