"""Rules 2, 4, 5 and 6: which tier a sub-agent may run on, and why.

The report's `RecommendModel` sets a preference that moves with the budget; its
`enforceModelFloor` then lifts it to the floor, which does not move. A deferral is an outcome.
"""

from dataclasses import dataclass
from enum import StrEnum

from allocation.policy.errors import RuleError
from allocation.policy.floors import Floor, GivesWay
from allocation.policy.phases import Phase
from allocation.policy.tiers import HAIKU, OPUS, SONNET, Tier
from allocation.policy.zones import Zone

SECURITY = "SECURITY"
# The rule that spoke where a run waits with its SD, and has no place of its own in the queue.
DEFERRAL = "deferral"


class Outcome(StrEnum):
    """What becomes of a run."""

    USE = "use"
    DEFER = "defer"
    PAUSE = "pause"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Task:
    """One run that somebody asks about. `complexity` is 1 to 5."""

    sub_agent: str
    phase: Phase
    complexity: int
    critical: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ForcedTier:
    """The Chairman's override in force for a run (rule 5).

    Raises RuleError without a reason or an actor.
    """

    tier: Tier
    reason: str
    actor: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.actor.strip():
            raise RuleError("An override needs a reason and an actor.")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the rule path: which rule spoke, the tier after it, and a sentence."""

    rule: str
    tier: Tier | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The answer for one run. `tier` is None exactly when the run is deferred or paused.

    `preferred` is the tier by complexity alone; `floor` the tier that held as the least.
    """

    outcome: Outcome
    tier: Tier | None
    preferred: Tier
    floor: Tier
    path: tuple[Step, ...]

    @property
    def reason(self) -> str:
        """One line: the last step that decided."""
        return self.path[-1].sentence


def recommend(
    task: Task,
    *,
    zone: Zone,
    floor: Floor,
    preferred: Tier,
    ceiling: Tier | None = None,
    forced: ForcedTier | None = None,
) -> Recommendation:
    """Rule 2 with rules 3 to 5: the preference in this zone, then never below the floor.

    `floor`, `preferred` and `ceiling` are the rows that apply to the task (`floor_for`,
    `preferred_tier`, `ceiling_for`). A ceiling caps the preference, except of a critical task.
    """
    holding = floor.holding(zone, task.read_only)
    steps = [
        Step("complexity", preferred, f"Complexity {task.complexity} prefers {preferred.name}.")
    ]
    wanted = _wanted(task, zone, preferred, holding)
    if forced is not None:
        steps.append(_override_step(forced, floor))
        if floor.allows(forced.tier):
            least = min(holding, forced.tier)
            return Recommendation(Outcome.USE, forced.tier, preferred, least, tuple(steps))
        # The report's enforceModelFloor: asked for less than an opus floor in RED, it defers.
        if wanted is not None:
            return Recommendation(Outcome.USE, holding, preferred, holding, tuple(steps))

    if wanted is None:
        steps.append(
            Step(
                "zone",
                None,
                f"Red zone and the floor of {task.sub_agent} is {holding.name}: "
                "deferred to the next budget week rather than run below its floor.",
            )
        )
        return Recommendation(Outcome.DEFER, None, preferred, holding, tuple(steps))

    steps.append(Step("zone", wanted, _zone_sentence(task, zone, wanted, preferred)))
    if ceiling is not None and wanted > ceiling and not task.critical:
        steps.append(Step("ceiling", ceiling, _ceiling_sentence(task, ceiling, wanted)))
        wanted = ceiling
    tier = max(wanted, holding)
    if holding != floor.tier and wanted < floor.tier:
        steps.append(Step("floor", tier, _yielding_sentence(task, zone, floor, holding, tier)))
    if wanted < holding:
        steps.append(Step("floor", holding, _raised_sentence(task, floor, holding, wanted)))
    return Recommendation(Outcome.USE, tier, preferred, holding, tuple(steps))


def switched_off(default: Tier, *, preferred: Tier, floor: Tier) -> Recommendation:
    """Rule 6: while budgetctl is off, the registered default and nothing else."""
    step = Step("off", default, f"budgetctl is off: the registered default, {default.name}.")
    return Recommendation(Outcome.OFF, default, preferred, floor, (step,))


