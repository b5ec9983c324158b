"""The optimizer's findings as JSON and as text."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from allocation.display import format as fmt
from allocation.display.json_values import dollars, iso, number, share
from allocation.optimizer import words
from allocation.optimizer.costs import Comparison
from allocation.optimizer.opportunities import Opportunity
from allocation.optimizer.page import basis, summary
from allocation.optimizer.realised import Realised
from allocation.policy.cost_benefit import ReworkRate, TierCost
from allocation.policy.meter import Meter
from allocation.policy.opportunities import Spent
from allocation.policy.plain import safe
from budgetctl.cli.optimizing import Found
from budgetctl.cli.printing import Line, heading, row

Json = dict[str, Any]


def as_json(found: Found) -> Json:
    """{"opportunities": [...], "applied": [...], "task_types": [...], "sub_agents": [...]}.

    Savings are in the meter's unit, null where unknown; below 0 costs more.
    """
    meter = found.facts.meter
    return {
        "meter": meter.name,
        "measured": bool(found.facts.spent),
        "opportunities": [_opportunity_json(each, meter) for each in found.opportunities],
        "applied": [_change_json(each, meter) for each in found.changes],
        "task_types": [_comparison_json(each, meter) for each in found.task_types],
        "sub_agents": [_comparison_json(each, meter) for each in found.sub_agents],
    }


def _opportunity_json(each: Opportunity, meter: Meter) -> Json:
    return {
        "sub_agent": each.sub_agent.code,
        "phase": each.phase.value,
        "from_tier": each.move.from_tier.name,
        "to_tier": each.move.to.name,
        "lowers_floor": each.move.rules.floor != each.before.floor,
        "moved_percent": share(each.move.share),
        "saved_per_week": _spent_json(each.per_week, meter),
        "saved_per_sd": _spent_json(each.per_sd, meter),
        "verdict": each.verdict.value,
        "offered": each.verdict.allows,
        "quality": words.quality(each),
        "rework_from": _rate_json(each.rate_from),
        "rework_to": _rate_json(each.rate_to),
    }


def _change_json(each: Realised, meter: Meter) -> Json:
    change = each.change
    return {
        "id": change.pk,
        "sub_agent": change.sub_agent.code,
        "phase": change.phase,
        "from_tier": change.from_tier.name,
        "to_tier": change.to_tier.name,
        "applied_at": iso(change.at),
        "actor": change.actor,
        "reason": change.reason,
        "undone_at": iso(change.undone_at),
        "estimate_meter": change.meter,
        "estimated_per_week": None if change.per_week is None else dollars(change.per_week),
        "realised_per_week": None if each.per_week is None else _spent_json(each.per_week, meter),
        "runs_before": each.before.runs,
        "runs_after": each.after.runs,
    }


def _comparison_json(each: Comparison, meter: Meter) -> Json:
    return {
        "name": each.name,
        "agreed": each.agreed.name if each.agreed else None,
        "least_tier": each.least.name if each.least else None,
        "tiers": [_cost_json(cost, meter) for cost in each.costs],
    }


def _cost_json(cost: TierCost, meter: Meter) -> Json:
    return {
        "tier": cost.tier.name,
        "direct_tokens": cost.direct,
        "rework": _rate_json(cost.rate),
        "effective_tokens": fmt.whole(cost.effective),
        "budget": None if cost.budget is None else number(cost.budget, meter),
        "usd": None if cost.dollars is None else dollars(cost.dollars),
        "rank_by_budget": cost.by_budget,
        "rank_by_dollars": cost.by_dollars,
        "rank_by_quality": cost.by_quality,
    }


def _rate_json(rate: ReworkRate) -> Json:
    return {
        "guess_percent": share(rate.prior),
        "measured_percent": None if rate.measured is None else share(rate.measured),
        "n": rate.n,
        "expected_percent": share(rate.expected),
        "interval_90_percent": [round(100 * end, 2) for end in rate.interval],
    }


def _spent_json(spent: Spent, meter: Meter) -> Json:
    return {
        "budget": None if spent.budget is None else number(spent.budget, meter),
        "usd": None if spent.usd is None else dollars(round(spent.usd, 6)),
    }


def as_text(found: Found) -> Iterator[Line]:
    """The opportunities, what applied changes came to, and the tiers by kind of work."""
    meter = found.facts.meter
    yield Text("OPTIMISATION OPPORTUNITIES", style="bold")
    yield row("Together", summary(found.opportunities, found.facts))
    yield row("Rests on", basis(found.facts))
    for place, each in enumerate(found.opportunities, start=1):
        yield ""
        yield from _opportunity(place, each, meter)
    if found.changes:
        yield ""
        yield heading("APPLIED CHANGES")
    for change in found.changes:
        yield from _change(change, meter)
    yield ""
    yield heading("COST AND BENEFIT BY KIND OF WORK")
    for comparison in found.task_types:
        yield from _comparison(comparison, meter)
    yield ""
    yield "  By sub-agent: budgetctl optimize --json"


def _opportunity(place: int, each: Opportunity, meter: Meter) -> Iterator[Line]:
    yield Text.assemble(f"{place}. ", (words.title(each), "bold"))
    week, sd = (words.saving(spent.budget, meter) for spent in (each.per_week, each.per_sd))
    usd = "" if meter.in_dollars else f"; {words.money(each.per_week.usd)} a week"
    yield row("Saves", f"{week} a week, {sd} per SD{usd}")
    yield row("Quality", f"{each.verdict.capitalize()}. {words.quality(each)}")


def _change(each: Realised, meter: Meter) -> Iterator[Line]:
    change = each.change
    tiers = f"{change.from_tier} → {change.to_tier}"
    yield Text.assemble((f"{change}", "bold"), f" {tiers}, {words.state(each)} (id {change.pk})")
    yield row("Why", safe(change.reason))
    yield row("Estimated", words.estimate(change, meter))
    yield row("Realised", words.came(each, meter))


def _comparison(each: Comparison, meter: Meter) -> Iterator[Line]:
    yield Text.assemble((each.name, "bold"), f", {fmt.tokens(each.costs[0].direct)} tokens")
    for cost in each.costs:
        _, measured, expected = words.rework(cost.rate)
        amount, usd = words.amount(cost.budget, meter), words.money(cost.dollars)
        line = f"{amount:>8} {usd:>9}  rework {expected}, measured {measured}"
        yield row(cost.tier.name, line)
    yield f"  {words.agreement(each)}"
