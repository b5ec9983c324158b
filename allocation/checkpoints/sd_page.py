"""What the page of one SD prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q

from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.defaults import OPEN, whole_shares
from allocation.checkpoints.mix_text import in_words
from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.checkpoints.page import CheckpointRow, checkpoint_row
from allocation.checkpoints.preflight_page import Ahead, ahead_of, estimate_fact
from allocation.decisions.models import Decision
from allocation.decisions.preflight import preflight
from allocation.decisions.situation import situation_at
from allocation.directives.models import OVER, Status, StrategicDirective
from allocation.display.fact import Fact
from allocation.display.format import percent, tokens
from allocation.forecasts.estimates import estimate_of
from allocation.policy.phases import Phase
from allocation.usage.standing import Standing, standing_at
from allocation.usage.totals import NOTHING, Burned, burned_by, grouped, total_of
from allocation.usage.words import burned_of_budget, is_unknown, sub_agent_in_words, with_unit

LAST_DECISIONS = 20
LAST_CHECKPOINTS = 50


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was burned, in the three units side by side. `fresh` is raw without cache reads."""

    fresh: int
    raw: int
    budget: str
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """What a phase burned, and what its checkpoints said of it."""

    phase: str
    burned: Amounts
    logged: int | None
    mix: str
    rework_cycles: int
    lines_modified: int | None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """What a sub-agent burned, by phase in the meter's unit ("–" for nothing), and altogether."""

    sub_agent: str
    by_phase: Sequence[str]
    burned: Amounts
    percent_of_largest: int


@dataclass(frozen=True, slots=True)
class SdPage:
    """Everything on the page of one SD."""

    status: str
    priority: str
    facts: Sequence[Fact]
    phases: Sequence[PhaseRow]
    total: Amounts
    agents: Sequence[AgentRow]
    checkpoints: Sequence[CheckpointRow]
    more_checkpoints: bool
    decisions: Sequence[Decision]
    ahead: Ahead | None
    unit: str
    may_start: bool
    may_log: bool
    may_defer: bool
    may_resume: bool
    may_archive: bool
    may_restore: bool
    paused: bool


def sd_page(sd: StrategicDirective, *, now: datetime) -> SdPage:
    """The page of an SD at `now`. The number of queries does not depend on what the SD has."""
    book = load_price_book()
    standing = standing_at(now, book=book)
    parts = burned_by(
        ("phase", "sub_agent", "source"), where=Q(sd=sd), meter=standing.meter, book=book
    )
    total = total_of(parts.values())
    fresh = total.counts.fresh
    logs = {row.phase: row for row in SdTokenLog.objects.filter(sd=sd)}
    found = Checkpoint.objects.filter(sd=sd).select_related("sd")[: LAST_CHECKPOINTS + 1]
    checkpoints = [checkpoint_row(row) for row in found]
    is_open = sd.status in OPEN
    ahead = None
    if is_open:
        situation = situation_at(now, standing=standing)
        by_phase = grouped((phase, part) for (phase, _, _), part in parts.items())
        so_far = {phase: part.counts.fresh for phase, part in by_phase.items()}
        ahead = ahead_of(preflight(sd, situation, book, burned=so_far), standing)
    return SdPage(
        status=sd.get_status_display().capitalize(),
        priority=sd.get_priority_display(),
        facts=[*_facts(sd, fresh, total, logs, standing), *estimate_fact(estimate_of(sd))],
        phases=_phases(parts, logs, standing),
        total=_amounts(total, standing),
        agents=_agents(parts, standing),
        checkpoints=checkpoints[:LAST_CHECKPOINTS],
        more_checkpoints=len(checkpoints) > LAST_CHECKPOINTS,
        decisions=list(
            Decision.objects.filter(sd=sd).select_related("recommended")[:LAST_DECISIONS]
        ),
        ahead=ahead,
        unit="US dollars" if standing.meter.in_dollars else "Budget tokens",
        may_start=is_open and not sd.phase and sd.status != Status.PAUSED,
        may_log=is_open,
        # A paused SD waits for the Chairman’s approval; neither brings it back.
        may_defer=sd.status in {Status.PROPOSED, Status.IN_PROGRESS},
        may_resume=sd.status == Status.DEFERRED,
        may_archive=sd.status not in {Status.ARCHIVED, Status.PAUSED},
        may_restore=sd.status == Status.ARCHIVED,
        paused=sd.status == Status.PAUSED,
    )


