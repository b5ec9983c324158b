"""The opportunities there are now: who could run a tier lower, and what that would save."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from allocation.catalog.models import SubAgent
from allocation.decisions.preflight import OUTPUT_SHARE
from allocation.optimizer.measure import Facts
from allocation.policy.cost_benefit import ReworkRate
from allocation.policy.meter import Counts
from allocation.policy.opportunities import (
    NOTHING,
    Move,
    Rules,
    Runs,
    Spent,
    Verdict,
    find_move,
    reworked,
    total,
    verdict,
)
from allocation.policy.phases import Phase
from allocation.policy.quality import TierResults
from allocation.policy.recommend import Task
from allocation.policy.tiers import Tier
from allocation.policy.zones import Zone

# Without any usage yet: the middle of the report's baseline of 6 to 8 SDs a week, as far as the
# limit allows them, and the complexity of its typical SD.
MOST_SDS_A_WEEK = 7
TYPICAL_COMPLEXITY = 3


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A sub-agent that could run a tier lower in a phase.

    Savings are in the meter's unit and in dollars, rework counted; None is unknown, below 0 costs
    more. `measured` says that they rest on usage and not on the registered tokens per run.
    """

    sub_agent: SubAgent
    phase: Phase
    before: Rules
    move: Move
    measured: bool
    per_week: Spent
    per_sd: Spent
    rate_from: ReworkRate
    rate_to: ReworkRate
    results: Sequence[TierResults]
    verdict: Verdict
    reported: Fraction | None

    @property
    def saves(self) -> bool:
        """Whether it saves budget tokens or dollars at all."""
        return any((amount or 0) > 0 for amount in (self.per_week.budget, self.per_week.usd))


def find_opportunities(facts: Facts) -> list[Opportunity]:
    """All that save something: the most promising first, those that quality forbids last."""
    sds_a_week = Fraction(0) if facts.spent else guessed_sds_a_week(facts)
    found = [
        opportunity
        for sub_agent in facts.sub_agents
        for phase in Phase
        if (opportunity := _opportunity(facts, sub_agent, phase, sds_a_week)) is not None
    ]
    order = list(Verdict)
    return sorted(
        (each for each in found if each.saves),
        key=lambda each: (
            order.index(each.verdict),
            -(each.per_week.budget or 0),
            each.sub_agent.code,
            each.phase,
        ),
    )


def guessed_sds_a_week(facts: Facts) -> Fraction:
    """How many SDs the limit allows where each sub-agent runs once in each of its phases."""
    runs = total(
        _run_of(facts, sub_agent, tier, rate)
        for sub_agent in facts.sub_agents
        for phase in sub_agent.phases
        if (tier := facts.rules(sub_agent.code, phase).tier(*_typical(sub_agent, phase)))
        and (rate := facts.rates.get(sub_agent.code, {}).get(tier))
    )
    most = Fraction(MOST_SDS_A_WEEK)
    return min(most, facts.effective_limit / runs.budget) if runs.budget else most


def _opportunity(
    facts: Facts, sub_agent: SubAgent, phase: Phase, sds_a_week: Fraction
) -> Opportunity | None:
    place = (sub_agent.code, phase.value)
    rates = facts.rates.get(sub_agent.code, {})
    measured = bool(facts.spent)
    if place not in facts.spent and (measured or phase not in sub_agent.phases):
        return None
    rules = facts.rules(*place)
    move = find_move(facts.runs.get(place) or _typical(sub_agent, phase), rules)
    if move is None or not {move.from_tier, move.to} <= rates.keys():
        return None
    rate_from, rate_to = rates[move.from_tier], rates[move.to]
    if measured:
        saved = _measured(facts, place, move, rate_from, rate_to)
        per_week, sds = saved.times(1 / facts.weeks), facts.sds.get(place, 0)
        per_sd = saved.times(Fraction(1, sds)) if sds else Spent(None, None)
    else:
        before = _run_of(facts, sub_agent, move.from_tier, rate_from)
        per_sd = before.minus(_run_of(facts, sub_agent, move.to, rate_to))
        per_week = per_sd.times(sds_a_week)
    results = facts.results.get(place, [])
    least = rules.floor.relaxed or rules.floor.tier
    return Opportunity(
        sub_agent=sub_agent,
        phase=phase,
        before=rules,
        move=move,
        measured=measured,
        per_week=per_week,
        per_sd=per_sd,
        rate_from=rate_from,
        rate_to=rate_to,
        results=results,
        verdict=verdict(move.to, results=results, rate=rate_to, least=least),
        reported=facts.pass_rates.get(place, facts.pass_rates.get((sub_agent.code, ""))),
    )


def _typical(sub_agent: SubAgent, phase: Phase) -> list[Runs]:
    """A run of an ordinary SD, for a place where nobody asked for a tier."""
    return [Runs(Task(sub_agent.code, phase, TYPICAL_COMPLEXITY), Zone.GREEN, 1)]


def _measured(
    facts: Facts, place: tuple[str, str], move: Move, rate_from: ReworkRate, rate_to: ReworkRate
) -> Spent:
    """What was burned on the tiers above, less what the share that moves would have burned.

    What was burned holds the rework of the tier it ran on, so that is divided out first.
    """
    ratio = rate_to.factor / rate_from.factor
    price = facts.price(move.to)
    saved = NOTHING
    for tier in move.above:
        part = facts.spent[place].get(tier.name)
        if part is None:
            continue
        usd = None if part.unpriced else part.usd
        before = Spent(None if part.unmetered else part.budget, usd)
        after = reworked(part.counts, ratio, meter=facts.meter, price=price, tier=move.to.name)
        saved += before.minus(after).times(move.share)
    return saved


def _run_of(facts: Facts, sub_agent: SubAgent, tier: Tier, rate: ReworkRate) -> Spent:
    """What one run of the registered size costs on a tier, with its rework."""
    tokens = (sub_agent.tokens_min + sub_agent.tokens_max) // 2
    output = round(tokens * OUTPUT_SHARE)
    counts = Counts(input=tokens - output, output=output)
    price = facts.price(tier)
    return reworked(counts, rate.factor, meter=facts.meter, price=price, tier=tier.name)


def potential(opportunities: Sequence[Opportunity]) -> Spent:
    """What all that quality does not forbid would save in a week, where it is known."""
    allowed = [each.per_week for each in opportunities if each.verdict.allows]
    return Spent(
        sum((each.budget or Fraction(0) for each in allowed), Fraction(0)),
        sum((each.usd or Decimal(0) for each in allowed), Decimal(0)),
    )
