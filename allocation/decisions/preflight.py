"""Before an SD starts: what each sub-agent would run on, what it would cost, and the zone after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from allocation.catalog.pricing import PriceBook
from allocation.decisions.ahead import Begun, by_evidence, by_own_estimate, left_ahead
from allocation.decisions.evidence import history
from allocation.decisions.situation import Situation
from allocation.directives.models import StrategicDirective
from allocation.policy.meter import Counts, Meter, Prices, budget_tokens
from allocation.policy.phases import Phase
from allocation.policy.preflight import Evidence, TokenRange
from allocation.policy.recommend import Outcome, Recommendation, Task
from allocation.policy.zones import Zone

# The report's typical SD has 500k input for 100k output tokens (its step 2); only a meter in
# dollars needs to know.
OUTPUT_SHARE = Fraction(1, 6)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One sub-agent's work in one phase. Tokens are fresh ones; `weight` is one of them in the
    meter's unit."""

    sub_agent: str
    phase: Phase
    recommendation: Recommendation
    tokens: TokenRange
    weight: Fraction

    @property
    def budget(self) -> Fraction:
        """What its middle is in the meter's unit."""
        return self.weight * self.tokens.middle

    @property
    def width(self) -> Fraction:
        """The width of its range in the meter's unit."""
        return self.weight * (self.tokens.high - self.tokens.low)

    @property
    def tokens_min(self) -> int:
        """The lower end of the range."""
        return self.tokens.low

    @property
    def tokens_max(self) -> int:
        """The upper end of the range."""
        return self.tokens.high

    @property
    def deferred(self) -> bool:
        """Whether this run would have to wait for the next budget week."""
        return self.recommendation.outcome is Outcome.DEFER


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is still ahead of an SD. Amounts are in the meter's unit; all are estimates.

    `tokens` are all fresh ones of what is ahead. `besides` are those of the main thread and of
    whatever else no sub-agent is known for; None where nothing is known of them. `begun` are the
    phases of which it is only what is left. `low` and `high` enclose what is `projected`.
    """

    sd: StrategicDirective
    runs: tuple[PlannedRun, ...]
    besides: TokenRange | None
    begun: tuple[Begun, ...]
    tokens: TokenRange
    projected: Fraction
    low: Fraction
    high: Fraction
    remaining_after: Fraction
    zone_now: Zone
    zone_after: Zone

    @property
    def basis(self) -> str:
        """What the tokens rest on, in words."""
        is_over = self.sd.estimate is not None and self.tokens.evidence is not Evidence.SD
        return f"{self.tokens.basis}{', as its own estimate is used up' if is_over else ''}"

    @property
    def zone_changes(self) -> bool:
        """Whether the SD would take the week into another zone."""
        return self.zone_after is not self.zone_now

    @property
    def at_hand(self) -> tuple[PlannedRun, ...]:
        """The runs of the phase that comes first."""
        return tuple(run for run in self.runs if run.phase is self.runs[0].phase)

    @property
    def deferred(self) -> tuple[PlannedRun, ...]:
        """The runs that would not be allowed now."""
        return tuple(run for run in self.runs if run.deferred)

    @property
    def likely(self) -> tuple[Fraction, ...]:
        """Ten equally likely amounts: the middles of five equal steps from `low` to `projected`,
        and of five more to `high`."""
        ends = ((self.low, self.projected), (self.projected, self.high))
        return tuple(
            start + (end - start) * Fraction(2 * step + 1, 10)
            for start, end in ends
            for step in range(5)
        )


def preflight(
    sd: StrategicDirective,
    situation: Situation,
    book: PriceBook,
    *,
    burned: Mapping[str, int] | None = None,
) -> Preflight:
    """The outlook for an SD from the phase that it is in. Two queries.

    `burned` are the fresh tokens that the SD has burned, by the name of the phase. If it has an
    estimate of its own, what is ahead is that estimate less all that is burned. Without one, or
    where it is used up, earlier SDs are the evidence, and of a phase that has burned something only
    what is left of it is ahead (`policy.preflight.left_of`). Rework is part of what a phase burned,
    and so of what is expected of it.
    """
    standing, burned = situation.standing, burned or {}
    phases = list(Phase)
    phases = phases[phases.index(Phase(sd.phase)) :] if sd.phase else phases
    past = history(sd, situation.sub_agents, standing.meter, book)
    planned = [
        (sub_agent, phase)
        for phase in phases
        for sub_agent in situation.sub_agents.values()
        if sub_agent.active and phase in sub_agent.phases
    ]
    ahead = by_own_estimate(sd, planned, sum(burned.values())) or left_ahead(
        planned,
        by_evidence(planned, past, situation.sub_agents),
        {phase: burned.get(phase.value, 0) for phase in phases},
    )
    runs = []
    for (sub_agent, phase), tokens in zip(planned, ahead.runs, strict=True):
        task = Task(sub_agent.code, phase, sd.complexity, sd.critical)
        answer = situation.answer(task, sd=sd)
        weight = _weight(answer, standing.meter, book, standing.at.date())
        runs.append(PlannedRun(sub_agent.code, phase, answer, tokens, weight))
    weight = _mean_weight(runs, ahead.besides, past.besides_weight)
    projected = weight * ahead.whole.middle
    return Preflight(
        sd=sd,
        runs=tuple(runs),
        besides=ahead.besides,
        begun=ahead.begun,
        tokens=ahead.whole,
        projected=projected,
        low=weight * ahead.whole.low,
        high=weight * ahead.whole.high,
        remaining_after=max(Fraction(0), standing.remaining - projected),
        zone_now=standing.zone,
        zone_after=standing.zone_with(projected),
    )


def _mean_weight(runs: list[PlannedRun], besides: TokenRange | None, weight: Fraction) -> Fraction:
    """What a fresh token of the SD weighs on average, in the meter's unit.

    Each part counts by the sum of its low end, middle and high end. By the middle alone a sub-agent
    that runs in fewer than half of the SDs would not count, because its middle is 0.
    """
    parts = [(run.weight, run.tokens) for run in runs] + ([(weight, besides)] if besides else [])
    sizes = [part.low + part.middle + part.high for _, part in parts]
    weighed = sum((one * size for (one, _), size in zip(parts, sizes, strict=True)), Fraction(0))
    return weighed / sum(sizes) if sum(sizes) else Fraction(0)


def _weight(answer: Recommendation, meter: Meter, book: PriceBook, day: date) -> Fraction:
    """What one fresh token weighs in the meter's unit, on the tier that was answered."""
    if answer.tier is None:
        return Fraction(0)
    prices = book.list_price(book.weighed_as.get(answer.tier.name, ""), day)
    if not meter.in_dollars:
        one = Counts(unsplit=1)
        tier = answer.tier.name
        weight = budget_tokens(one, meter, list_price=prices, charged=None, tier=tier)
        return weight or Fraction(0)
    return _dollars(prices) if prices else Fraction(0)


def _dollars(prices: Prices) -> Fraction:
    input_share = (1 - OUTPUT_SHARE) * Fraction(prices.input)
    return (input_share + OUTPUT_SHARE * Fraction(prices.output)) / 1_000_000