def _amounts(burned: Burned, standing: Standing) -> Amounts:
    return Amounts(
        fresh=burned.counts.fresh,
        raw=burned.counts.raw,
        budget=burned_of_budget(burned, in_dollars=standing.meter.in_dollars),
        usd=burned.usd,
    )


def _facts(
    sd: StrategicDirective,
    fresh: int,
    total: Burned,
    logs: Mapping[str, SdTokenLog],
    standing: Standing,
) -> list[Fact]:
    rework = sum(row.rework_cycles for row in logs.values())
    lines = [row.lines_modified for row in logs.values() if row.lines_modified is not None]
    budget = f"{with_unit(standing, total.budget)} of the budget"
    if is_unknown(total):
        budget = "what that cost is unknown"
    return [
        Fact("Tokens burned", tokens(fresh), "fresh", budget if fresh else ""),
        _estimate(sd, fresh),
        Fact("Rework", tokens(rework), "cycle" if rework == 1 else "cycles"),
        Fact("Lines of code", tokens(sum(lines)) if lines else "–", "", ""),
    ]


def _estimate(sd: StrategicDirective, fresh: int) -> Fact:
    estimate = sd.estimate
    if estimate is None:
        over = sd.status in OVER
        return Fact("Estimate", "–", "", "none given" if over else "none given; see what is ahead")
    if not estimate or not fresh:
        return Fact("Estimate", tokens(estimate), "fresh", "")
    if fresh > estimate:
        above = f"{percent(Fraction(fresh - estimate, estimate))} above it"
        return Fact("Estimate", tokens(estimate), "fresh", above)
    return Fact(
        "Estimate", tokens(estimate), "fresh", f"{percent(Fraction(fresh, estimate))} burned"
    )


def _phases(
    parts: Mapping[tuple[str, ...], Burned], logs: Mapping[str, SdTokenLog], standing: Standing
) -> list[PhaseRow]:
    rows = []
    for phase in (*Phase, ""):
        burned = total_of(part for key, part in parts.items() if key[0] == phase)
        log = logs.get(phase)
        if not phase and not burned.records:
            continue
        rows.append(
            PhaseRow(
                phase=phase or "No phase named",
                burned=_amounts(burned, standing),
                logged=log.tokens_burned if log else None,
                mix=in_words(whole_shares(log.model_distribution)) if log else "",
                rework_cycles=log.rework_cycles if log else 0,
                lines_modified=log.lines_modified if log else None,
            )
        )
    return rows


def _agents(parts: Mapping[tuple[str, ...], Burned], standing: Standing) -> list[AgentRow]:
    """By sub-agent, the largest first. Hand-logged amounts name no sub-agent."""
    sums: dict[str, dict[str, Burned]] = {}
    for (phase, sub_agent, source), part in parts.items():
        name = sub_agent_in_words(sub_agent, source)
        phases = sums.setdefault(name, {})
        phases[phase] = phases.get(phase, NOTHING) + part
    totals = {name: total_of(phases.values()) for name, phases in sums.items()}
    largest = max((total.budget for total in totals.values()), default=Fraction(0))
    in_dollars = standing.meter.in_dollars
    return [
        AgentRow(
            sub_agent=name,
            by_phase=[
                burned_of_budget(sums[name][phase], in_dollars=in_dollars)
                if phase in sums[name]
                else "–"
                for phase in Phase
            ],
            burned=_amounts(total, standing),
            percent_of_largest=round(100 * total.budget / largest) if largest else 0,
        )
        for name, total in sorted(totals.items(), key=lambda item: (-item[1].budget, item[0]))
    ]
