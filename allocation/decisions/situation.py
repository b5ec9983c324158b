"""Everything that decides a recommendation at a moment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from allocation.catalog.models import ComplexityLevel, SubAgent, SubAgentAlias, Tier
from allocation.directives.models import Status, StrategicDirective
from allocation.floors.models import Override
from allocation.floors.operations import ceiling_table, floor_table
from allocation.policy.ceilings import CeilingTable, ceiling_for
from allocation.policy.complexity import Level, preferred_tier
from allocation.policy.errors import RuleError
from allocation.policy.floors import EVERY, Floor, FloorTable, floor_for
from allocation.policy.names import normal_name
from allocation.policy.recommend import (
    Recommendation,
    Task,
    paused,
    put_off,
    recommend,
    stopped,
    switched_off,
)
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
    ceilings: CeilingTable
    rubric: Sequence[Level]
    overrides: Sequence[Override]

    @cached_property
    def tiers(self) -> dict[str, Tier]:
        """The tiers by name."""
        return {tier.name: tier for tier in Tier.objects.all()}

    def code_of(self, name: str) -> str:
        """The registered code behind a name. Raises RuleError where there is none."""
        code = self.names.get(normal_name(name))
        if code is None:
            known = ", ".join(sorted(self.sub_agents))
            raise RuleError(f"No sub-agent is called “{name}”. There are: {known}.")
        return code

    def override_for(
        self, sub_agent: str, phase: str, sd_code: str = "", *, spent: Collection[int] = ()
    ) -> Override | None:
        """The override that acts on a run of a sub-agent in a phase, for an SD or for none.

        The SD's own goes before the general, then the phase's own, then one for a single run, then
        the newest. Those in `spent` are used up and do not count.
        """
        acting = [
            override
            for override in self.overrides  # newest first
            if override.sub_agent.code == sub_agent
            and override.phase in {phase, EVERY}
            and override.sd_code in {sd_code, ""}
            and override.pk not in spent
        ]
        return min(
            acting,
            key=lambda one: (not one.sd_code, not one.phase, one.uses_left is None),
            default=None,
        )

    def floor_for(self, task: Task) -> Floor:
        """The floor row that applies to a task."""
        return floor_for(self.floors, task.sub_agent, task.phase)

    def ceiling_for(self, task: Task) -> PolicyTier | None:
        """The ceiling that applies to a task; None without one."""
        return ceiling_for(self.ceilings, task.sub_agent, task.phase)

    def answer(
        self,
        task: Task,
        *,
        zone: Zone | None = None,
        sd: StrategicDirective | None = None,
        spent: Collection[int] = (),
    ) -> Recommendation:
        """The recommendation for a task now, or in another zone. Raises RuleError off the scale.

        With the `sd` it is for, that SD's own overrides act. Whether it is paused is not asked.
        """
        preferred = preferred_tier(task.complexity, self.rubric)
        floor = self.floor_for(task)
        if not self.standing.enabled:
            default: PolicyTier = self.sub_agents[task.sub_agent].default_tier.to_policy()
            return switched_off(default, preferred=preferred, floor=floor.tier)
        code = sd.code if sd else ""
        override = self.override_for(task.sub_agent, task.phase, code, spent=spent)
        return recommend(
            task,
            zone=zone or self.standing.zone,
            floor=floor,
            preferred=preferred,
            ceiling=self.ceiling_for(task),
            forced=override.to_policy() if override else None,
        )

    def halt(self, task: Task, sd: StrategicDirective | None) -> Recommendation | None:
        """What a run is told whose SD may not go on; None where it may. Off is off (rule 6)."""
        if sd is None or not self.standing.enabled:
            return None
        holding = self.floor_for(task).holding(self.standing.zone, task.read_only)
        preferred = preferred_tier(task.complexity, self.rubric)
        if sd.status == Status.PAUSED:
            return paused(sd.code, preferred=preferred, floor=holding)
        if sd.status == Status.ARCHIVED:
            return stopped(sd.code, preferred=preferred, floor=holding)
        if sd.is_put_off(self.standing.window.start):
            return put_off(sd.code, sd.deferral_reason, preferred=preferred, floor=holding)
        return None


def situation_at(now: datetime, *, standing: Standing | None = None) -> Situation:
    """Read what decides recommendations at `now`. A constant number of queries."""
    sub_agents = {row.code: row for row in SubAgent.objects.select_related("default_tier")}
    names = {normal_name(code): code for code in sub_agents}
    aliases = SubAgentAlias.objects.values_list("normal_name", "sub_agent__code")
    levels = ComplexityLevel.objects.select_related("preferred")
    overrides = Override.objects.in_force(now).select_related("sub_agent", "tier")
    return Situation(
        standing=standing or standing_at(now),
        sub_agents=sub_agents,
        names={**dict(aliases), **names},
        floors=floor_table(),
        ceilings=ceiling_table(),
        rubric=[level.to_policy() for level in levels],
        overrides=list(overrides),
    )
