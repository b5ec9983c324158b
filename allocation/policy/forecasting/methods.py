"""What every method is: from views of weeks at one hour to the tokens still to come in each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from allocation.policy.forecasting.views import View


class Expected(NamedTuple):
    """Tokens still to come until the reset, at least 0.

    `point` is the one figure to be wrong by the least percentage, `middle` what the distribution is
    laid around. They differ where a week may end early: a percentage error punishes too much harder
    than too little.
    """

    point: float
    middle: float


# The views are of finished weeks, oldest first, all equally many hours in; the last may be of the
# running week. The answer holds, for each, what is expected from there to its reset, or None where
# it is too early to say. The answer for one week may rest on the totals of the weeks before it,
# never on its own or a later one's.
Expect = Callable[[Sequence[View]], list[Expected | None]]


def one_by_one(remaining: Callable[[View], float | None]) -> Expect:
    """From a rule that looks at nothing but the one view; it gives tokens still to come."""

    def expect(views: Sequence[View]) -> list[Expected | None]:
        said = (remaining(view) for view in views)
        return [None if tokens is None else Expected(tokens, tokens) for tokens in said]

    return expect


@dataclass(frozen=True, slots=True)
class Method:
    """A way to forecast. The version changes whenever the same inputs would give other figures.

    `by_clock` is true for a method that sees use run evenly by the clock: its exhaustion follows
    from its own burn rate. The others follow the shape of the week and their own errors.
    """

    name: str
    version: str
    expect: Expect
    by_clock: bool = False
