"""What each kind of work, and each sub-agent, costs on each tier (rule 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allocation.optimizer.measure import Facts
from allocation.policy.cost_benefit import ReworkRate, TierCost, best_by, cost_benefit
from allocation.policy.phases import Phase
from allocation.policy.tiers import Tier


@dataclass(frozen=True, slots=True)
class Comparison:
    """The tiers for one kind of work, or for the runs of one sub-agent.

    `best` are the tiers in front by budget, dollars and quality. `least` is the tier that the
    sub-agent's floors let through in any phase; None for a kind of work, which has no floor.
    """

    name: str
    work: str
    costs: Sequence[TierCost]
    best: Mapping[str, Sequence[Tier]]
    least: Tier | None = None

    @property
    def agreed(self) -> Tier | None:
        """The one tier that all three ranks put first; None where they disagree."""
        (first, *rest) = (set(tiers) for tiers in self.best.values() if tiers)
        common = first.intersection(*rest)
        return min(common, default=None)


def by_task_type(facts: Facts) -> list[Comparison]:
    """Each kind of work at the size of a typical task of it."""
    return [
        _compare(facts, row.name, "", row.tokens, facts.rates_by_type[row.slug])
        for row in facts.task_types
        if facts.rates_by_type[row.slug]
    ]


def by_sub_agent(facts: Facts) -> list[Comparison]:
    """Each active sub-agent at the middle of its registered tokens per run."""
    return [
        _compare(
            facts,
            row.code,
            row.task_type.name if row.task_type else "",
            (row.tokens_min + row.tokens_max) // 2,
            facts.rates[row.code],
            least=min(
                floor.relaxed or floor.tier
                for floor in (facts.rules(row.code, phase).floor for phase in row.phases or Phase)
            ),
        )
        for row in facts.sub_agents
        if facts.rates.get(row.code)
    ]


def without_task_type(facts: Facts) -> list[str]:
    """The sub-agents that cannot be compared, because nobody said what kind of work they do."""
    return [row.code for row in facts.sub_agents if not facts.rates.get(row.code)]


def _compare(
    facts: Facts,
    name: str,
    work: str,
    tokens: int,
    rates: Mapping[Tier, ReworkRate],
    *,
    least: Tier | None = None,
) -> Comparison:
    prices = {tier: facts.price(tier) for tier in rates}
    costs = cost_benefit(tokens, rates, meter=facts.meter, prices=prices)
    return Comparison(name, work, costs, best_by(costs), least)
