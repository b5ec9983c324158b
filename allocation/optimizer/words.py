"""Changes, amounts and quality in words, the same in the web and in the terminal."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from allocation.display import format as fmt
from allocation.optimizer.costs import Comparison
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.opportunities import Opportunity
from allocation.optimizer.realised import Realised
from allocation.policy.cost_benefit import ReworkRate
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.kpis import KPI_BY_KEY
from allocation.policy.meter import Meter
from allocation.policy.opportunities import Verdict
from allocation.policy.quality import ENOUGH, TierResults
from allocation.policy.tiers import Tier

# Below this share of passed runs the report asks why before it asks for less (its appendix A).
LOW_PASS_RATE = Fraction(1, 2)
ORDINALS = {1: "st", 2: "nd", 3: "rd"}
BUDGET_OF = {"budget": "budget tokens", "dollars": "dollars", "quality": "quality"}


def amount(value: Fraction | Decimal | None, meter: Meter) -> str:
    """An amount of the budget, which may be below 0; `unknown` for None."""
    return _signed(value, in_dollars=meter.in_dollars)


def saving(value: Fraction | Decimal | None, meter: Meter) -> str:
    """What is estimated to be saved of the budget, to two figures; `unknown` for None."""
    return _estimated(value, in_dollars=meter.in_dollars)


def _estimated(value: Fraction | Decimal | None, *, in_dollars: bool) -> str:
    # Less than a cent is not nothing.
    known = value and (fmt.rounded(value, in_dollars=in_dollars) or value)
    return _signed(known, in_dollars=in_dollars)


def money(value: Decimal | None) -> str:
    """US dollars, which may be below 0; `unknown` for None."""
    return _signed(value, in_dollars=True)


def _signed(value: Fraction | Decimal | None, *, in_dollars: bool) -> str:
    if value is None:
        return "unknown"
    text = fmt.amount(max(value, -value), in_dollars=in_dollars)
    return f"−{text}" if value < 0 and text != "0" else text


def title(opportunity: Opportunity) -> str:
    """`DOCMON in PLAN: haiku instead of sonnet`."""
    move = opportunity.move
    where = f"{opportunity.sub_agent} in {opportunity.phase}"
    return f"{where}: {move.to} instead of {move.from_tier}"


def changes(opportunity: Opportunity) -> list[str]:
    """What would be changed, and which runs that moves, in sentences."""
    before, move = opportunity.before, opportunity.move
    where = f"{opportunity.sub_agent} in {opportunity.phase}"
    was = f", {before.ceiling} until now" if before.ceiling else ""
    said = [
        f"The ceiling of {where} becomes {move.to}{was}: its ordinary work gets no more, whatever "
        "its complexity. Critical tasks and overrides pass it by."
    ]
    if move.rules.floor != before.floor:
        said.append(
            f"Its floor, {_floor(before.floor)}, becomes {_floor(move.rules.floor)}: under budget "
            f"pressure the same work runs on {before.floor.relaxed} already."
        )
    elif move.to < before.floor.tier:
        said.append(
            f"Its floor stays {_floor(before.floor)}, so only work that reads and does not write "
            "moves."
        )
    if opportunity.measured:
        said.append(f"It would move {fmt.percent(move.share)} of what runs on a higher tier now.")
    return said


def _floor(floor: Floor) -> str:
    if floor.relaxed is None:
        return floor.tier.name
    pressure = floor.gives_way is GivesWay.UNDER_PRESSURE
    when = "under budget pressure" if pressure else "for read-only work"
    return f"{floor.tier} ({floor.relaxed} {when})"


def quality(opportunity: Opportunity) -> str:
    """What was measured of the lower tier against the higher, or why nothing can be said yet."""
    move = opportunity.move
    on = {each.tier: each for each in opportunity.results}
    lower, higher = on.get(move.to), on.get(move.from_tier)
    if lower is not None and lower.n >= ENOUGH:
        beside = f", against {_passed(higher)} on {move.from_tier}" if higher else ""
        again = ""
        if opportunity.verdict is Verdict.NO:
            again = f" {fmt.percent(lower.rework_rate)} had to be done again."
        return f"{_passed(lower)} passed on {move.to}{beside}.{again}"
    n = lower.n if lower else 0
    tried = (
        f"{n} of the {ENOUGH} runs that tell ended on {move.to}."
        if n
        else "No run of it has ended there yet."
    )
    target = KPI_BY_KEY[f"rework-{move.to}"].target
    said = (
        f"{tried} Expected rework: {fmt.percent(opportunity.rate_to.expected)} on {move.to} "
        f"(target {target}), {fmt.percent(opportunity.rate_from.expected)} on {move.from_tier}."
    )
    return said + reported(opportunity.reported)


def reported(rate: Fraction | None) -> str:
    """What appendix A of the report says, as a sentence of its own."""
    if rate is None:
        return ""
    low = " Find out why before taking a tier away." if rate < LOW_PASS_RATE else ""
    return f" The research report found {fmt.percent(rate)} passing on opus.{low}"


def _passed(results: TierResults | None) -> str:
    assert results is not None
    return f"{fmt.percent(results.pass_rate)} of {fmt.counted(results.n, 'run')}"


def rework(rate: ReworkRate) -> tuple[str, str, str]:
    """A rework rate as guessed, as measured with its n, and as expected with its interval."""
    measured = (
        "none yet" if rate.measured is None else f"{fmt.percent(rate.measured)} (n = {rate.n:,})"
    )
    low, high = (fmt.percent(Fraction(end)) for end in rate.interval)
    return fmt.percent(rate.prior), measured, f"{fmt.percent(rate.expected)} ({low[:-1]}–{high})"


def rank(place: int | None) -> str:
    """`1st`, and so on up to the number of tiers; empty where there is none."""
    return "" if place is None else f"{place}{ORDINALS.get(place, 'th')}"


def agreement(comparison: Comparison) -> str:
    """Whether the three ranks agree on a tier; never hidden where they do not (rule 8)."""
    if comparison.agreed is not None:
        return f"{comparison.agreed} comes first in all three."
    parts: dict[str, list[str]] = {}
    for measure, tiers in comparison.best.items():
        if tiers:
            parts.setdefault(_names(tiers), []).append(BUDGET_OF[measure])
    said = "; ".join(f"{tier} by {' and '.join(names)}" for tier, names in parts.items())
    return f"The ranks disagree: {said}."


def _names(tiers: Sequence[Tier]) -> str:
    return " and ".join(tier.name for tier in tiers)


def came(row: Realised, meter: Meter) -> str:
    """What was realised, or how many runs are missing before anybody can tell."""
    if row.per_week is not None and row.per_week.budget is not None:
        share = row.of_estimate
        of = "" if share is None else f", {_share(share)} of the estimate"
        return f"{amount(row.per_week.budget, meter)} a week{of}"
    if row.enough:
        return "unknown: no task ended, or some of it has no price"
    return (
        f"too few runs yet: {row.before.runs:,} before and {row.after.runs:,} after; "
        f"{ENOUGH} of each tell"
    )


def compared(row: Realised) -> str:
    """How many runs what was realised rests on; empty while it rests on none."""
    if row.per_week is None:
        return ""
    return f"{fmt.counted(row.before.runs, 'run')} before, {row.after.runs:,} after"


def _share(share: Fraction) -> str:
    return f"−{fmt.percent(-share)}" if share < 0 else fmt.percent(share)


def state(row: Realised) -> str:
    """Whether a change stands."""
    return f"undone by {row.change.undone_by}" if row.change.undone_at else "stands"


def estimate(change: AppliedChange, meter: Meter) -> str:
    """What a change was estimated to save; with the meter's name where that is another by now."""
    if change.per_week is None:
        return "unknown"
    text = _estimated(change.per_week, in_dollars=change.in_dollars)
    return f"{text} a week" + ("" if change.meter == meter.name else f" ({change.meter})")


def undone(change: AppliedChange, left: Sequence[str]) -> str:
    """That a change was undone, and what was left as somebody changed it since."""
    stays = f" Its {' and '.join(left)} changed since and stays as it is." if left else ""
    return f"Undone: {change} on {change.to_tier}.{stays}"
