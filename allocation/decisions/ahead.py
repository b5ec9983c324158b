"""How many tokens an SD is still expected to use, for each planned run and for the whole.

All amounts are fresh tokens: input, output and cache writes, without cache reads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from allocation.catalog.models import SubAgent
from allocation.decisions.evidence import History
from allocation.directives.models import StrategicDirective
from allocation.policy.phases import Phase
from allocation.policy.preflight import (
    Evidence,
    TokenRange,
    added,
    by_complexity,
    left_of,
    registered,
)

Planned = tuple[SubAgent, Phase]


@dataclass(frozen=True, slots=True)
class Begun:
    """A phase that is not over and has burned something, and what it was expected to burn."""

    phase: Phase
    burned: int
    expected: TokenRange

    @property
    def is_beyond(self) -> bool:
        """Whether it has burned more than was expected of it."""
        return self.burned > self.expected.high


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still ahead of an SD.

    `runs` has a range for each planned run, in their order. `besides` is the range of tokens that
    belong to no known sub-agent, such as the main thread's; None where nothing is known of them.
    `whole` is the range of all of it. It is known better than its parts, and need not be their sum.
    `begun` are the phases that have burned something already: of these only what is left is ahead.
    """

    runs: Sequence[TokenRange]
    besides: TokenRange | None
    whole: TokenRange
    begun: tuple[Begun, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What an SD is expected to use in all, as if nothing of it had begun.

    The fields are those of `Ahead`; `besides` and `whole` are asked for the phases that are wanted.
    """

    runs: Sequence[TokenRange]
    besides: Callable[[Sequence[Phase]], TokenRange | None]
    whole: Callable[[Sequence[Phase]], TokenRange]


def by_own_estimate(
    sd: StrategicDirective, planned: Sequence[Planned], burned: int
) -> Ahead | None:
    """What the SD's own estimate leaves; None without one, and where it is used up."""
    shipped = [registered(row.tokens_min, row.tokens_max) for row, _ in planned]
    typical = sum(run.middle for run in shipped)
    if sd.estimate is None or not typical or (burned and burned >= sd.estimate):
        return None
    by = Fraction(sd.estimate - burned, typical)
    scaled = [run.scaled(by, Evidence.SD) for run in shipped]
    # Each scaled one is rounded: the whole is the estimate itself, and not their sum.
    return Ahead(scaled, None, added(shipped).scaled(by, Evidence.SD))


def by_evidence(
    planned: Sequence[Planned], past: History, sub_agents: Mapping[str, SubAgent]
) -> Expected:
    """What earlier SDs say of the planned runs.

    Where their sub-agents are known: each sub-agent's own history, or that of its kind of work.
    Otherwise the registered ranges of tokens per run, scaled to what SDs of this complexity came to
    if there are enough of those.
    """
    if past.names_agents:
        own = [past.range_of(row, phase) for row, phase in planned]
        return Expected(own, past.beside, past.whole)
    typical = sum(
        (row.tokens_min + row.tokens_max) // 2 * len(row.phases)
        for row in sub_agents.values()
        if row.active
    )
    shipped = [registered(row.tokens_min, row.tokens_max) for row, _ in planned]
    runs = [by_complexity(run, past.totals, typical) or run for run in shipped]

    def whole(phases: Sequence[Phase]) -> TokenRange:
        return added([run for (_, of), run in zip(planned, runs, strict=True) if of in phases])

    return Expected(runs, lambda _: None, whole)


def left_ahead(
    planned: Sequence[Planned], expected: Expected, burned: Mapping[Phase, int]
) -> Ahead:
    """What is left of what is expected, once what has been burned is taken off, phase by phase.

    `burned` has an entry for every phase that is ahead, 0 where it has not begun. Nobody knows
    which runs of a phase are done, so each of them is scaled by the share that the phase has left.
    """
    begun = tuple(
        Begun(phase, some, expected.whole([phase])) for phase, some in burned.items() if some
    )
    left = {each.phase: left_of(each.expected, each.burned) for each in begun}
    shares = {each.phase: _share(left[each.phase], each.expected) for each in begun}
    rest = [phase for phase in burned if phase not in left]
    parts = [(rest, Fraction(1)), *(([phase], share) for phase, share in shares.items())]
    besides = [
        found.scaled(share, found.evidence, found.n)
        for phases, share in parts
        if (found := expected.besides(phases)) is not None
    ]
    return Ahead(
        runs=[
            run.scaled(shares.get(phase, Fraction(1)), run.evidence, run.n)
            for (_, phase), run in zip(planned, expected.runs, strict=True)
        ],
        besides=added(besides) if besides else None,
        whole=added([*([expected.whole(rest)] if rest else []), *left.values()]),
        begun=begun,
    )


def _share(left: TokenRange, expected: TokenRange) -> Fraction:
    return Fraction(left.middle, expected.middle) if expected.middle else Fraction(1)
