"""What the page of the optimizer prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from allocation.display import format as fmt
from allocation.optimizer import words
from allocation.optimizer.costs import Comparison, by_sub_agent, by_task_type, without_task_type
from allocation.optimizer.measure import Facts, Reviews, read_facts
from allocation.optimizer.opportunities import (
    TYPICAL_COMPLEXITY,
    Opportunity,
    find_opportunities,
    potential,
)
from allocation.optimizer.realised import Realised, realised
from allocation.policy.cost_benefit import INTERVAL, PRIOR_RUNS, TierCost
from allocation.policy.opportunities import Verdict

# A verdict's shape is that of the zone that means as much: shape first, colour last.
SHAPES = {
    Verdict.HOLDS: "green",
    Verdict.UNTRIED: "unknown",
    Verdict.DOUBTFUL: "yellow",
    Verdict.NO: "orange",
}


@dataclass(frozen=True, slots=True)
class OpportunityRow:
    """One opportunity in words; amounts in the meter's unit and in dollars."""

    sub_agent: str
    phase: str
    from_tier: str
    to: str
    title: str
    changes: Sequence[str]
    per_week: str
    per_sd: str
    usd_per_week: str
    usd_per_sd: str
    verdict: str
    shape: str
    quality: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One applied change: what was estimated, and what came of it."""

    pk: int
    name: str
    tiers: str
    at: datetime
    actor: str
    reason: str
    estimate: str
    came: str
    runs: str
    state: str
    note: str
    standing: bool


@dataclass(frozen=True, slots=True)
class CostRow:
    """One tier in a comparison."""

    tier: str
    guess: str
    measured: str
    expected: str
    effective: str
    budget: str
    usd: str
    by_budget: str
    by_dollars: str
    by_quality: str
    below_floor: bool


@dataclass(frozen=True, slots=True)
class CostGroup:
    """One kind of work, or one sub-agent, on each tier."""

    name: str
    work: str
    direct: str
    agreement: str
    rows: Sequence[CostRow]


@dataclass(frozen=True, slots=True)
class OptimizePage:
    """Everything on the page."""

    unit: str
    summary: str
    basis: str
    prior_runs: int
    interval: int
    opportunities: Sequence[OpportunityRow]
    changes: Sequence[ChangeRow]
    task_types: Sequence[CostGroup]
    sub_agents: Sequence[CostGroup]
    without_task_type: Sequence[str]


def optimize_page(now: datetime, reviews: Reviews) -> OptimizePage:
    """The page at `now`. About twenty queries, whatever there is."""
    facts = read_facts(now, reviews)
    found = find_opportunities(facts)
    return OptimizePage(
        unit="US dollars" if facts.meter.in_dollars else "Budget tokens",
        summary=summary(found, facts),
        basis=basis(facts),
        prior_runs=PRIOR_RUNS,
        interval=INTERVAL,
        opportunities=[row_of(each, facts) for each in found],
        changes=[_change(each, facts) for each in realised(facts)],
        task_types=[_group(each, facts) for each in by_task_type(facts)],
        sub_agents=[_group(each, facts) for each in by_sub_agent(facts)],
        without_task_type=without_task_type(facts),
    )


def summary(found: Sequence[Opportunity], facts: Facts) -> str:
    """`3 changes could save about 24,000 budget tokens a week (5% of the limit), $0.40.`"""
    allowed = [each for each in found if each.verdict.allows]
    if not allowed:
        return "No sub-agent could run a tier lower within its floor and save anything."
    saved = potential(allowed)
    unit = "" if facts.meter.in_dollars else " budget tokens"
    share = _small_share(max(saved.budget or Fraction(0), Fraction(0)) / facts.effective_limit)
    usd = "" if facts.meter.in_dollars else f", {words.money(saved.usd)}"
    many = fmt.counted(len(allowed), "change")
    amount = words.saving(saved.budget, facts.meter)
    return f"{many} could save about {amount}{unit} a week ({share} of the limit){usd}."


def _small_share(share: Fraction) -> str:
    text = fmt.percent(share)
    return "under 1%" if text == "0%" and share else text


def basis(facts: Facts) -> str:
    """What the estimates rest on."""
    if facts.spent:
        weeks = fmt.whole(facts.weeks)
        span = "week" if weeks == 1 else f"{weeks} weeks"
        return (
            f"Estimated from what ran in the last {span}, put to the rules again as they would be."
        )
    return (
        "Nothing is measured yet: guessed from the registered tokens per run, in as many SDs of "
        f"complexity {TYPICAL_COMPLEXITY} as the limit allows."
    )


def row_of(each: Opportunity, facts: Facts) -> OpportunityRow:
    """An opportunity in words."""
    return OpportunityRow(
        sub_agent=each.sub_agent.code,
        phase=each.phase.value,
        from_tier=each.move.from_tier.name,
        to=each.move.to.name,
        title=words.title(each),
        changes=words.changes(each),
        per_week=words.saving(each.per_week.budget, facts.meter),
        per_sd=words.saving(each.per_sd.budget, facts.meter),
        usd_per_week=words.money(each.per_week.usd),
        usd_per_sd=words.money(each.per_sd.usd),
        verdict=each.verdict.value,
        shape=SHAPES[each.verdict],
        quality=words.quality(each),
        allowed=each.verdict.allows,
    )


def _change(row: Realised, facts: Facts) -> ChangeRow:
    change = row.change
    return ChangeRow(
        pk=change.pk,
        name=str(change),
        tiers=f"{change.from_tier} → {change.to_tier}",
        at=change.at,
        actor=change.actor,
        reason=change.reason,
        estimate=words.estimate(change, facts.meter),
        came=words.came(row, facts.meter),
        runs=words.compared(row),
        state=words.state(row),
        note=change.undo_reason,
        standing=change.undone_at is None,
    )


def _group(comparison: Comparison, facts: Facts) -> CostGroup:
    return CostGroup(
        name=comparison.name,
        work=comparison.work,
        direct=fmt.tokens(comparison.costs[0].direct),
        agreement=words.agreement(comparison),
        rows=[_cost(cost, comparison, facts) for cost in comparison.costs],
    )


def _cost(cost: TierCost, comparison: Comparison, facts: Facts) -> CostRow:
    guess, measured, expected = words.rework(cost.rate)
    return CostRow(
        tier=cost.tier.name,
        guess=guess,
        measured=measured,
        expected=expected,
        effective=fmt.tokens(cost.effective),
        budget=words.amount(cost.budget, facts.meter),
        usd=words.money(cost.dollars),
        by_budget=words.rank(cost.by_budget),
        by_dollars=words.rank(cost.by_dollars),
        by_quality=words.rank(cost.by_quality),
        below_floor=comparison.least is not None and cost.tier < comparison.least,
    )
