"""Which method speaks for the owner: the simplest while there is little, then by its own record.

Without past use there is nothing to learn from, and linear speaks. After one or two weeks it is
gamma_poisson, which needs no record of its own. From then on it is the blend, unless another method
was clearly ahead of it at this hour of the owner's own weeks. Clearly, because the best of several
over a few weeks is mostly the luckiest.
"""

from collections.abc import Sequence

from allocation.policy.forecasting.blend import BLEND
from allocation.policy.forecasting.gamma_poisson import GAMMA_POISSON
from allocation.policy.forecasting.linear import LINEAR
from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.profile import PROFILE
from allocation.policy.forecasting.views import View

FEWEST_WEEKS = 3
# Clearly ahead: at most this share of the blend's error, over at least so many weeks of work.
CLEARLY = 0.65
CLEARLY_WEEKS = 8
# One absurd week must not settle it.
WORST_ERROR = 2.0

_RIVALS = (LINEAR, GAMMA_POISSON, PROFILE)


def choose(views: Sequence[View]) -> list[Method]:
    """The method for each view, by the totals of the views before it."""
    blended = BLEND.expect(views)
    rivals = [_Rival(method, method.expect(views)) for method in _RIVALS]
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
        self._weeks = 0
        self._errors = 0.0
        self._errors_of_blend = 0.0

    @property
    def share(self) -> float:
        """The share of the blend's error that this method makes."""
        return self._errors / self._errors_of_blend if self._errors_of_blend > 0 else 1.0

    def clearly_ahead(self, number: int) -> bool:
        speaks = self._said[number] is not None
        return speaks and self._weeks >= CLEARLY_WEEKS and self.share < CLEARLY

    def note(self, number: int, view: View, blended: Expected | None) -> None:
        own = self._said[number]
        if not view.counts or not view.total or own is None or blended is None:
            return
        self._weeks += 1
        self._errors += _error(view, view.total, own)
        self._errors_of_blend += _error(view, view.total, blended)


def _error(view: View, total: int, expected: Expected) -> float:
    return min(WORST_ERROR, abs(view.used + expected.point - total) / total)
