"""Which sub-agents could run a tier lower within their floors, and what that would save.

Past runs are put to rule 2 again, as the rules are now and as they would be: what comes out lower
is what a change moves. So a change that no recommendation would follow is never found, and none
that lets a run below its floor.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from allocation.policy.complexity import Level, preferred_tier
from allocation.policy.cost_benefit import ReworkRate
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.kpis import KPI_BY_KEY, Band
from allocation.policy.meter import Counts, Meter, Prices, budget_tokens, dollars
from allocation.policy.quality import ENOUGH, TierResults, quality_alarms
from allocation.policy.recommend import Task, recommend
from allocation.policy.tiers import HAIKU, OPUS, SONNET, Tier
from allocation.policy.zones import Zone

# The tiers that the rules pick by themselves, the ones to step down through.
STEPS = (HAIKU, SONNET, OPUS)


@dataclass(frozen=True, slots=True)
class Runs:
    """So many runs of one kind, in one zone."""

    task: Task
    zone: Zone
    n: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides for a sub-agent in a phase: its floor, its ceiling, and the rubric."""

    floor: Floor
    ceiling: Tier | None
    rubric: Sequence[Level]

    def tier(self, runs: Runs) -> Tier | None:
        """What such a run is recommended; None where it is deferred."""
        return recommend(
            runs.task,
            zone=runs.zone,
            floor=self.floor,
            preferred=preferred_tier(runs.task.complexity, self.rubric),
            ceiling=self.ceiling,
        ).tier


@dataclass(frozen=True, slots=True)
class Move:
    """A change of the rules of one sub-agent in one phase, and the runs that it would move.

    `rules` are those after the change, `moved` is the number of runs that would run lower, and
    `share` what part they are of the runs that are now recommended a tier above `to`; those tiers
    are `above`.
    """

    from_tier: Tier
    to: Tier
    rules: Rules
    above: frozenset[Tier]
    moved: int
    share: Fraction


def lowered(rules: Rules, to: Tier) -> Rules | None:
    """The rules with `to` as the ceiling; None where the floor forbids all work on that tier.

    A floor that gives way under budget pressure already lets the same work run on its relaxed tier,
    so it may come down to that one. A floor for all but read-only work stays where it is, and then
    only the reading runs move. One that never gives way is never touched.
    """
    floor = rules.floor
    if rules.ceiling is not None and rules.ceiling <= to:
        return None
    if to < (floor.relaxed or floor.tier):
        return None
    if to < floor.tier and floor.gives_way is GivesWay.UNDER_PRESSURE:
        floor = Floor(to) if floor.relaxed == to else replace(floor, tier=to)
    return replace(rules, floor=floor, ceiling=to)


def find_move(runs: Sequence[Runs], rules: Rules) -> Move | None:
    """The step down that moves most: from the tier that most of the runs are recommended now."""
    now: Counter[Tier] = Counter()
    for each in runs:
        tier = rules.tier(each)
        if tier is not None:
            now[tier] += each.n
    for tier, _ in sorted(now.items(), key=lambda item: (-item[1], item[0])):
        to = max((step for step in STEPS if step < tier), default=None)
        after = None if to is None else lowered(rules, to)
        if to is None or after is None:
            continue
        moved = sum(each.n for each in runs if _is_lower(after.tier(each), rules.tier(each)))
        if moved:
            above = frozenset(each for each in now if each > to)
            share = Fraction(moved, sum(now[each] for each in above))
            return Move(tier, to, after, above, moved, share)
    return None


def _is_lower(after: Tier | None, before: Tier | None) -> bool:
    return after is not None and before is not None and after < before


@dataclass(frozen=True, slots=True)
class Spent:
    """What some usage cost, or would cost. `budget` is in the meter's unit; None is unknown."""

    budget: Fraction | None
    usd: Decimal | None

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            None if self.budget is None or other.budget is None else self.budget + other.budget,
            None if self.usd is None or other.usd is None else self.usd + other.usd,
        )

    def minus(self, other: "Spent") -> "Spent":
        """By how much this is more than the other."""
        return Spent(
            None if self.budget is None or other.budget is None else self.budget - other.budget,
            None if self.usd is None or other.usd is None else self.usd - other.usd,
        )

    def times(self, factor: Fraction) -> "Spent":
        """So much of it."""
        usd = None if self.usd is None else self.usd * factor.numerator / factor.denominator
        return Spent(None if self.budget is None else self.budget * factor, usd)


NOTHING = Spent(Fraction(0), Decimal(0))


def total(parts: Iterable[Spent]) -> Spent:
    """The sum of some amounts; unknown where one of them is."""
    return sum(parts, NOTHING)


def reworked(
    counts: Counts, factor: Fraction, *, meter: Meter, price: Prices | None, tier: str = ""
) -> Spent:
    """What some tokens cost on a model of a tier, with rework (rule 8).

    Budget tokens are those of `factor` times the tokens. In dollars the input is paid for once, the
    output `factor` times.
    """
    once = dollars(replace(counts, output=0), price)
    output = dollars(Counts(output=counts.output), price)
    usd = None
    if once is not None and output is not None:
        usd = once + output * factor.numerator / factor.denominator
    if meter.in_dollars:
        return Spent(None if usd is None else Fraction(usd), usd)
    budget = budget_tokens(counts, meter, list_price=price, charged=price, tier=tier)
    return Spent(None if budget is None else budget * factor, usd)


class Verdict(StrEnum):
    """What quality says of running on the lower tier, the best first."""

    HOLDS = "quality holds"
    UNTRIED = "not tried enough"
    DOUBTFUL = "more rework expected"
    NO = "quality says no"

    @property
    def allows(self) -> bool:
        """Whether the change is offered at all."""
        return self is not Verdict.NO


def verdict(to: Tier, *, results: Sequence[TierResults], rate: ReworkRate, least: Tier) -> Verdict:
    """What the results of a sub-agent in a phase say of running on `to`.

    With enough runs on it they decide, by the rules of the quality guard (R2, R8). With fewer, the
    rework that is expected is held against the KPI's target for that tier.
    """
    tried = [each for each in results if each.tier == to and each.n >= ENOUGH]
    if tried:
        alarms = quality_alarms(results, least=min(least, to), tiers=STEPS)
        return Verdict.NO if any(alarm.after.tier == to for alarm in alarms) else Verdict.HOLDS
    expected = Decimal((100 * rate.expected).numerator) / (100 * rate.expected).denominator
    band = KPI_BY_KEY[f"rework-{to.name}"].read(expected).band
    return Verdict.UNTRIED if band is Band.ON_TARGET else Verdict.DOUBTFUL
