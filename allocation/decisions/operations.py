"""Recommendations for runs, and their place in the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.db import IntegrityError, transaction

from allocation.catalog.models import ComplexityLevel, SubAgent, SubAgentAlias, Tier
from allocation.decisions.models import Decision
from allocation.directives.models import StrategicDirective
from allocation.floors.models import ModelFloor, Override
from allocation.policy.complexity import Level, preferred_tier
from allocation.policy.errors import RuleError
from allocation.policy.floors import EVERY, Floor, FloorTable, floor_for
from allocation.policy.names import normal_name
from allocation.policy.recommend import (
    Outcome,
    Recommendation,
    Step,
    Task,
    recommend,
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
    rubric: Sequence[Level]
    overrides: Sequence[Override]

    @cached_property
    def _forcing(self) -> dict[tuple[str, str], Override]:
        """The newest override by sub-agent and phase; "" stands for all phases."""
        newest: dict[tuple[str, str], Override] = {}
        for override in self.overrides:  # newest first
            newest.setdefault((override.sub_agent.code, override.phase), override)
        return newest

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that a decision is asked for. `requested` is the tier it would take by itself.

    `key` names the question: asked again with it, the answer is the one already given.
    """

    task: Task
    sd: StrategicDirective | None = None
    key: str | None = None
    requested: str = ""
    session_id: str = ""
    agent_id: str = ""


Decided = tuple[Decision, Recommendation]


def decide(
    *,
    situation: Situation,
    task: Task,
    actor: str,
    now: datetime,
    sd: StrategicDirective | None = None,
    key: str | None = None,
    requested: str = "",
    session_id: str = "",
    agent_id: str = "",
) -> Decided:
    """Recommend a tier for a run and keep the decision with its inputs frozen: one row.

    With a `key` that has been asked before, the stored decision and its recommendation come back
    and nothing is written, also where two ask at the same moment.
    """
    run = Run(
        task=task,
        sd=sd,
        key=key,
        requested=requested,
        session_id=session_id,
        agent_id=agent_id,
    )
    return decide_all(situation=situation, runs=[run], actor=actor, now=now)[0]


def decide_all(
    *, situation: Situation, runs: Sequence[Run], actor: str, now: datetime
) -> list[Decided]:
    """`decide` for many runs, all of them or none, in a constant number of statements."""
    keyed = any(run.key for run in runs)
    try:
        with transaction.atomic(savepoint=keyed):
            return _decide_all(situation, runs, actor, now)
    except IntegrityError:
        if not keyed:
            raise
        # Another request stored one of the keys in this very moment; now it can be found. The
        # unique constraint is what decides, on both databases.
        with transaction.atomic():
            return _decide_all(situation, runs, actor, now)


def _decide_all(
    situation: Situation, runs: Sequence[Run], actor: str, now: datetime
) -> list[Decided]:
    answered = _answered([run.key for run in runs if run.key], situation.tiers)
    new: list[Decided] = []
    answers: list[Decided] = []
    for run in runs:
        answer = answered.get(run.key or "")
        if answer is None:
            recommendation = situation.answer(run.task)
            decision = _decision(situation, run, recommendation, actor=actor, now=now)
            answer = (decision, recommendation)
            new.append(answer)
            if run.key:
                answered[run.key] = answer
        answers.append(answer)
    Decision.objects.bulk_create([decision for decision, _ in new])
    return answers


def _answered(keys: Sequence[str], tiers: Mapping[str, Tier]) -> dict[str, Decided]:
    """What was decided under these keys before."""
    if not keys:
        return {}
    stored = Decision.objects.filter(key__in=keys).select_related("recommended", "sd")
    return {row.key: (row, recommendation_of(row, tiers)) for row in stored if row.key}


def recommendation_of(decision: Decision, tiers: Mapping[str, Tier]) -> Recommendation:
    """The recommendation as it was given, from the stored decision. `tiers` are those by name."""
    return Recommendation(
        outcome=Outcome(decision.outcome),
        tier=decision.recommended.to_policy() if decision.recommended else None,
        preferred=tiers[decision.preferred].to_policy(),
        floor=tiers[decision.floor].to_policy(),
        path=tuple(
            Step(
                step["rule"],
                tiers[step["tier"]].to_policy() if step["tier"] else None,
                step["sentence"],
            )
            for step in decision.path
        ),
    )


def _decision(
    situation: Situation,
    run: Run,
    recommendation: Recommendation,
    *,
    actor: str,
    now: datetime,
) -> Decision:
    standing, task = situation.standing, run.task
    override = situation.override_for(task.sub_agent, task.phase) if standing.enabled else None
    floor = situation.floor_for(task)
    tier = recommendation.tier
    return Decision(
        at=now,
        actor=actor,
        sub_agent=task.sub_agent,
        phase=task.phase,
        complexity=task.complexity,
        critical=task.critical,
        read_only=task.read_only,
        sd=run.sd,
        zone=standing.zone,
        share_percent=_percent(standing),
        outcome=recommendation.outcome,
        recommended=situation.tiers[tier.name] if tier else None,
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
        key=run.key,
        requested=run.requested,
        session_id=run.session_id,
        agent_id=run.agent_id,
    )


def _percent(standing: Standing) -> Decimal:
    # Capped, because the column is: a limit of 1 token can be overdrawn without bound.
    return min(Decimal(round(standing.share * 1_000_000)) / 10_000, Decimal(10) ** 7)
