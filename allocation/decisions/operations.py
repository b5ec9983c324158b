"""Recommendations for runs, and their place in the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from allocation.catalog.models import ComplexityLevel, SubAgent, SubAgentAlias, Tier
from allocation.decisions.models import Decision
from allocation.directives.models import StrategicDirective
from allocation.floors.models import ModelFloor, Override
from allocation.policy.complexity import Level, preferred_tier
from allocation.policy.errors import RuleError
from allocation.policy.floors import EVERY, Floor, FloorTable, floor_for
from allocation.policy.names import normal_name
from allocation.policy.recommend import Recommendation, Task, recommend, switched_off
from allocation.policy.tiers import Tier as PolicyTier
from allocation.policy.zones import Zone
from allocation.usage.standing import Standing, standing_at


@dataclass(frozen=True)
class Situation:
    """Everything that decides a recommendation at a moment: read once, asked many times."""

    standing: Standing
    sub_agents: Mapping[str, SubAgent]
    names: Mapping[str, str]  # normal name -> registered code
    floors: FloorTable
    rubric: Sequence[Level]
    overrides: Sequence[Override]

    @cached_property
    def _forcing(self) -> dict[tuple[str, str], Override]:
        """The newest override by sub-agent and phase; "" stands for all phases."""
        newest: dict[tuple[str, str], Override] = {}
        for override in self.overrides:  # newest first
            newest.setdefault((override.sub_agent.code, override.phase), override)
        return newest

    def code_of(self, name: str) -> str:
        """The registered code behind a name. Raises RuleError where there is none."""
        code = self.names.get(normal_name(name))
        if code is None:
            known = ", ".join(sorted(self.sub_agents))
            raise RuleError(f"No sub-agent is called “{name}”. There are: {known}.")
        return code

    def override_for(self, sub_agent: str, phase: str) -> Override | None:
        """The override that acts on a sub-agent in a phase: the phase's own before the general."""
        return self._forcing.get((sub_agent, phase)) or self._forcing.get((sub_agent, EVERY))

    def floor_for(self, task: Task) -> Floor:
        """The floor row that applies to a task."""
        return floor_for(self.floors, task.sub_agent, task.phase)

    def answer(self, task: Task, *, zone: Zone | None = None) -> Recommendation:
        """The recommendation for a task now, or in another zone. Raises RuleError off the scale."""
        preferred = preferred_tier(task.complexity, self.rubric)
        floor = self.floor_for(task)
        if not self.standing.enabled:
            default: PolicyTier = self.sub_agents[task.sub_agent].default_tier.to_policy()
            return switched_off(default, preferred=preferred, floor=floor.tier)
        override = self.override_for(task.sub_agent, task.phase)
        return recommend(
            task,
            zone=zone or self.standing.zone,
            floor=floor,
            preferred=preferred,
            forced=override.to_policy() if override else None,
        )


def situation_at(now: datetime, *, standing: Standing | None = None) -> Situation:
    """Read what decides recommendations at `now`. A constant number of queries."""
    sub_agents = {row.code: row for row in SubAgent.objects.select_related("default_tier")}
    names = {normal_name(code): code for code in sub_agents}
    aliases = SubAgentAlias.objects.values_list("normal_name", "sub_agent__code")
    floors = ModelFloor.objects.select_related("sub_agent", "tier", "relaxed_tier")
    levels = ComplexityLevel.objects.select_related("preferred")
    overrides = Override.objects.in_force(now).select_related("sub_agent", "tier")
    return Situation(
        standing=standing or standing_at(now),
        sub_agents=sub_agents,
        names={**dict(aliases), **names},
        floors={
            (row.sub_agent.code if row.sub_agent else EVERY, row.phase): row.to_policy()
            for row in floors
        },
        rubric=[level.to_policy() for level in levels],
        overrides=list(overrides),
    )


def decide(
    *,
    situation: Situation,
    task: Task,
    actor: str,
    now: datetime,
    sd: StrategicDirective | None = None,
) -> tuple[Decision, Recommendation]:
    """Recommend a tier for a run and keep the decision with its inputs frozen: one row."""
    recommendation = situation.answer(task)
    standing = situation.standing
    override = situation.override_for(task.sub_agent, task.phase) if standing.enabled else None
    floor = situation.floor_for(task)
    tier = recommendation.tier
    decision = Decision.objects.create(
        at=now,
        actor=actor,
        sub_agent=task.sub_agent,
        phase=task.phase,
        complexity=task.complexity,
        critical=task.critical,
        read_only=task.read_only,
        sd=sd,
        zone=standing.zone,
        share_percent=_percent(standing),
        outcome=recommendation.outcome,
        recommended=Tier.objects.get(name=tier.name) if tier else None,
        preferred=recommendation.preferred.name,
        floor=recommendation.floor.name,
        override=override,
        reason=recommendation.reason,
        path=[
            {
                "rule": step.rule,
                "tier": step.tier.name if step.tier else None,
                "sentence": step.sentence,
            }
            for step in recommendation.path
        ],
        inputs={
            "task": asdict(task),
            "zone": standing.zone,
            "used": str(round(standing.used)),
            "effective_limit": str(round(standing.effective_limit)),
            "meter": standing.meter.name,
            "enabled": standing.enabled,
            "floor": {
                "tier": floor.tier.name,
                "gives_way": floor.gives_way,
                "relaxed": floor.relaxed.name if floor.relaxed else None,
            },
            "override": override.pk if override else None,
        },
    )
    return decision, recommendation


def _percent(standing: Standing) -> Decimal:
    # Capped, because the column is: a limit of 1 token can be overdrawn without bound.
    return min(Decimal(round(standing.share * 1_000_000)) / 10_000, Decimal(10) ** 7)
