"""What the optimizer rests on: the catalogue, and what was burned, asked for and seen lately."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Count, Min, Q

from allocation.budgets.models import BudgetRule
from allocation.catalog.models import ComplexityLevel, PassRate, ReworkPrior, SubAgent, TaskType
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.decisions.models import Decision
from allocation.floors.operations import ceiling_table, floor_table
from allocation.optimizer.results import Place, Results, Row, by_place, run_results, tiers_by_name
from allocation.policy.ceilings import CeilingTable, ceiling_for
from allocation.policy.complexity import Level
from allocation.policy.cost_benefit import ReworkRate
from allocation.policy.floors import FloorTable, floor_for
from allocation.policy.meter import Meter, Prices
from allocation.policy.opportunities import Rules, Runs
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Task
from allocation.policy.tiers import Tier
from allocation.policy.weeks import Window, hour_of
from allocation.policy.zones import Zone, effective_limit
from allocation.usage.models import UsageHour
from allocation.usage.totals import HOUR, Burned, burned_by

# What runs burn and how often they are asked for changes faster than how well they go.
SPAN = timedelta(weeks=4)
WEEK = timedelta(weeks=1)
# Runs that are put off burn nothing.
RAN = Q(outcome__in=(Outcome.USE.value, Outcome.OFF.value))

# Usage of which it is known whose it was, and in which phase.
NAMED = ~Q(sub_agent="") & ~Q(phase="")

# The results that the reports know beyond those of runs: their app is above this one.
Reviews = Callable[[datetime], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything, read once in a constant number of queries.

    `spent` is what each place burned on each tier in the last `weeks` weeks, `sds` in how many SDs,
    `runs` what was asked for. `rates` are the rework rates by sub-agent and by slug of a task type.
    """

    now: datetime
    meter: Meter
    effective_limit: Fraction
    book: PriceBook
    sub_agents: Sequence[SubAgent]
    task_types: Sequence[TaskType]
    rates: Mapping[str, Mapping[Tier, ReworkRate]]
    rates_by_type: Mapping[str, Mapping[Tier, ReworkRate]]
    results: Results
    pass_rates: Mapping[Place, Fraction]
    floors: FloorTable
    ceilings: CeilingTable
    rubric: Sequence[Level]
    weeks: Fraction
    spent: Mapping[Place, Mapping[str, Burned]]
    sds: Mapping[Place, int]
    runs: Mapping[Place, Sequence[Runs]]

    def price(self, tier: Tier) -> Prices | None:
        """What the model costs today that stands for a tier."""
        return self.book.list_price(self.book.weighed_as.get(tier.name, ""), self.now.date())

    def rules(self, sub_agent: str, phase: str) -> Rules:
        """What decides for a sub-agent in a phase."""
        return Rules(
            floor_for(self.floors, sub_agent, phase),
            ceiling_for(self.ceilings, sub_agent, phase),
            self.rubric,
        )


def read_facts(now: datetime, reviews: Reviews) -> Facts:
    """The facts at `now`."""
    ran, tier_of = run_results(now), tiers_by_name()
    sub_agents = list(
        SubAgent.objects.filter(active=True).select_related("task_type", "default_tier")
    )
    task_types = list(TaskType.objects.all())
    rates, rates_by_type = _rates(sub_agents, task_types, by_place(ran, tier_of))
    rule = BudgetRule.objects.select_related("meter").get()
    meter = rule.meter.to_policy()
    book = load_price_book()
    span, weeks = _span(now)
    return Facts(
        now=now,
        meter=meter,
        effective_limit=effective_limit(rule.limit, rule.reserve_percent),
        book=book,
        sub_agents=sub_agents,
        task_types=task_types,
        rates=rates,
        rates_by_type=rates_by_type,
        results=by_place([*ran, *reviews(now)], tier_of),
        pass_rates=_pass_rates(),
        floors=floor_table(),
        ceilings=ceiling_table(),
        rubric=[row.to_policy() for row in ComplexityLevel.objects.select_related("preferred")],
        weeks=weeks,
        spent=_spent(span, meter, book),
        sds=_sds(span),
        runs=_runs(span),
    )


