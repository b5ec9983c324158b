"""Before an SD starts: what each sub-agent would run on, what it would cost, and the zone after."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from allocation.catalog.models import SubAgent
from allocation.catalog.pricing import PriceBook
from allocation.decisions.operations import Situation
from allocation.directives.models import StrategicDirective
from allocation.policy.meter import Counts, Meter, Prices, budget_tokens
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Recommendation, Task
from allocation.policy.zones import Zone

# The report's typical SD has 500k input for 100k output tokens (its step 2); only a meter in
# dollars needs to know.
OUTPUT_SHARE = Fraction(1, 6)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One sub-agent's run in one phase. Tokens are fresh ones; `budget` is in the meter's unit."""

    sub_agent: str
    phase: Phase
    recommendation: Recommendation
    tokens_min: int
    tokens_max: int
    budget: Fraction

    @property
    def deferred(self) -> bool:
        """Whether this run would have to wait for the next budget week."""
        return self.recommendation.outcome is Outcome.DEFER


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is still ahead of an SD. Amounts are in the meter's unit; all are estimates."""

    sd: StrategicDirective
    runs: tuple[PlannedRun, ...]
    projected: Fraction
    remaining_after: Fraction
    zone_now: Zone
    zone_after: Zone

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


def preflight(
    sd: StrategicDirective, situation: Situation, book: PriceBook, *, burned: int = 0
) -> Preflight:
    """The outlook for an SD from the phase it is in.

    Tokens come from the ranges of the registered sub-agents; where the SD has an estimate of its
    own, they are scaled to what the estimate leaves after `burned` fresh tokens.
    """
    standing = situation.standing
    day = standing.at.date()
    phases = list(Phase)
    ahead = phases[phases.index(Phase(sd.phase)) :] if sd.phase else phases
    planned = [
        (
            sub_agent,
            phase,
            situation.answer(Task(sub_agent.code, phase, sd.complexity, sd.critical), sd=sd),
        )
        for phase in ahead
        for sub_agent in situation.sub_agents.values()
        if sub_agent.active and phase in sub_agent.phases
    ]
    scale = _scale(sd, [sub_agent for sub_agent, _, _ in planned], burned)
    runs = []
    for sub_agent, phase, recommendation in planned:
        tier = recommendation.tier
        prices = book.list_price(book.weighed_as.get(tier.name, ""), day) if tier else None
        low, high = round(sub_agent.tokens_min * scale), round(sub_agent.tokens_max * scale)
        runs.append(
            PlannedRun(
                sub_agent=sub_agent.code,
                phase=phase,
                recommendation=recommendation,
                tokens_min=low,
                tokens_max=high,
                budget=_budget((low + high) // 2, standing.meter, prices) if tier else Fraction(0),
            )
        )
    projected = sum((run.budget for run in runs), Fraction(0))
    return Preflight(
        sd=sd,
        runs=tuple(runs),
        projected=projected,
        remaining_after=max(Fraction(0), standing.remaining - projected),
        zone_now=standing.zone,
        zone_after=standing.zone_with(projected),
    )


def _scale(sd: StrategicDirective, sub_agents: list[SubAgent], burned: int) -> Fraction:
    typical = sum(row.tokens_min + row.tokens_max for row in sub_agents) // 2
    if sd.estimate is None or not typical:
        return Fraction(1)
    return Fraction(max(0, sd.estimate - burned), typical)


def _budget(tokens: int, meter: Meter, prices: Prices | None) -> Fraction:
    if not meter.in_dollars:
        counted = budget_tokens(Counts(unsplit=tokens), meter, list_price=prices, charged=None)
        return counted or Fraction(0)
    if prices is None:
        return Fraction(0)
    output = tokens * OUTPUT_SHARE
    cost = (tokens - output) * Fraction(prices.input) + output * Fraction(prices.output)
    return cost / Fraction(Decimal(1_000_000))
