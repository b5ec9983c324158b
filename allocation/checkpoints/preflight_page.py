"""The pre-flight of an SD, in words: what is still ahead, and what it does to the week."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from allocation.decisions.ahead import Begun
from allocation.decisions.preflight import Preflight
from allocation.display.fact import Fact
from allocation.display.format import estimate, estimate_range, percent, rounded, tokens
from allocation.forecasts.chance import newest_word, zone_chances
from allocation.forecasts.models import SdEstimate
from allocation.forecasts.record import coverage_of
from allocation.policy.preflight import TokenRange
from allocation.policy.zones import Zone
from allocation.usage.standing import Standing
from allocation.usage.words import with_unit


@dataclass(frozen=True, slots=True)
class Run:
    """One planned run of the pre-flight, in words."""

    sub_agent: str
    phase: str
    tier: str
    deferred: bool
    reason: str
    tokens: str
    basis: str
    budget: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """The pre-flight, in words. `chances` are rows of a zone, its chance without the SD and with
    it; none while it is too early to say, or budgetctl is off."""

    runs: Sequence[Run]
    tokens: str
    basis: str
    besides: str
    begun: str
    projected: str
    projected_range: str
    remaining_after: str
    zone_now: str
    zone_after: str
    zone_changes: bool
    deferred: str
    chances: Sequence[tuple[str, str, str]]
    coverage: str


def ahead_of(plan: Preflight, standing: Standing) -> Ahead:
    """The pre-flight as the page prints it. Two queries."""
    in_dollars = standing.meter.in_dollars
    newest = newest_word(standing)
    chances = zone_chances(newest, standing, plan.likely) if newest else None
    width = plan.high - plan.low
    projected, remaining = (
        rounded(value, width, in_dollars=in_dollars)
        for value in (plan.projected, plan.remaining_after)
    )
    return Ahead(
        runs=[
            Run(
                sub_agent=run.sub_agent,
                phase=run.phase.value,
                tier=run.recommendation.tier.name if run.recommendation.tier else "defer",
                deferred=run.deferred,
                reason=run.recommendation.reason,
                tokens=range_text(run.tokens),
                basis=run.tokens.basis,
                budget=estimate(run.budget, run.width, in_dollars=in_dollars),
            )
            for run in plan.runs
        ],
        tokens=range_text(plan.tokens),
        basis=plan.basis,
        besides=_besides(plan.besides),
        begun=" ".join(map(_begun, plan.begun)),
        projected=with_unit(standing, projected),
        projected_range=estimate_range(plan.low, plan.high, in_dollars=in_dollars, to=" to "),
        remaining_after=with_unit(standing, remaining),
        zone_now=plan.zone_now.value,
        zone_after=plan.zone_after.value,
        zone_changes=plan.zone_changes and standing.enabled,
        deferred=", ".join(dict.fromkeys(run.sub_agent for run in plan.deferred)),
        chances=[
            (zone.value, _chance(chances.without[zone]), _chance(chances.with_sd[zone]))
            for zone in Zone
        ]
        if chances
        else [],
        coverage=coverage_of(chances.forecast).words if chances else "",
    )


def estimate_fact(expected: SdEstimate | None) -> list[Fact]:
    """What was expected at the start, against what came once it is known; none if nothing was."""
    if expected is None:
        return []
    ends = estimate_range(expected.low, expected.high, to=" to ")
    score = getattr(expected, "score", None)
    if score is None:
        note = f"range {ends}; from {expected.evidence}"
    else:
        inside = "inside" if score.inside else "outside"
        note = f"{tokens(score.actual)} came, {inside} {ends}"
    return [
        Fact(
            "Expected at the start",
            estimate(expected.point, expected.high - expected.low),
            "fresh",
            note,
        )
    ]


def _besides(some: TokenRange | None) -> str:
    """The part of what no sub-agent is known for, where there is any."""
    return f"{range_text(some)} ({some.basis})" if some and some.high else ""


def _begun(each: Begun) -> str:
    """What was taken off for a phase that is under way."""
    burned = tokens(each.burned)
    if each.is_beyond:
        most = estimate(each.expected.high, each.expected.high - each.expected.low)
        return (
            f"{each.phase} has burned {burned} already, more than the {most} expected at most: "
            "what it has left is a guess."
        )
    return f"Of {each.phase}, which has burned {burned} already, only what usually follows counts."


def range_text(some: TokenRange) -> str:
    """A range of tokens in words."""
    return estimate_range(some.low, some.high, to=" to ")


def _chance(chance: float) -> str:
    """Whole percent; what is not quite certain is neither 0 nor 100."""
    if 0 < chance < 0.005:
        return "under 1%"
    return percent(Fraction(round(1000 * chance), 1000))