def _span(now: datetime) -> tuple[Window, Fraction]:
    """The look-back, and how many weeks of it there is usage from; never less than one."""
    # Spans of whole hours are summed from the roll-ups alone.
    end = hour_of(now) + HOUR
    span = Window(end - SPAN, end)
    hours = UsageHour.objects.filter(NAMED, hour__gte=span.start)
    first = hours.aggregate(first=Min("hour"))["first"]
    length = end - first if first and first < end else timedelta(0)
    return span, Fraction(max(length, WEEK) // HOUR, WEEK // HOUR)


def _rates(
    sub_agents: Sequence[SubAgent], task_types: Sequence[TaskType], results: Results
) -> tuple[dict[str, dict[Tier, ReworkRate]], dict[str, dict[Tier, ReworkRate]]]:
    """The priors of each kind of work, and the runs that were seen beside them."""
    priors: dict[int, dict[Tier, Fraction]] = defaultdict(dict)
    for prior in ReworkPrior.objects.select_related("tier"):
        priors[prior.task_type_id][prior.tier.to_policy()] = Fraction(prior.rate_percent) / 100
    seen: dict[tuple[str, Tier], tuple[int, int]] = defaultdict(lambda: (0, 0))
    kind_of = {row.code: row.task_type_id for row in sub_agents}
    seen_by_type: dict[tuple[int, Tier], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (code, _), found in results.items():
        for each in found:
            n, rework = seen[code, each.tier]
            seen[code, each.tier] = (n + each.n, rework + each.rework)
            if kind := kind_of.get(code):
                n, rework = seen_by_type[kind, each.tier]
                seen_by_type[kind, each.tier] = (n + each.n, rework + each.rework)
    rates = {
        row.code: {
            tier: ReworkRate(prior, *seen[row.code, tier])
            for tier, prior in priors[row.task_type_id].items()
        }
        for row in sub_agents
        if row.task_type_id
    }
    by_type = {
        row.slug: {
            tier: ReworkRate(prior, *seen_by_type[row.pk, tier])
            for tier, prior in priors[row.pk].items()
        }
        for row in task_types
    }
    return rates, by_type


def _pass_rates() -> dict[Place, Fraction]:
    """Appendix A of the report: how often runs passed on opus; "" is every phase together."""
    rows = PassRate.objects.filter(tier__name="opus")
    return {
        (code, phase): Fraction(rate) / 100
        for code, phase, rate in rows.values_list("sub_agent__code", "phase", "rate_percent")
        if rate is not None
    }


def _spent(span: Window, meter: Meter, book: PriceBook) -> dict[Place, dict[str, Burned]]:
    parts = burned_by(
        ("sub_agent", "phase", "model", "tier"),
        within=span,
        where=NAMED,
        meter=meter,
        book=book,
    )
    spent: dict[Place, dict[str, Burned]] = defaultdict(dict)
    for (sub_agent, phase, model, named), part in parts.items():
        tier = named or book.tiers.get(model, "")
        so_far = spent[sub_agent, phase].get(tier)
        spent[sub_agent, phase][tier] = part if so_far is None else so_far + part
    return spent


def _sds(span: Window) -> dict[Place, int]:
    """In how many SDs each place burned something."""
    hours = UsageHour.objects.filter(hour__gte=span.start, hour__lt=span.end, sd__isnull=False)
    rows = hours.order_by().values("sub_agent", "phase").annotate(n=Count("sd", distinct=True))
    return {(row["sub_agent"], row["phase"]): row["n"] for row in rows}


def _runs(span: Window) -> dict[Place, list[Runs]]:
    """The runs that were asked for, alike ones together."""
    asked = Decision.objects.filter(RAN, at__gte=span.start, at__lt=span.end).order_by()
    kinds = ("sub_agent", "phase", "complexity", "critical", "read_only", "zone")
    found: dict[Place, list[Runs]] = defaultdict(list)
    row: dict[str, Any]
    for row in asked.values(*kinds).annotate(n=Count("id")):
        task = Task(
            row["sub_agent"],
            Phase(row["phase"]),
            row["complexity"],
            row["critical"],
            row["read_only"],
        )
        found[row["sub_agent"], row["phase"]].append(Runs(task, Zone(row["zone"]), row["n"]))
    return found
