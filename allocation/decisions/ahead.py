"""How much of an SD is still ahead, by planned run and as a whole. Fresh tokens throughout."""

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
    """The range of each planned run, that of what no sub-agent is known for (None where nothing is
    known of it), and of all; `begun` are the phases of which it is only what is left."""

    runs: Sequence[TokenRange]
    besides: TokenRange | None
    whole: TokenRange
    begun: tuple[Begun, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """The range of each planned run as if nothing had begun, and for any phases that of what no
    sub-agent is known for, and of all."""

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
    """Each sub-agent's own history or that of its kind of work; where the sub-agents of earlier SDs
    are not known the registered ranges, stretched to what SDs of this complexity came to if there
    are enough of them."""
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
    """What phases leave of what is expected of them; `burned` names all that are ahead. Its runs
    share in what a phase leaves: which of them are done nobody knows."""
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