def paused(sd: str, *, preferred: Tier, floor: Tier) -> Recommendation:
    """Rule 4: the SD's week ran out in mid-SD, and only the Chairman lets it go on."""
    step = Step(
        "pause",
        None,
        f"{sd} is paused: the week’s budget ran out in mid-SD. Stop here; it goes on when the "
        "Chairman approves tokens for it.",
    )
    return Recommendation(Outcome.PAUSE, None, preferred, floor, (step,))


def put_off(sd: str, why: str, *, preferred: Tier, floor: Tier) -> Recommendation:
    """Rule 4: the SD was deferred, so none of its runs goes before the next budget week."""
    step = Step(DEFERRAL, None, f"{sd} is deferred to the next budget week: {why}")
    return Recommendation(Outcome.DEFER, None, preferred, floor, (step,))


def stopped(sd: str, *, preferred: Tier, floor: Tier) -> Recommendation:
    """Rule 4: the SD was stopped or archived, so nothing of it runs any more."""
    step = Step("pause", None, f"{sd} is archived: no run of it is allowed.")
    return Recommendation(Outcome.PAUSE, None, preferred, floor, (step,))


def _wanted(task: Task, zone: Zone, preferred: Tier, holding: Tier) -> Tier | None:
    """The preference in a zone; None where the run is deferred."""
    if zone is Zone.GREEN:
        return preferred
    if zone is Zone.YELLOW:
        return SONNET if task.critical or task.complexity >= 4 else HAIKU
    if zone is Zone.ORANGE:
        return SONNET if task.critical and task.complexity >= 4 else HAIKU
    if task.sub_agent == SECURITY and task.critical and task.complexity == 5:
        return OPUS
    # The report tests for an opus floor; a floor above opus can afford RED even less.
    return None if holding >= OPUS else HAIKU


def _zone_sentence(task: Task, zone: Zone, wanted: Tier, preferred: Tier) -> str:
    if zone is Zone.GREEN:
        return f"Green zone: the preferred {wanted.name} is affordable."
    if wanted == OPUS:
        return "Red zone, but a critical security task of complexity 5 keeps opus."
    if wanted == SONNET:
        why = "a critical task" if task.critical else f"complexity {task.complexity}"
        if zone is Zone.ORANGE:
            why = f"a critical task of complexity {task.complexity}"
        return f"{zone.capitalize()} zone: {why} gets sonnet."
    if preferred == HAIKU:
        return f"{zone.capitalize()} zone: haiku is enough."
    return f"{zone.capitalize()} zone: saving tokens, haiku instead of {preferred.name}."


def _ceiling_sentence(task: Task, ceiling: Tier, wanted: Tier) -> str:
    return (
        f"{task.sub_agent} gets no more than {ceiling.name} in {task.phase}: "
        f"lowered from {wanted.name} to its ceiling."
    )


def _yielding_sentence(task: Task, zone: Zone, floor: Floor, holding: Tier, tier: Tier) -> str:
    pressure = floor.gives_way is GivesWay.UNDER_PRESSURE
    why = f"the zone is {zone.capitalize()}" if pressure else "the work only reads"
    stands = "" if tier == holding else f", so {tier.name} stands"
    return (
        f"The {floor.tier.name} floor of {task.sub_agent} gives way to {holding.name}{stands}: "
        f"{why}."
    )


def _raised_sentence(task: Task, floor: Floor, holding: Tier, wanted: Tier) -> str:
    least = f"{task.sub_agent} never runs below {holding.name} in {task.phase}"
    if floor.relaxed is not None and holding == floor.tier:
        pressure = floor.gives_way is GivesWay.UNDER_PRESSURE
        when = "under budget pressure" if pressure else "for read-only work"
        least = f"{task.sub_agent} runs below {holding.name} in {task.phase} only {when}"
    return f"{least}: raised from {wanted.name} to its floor."


def _override_step(forced: ForcedTier, floor: Floor) -> Step:
    by = f"by {forced.actor}: {forced.reason.strip().rstrip('.')}"
    if floor.allows(forced.tier):
        return Step("override", forced.tier, f"Override to {forced.tier.name} {by}.")
    # Floors can be raised after an override was given; the floor that never gives way still holds.
    return Step(
        "override",
        floor.tier,
        f"Override to {forced.tier.name} ({by}) stops at the {floor.tier.name} floor, "
        "which never gives way.",
    )
