"""Recommendations for runs, and their place in the audit trail."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from allocation.budgets.turns import Queue, take_turn
from allocation.catalog.models import Tier
from allocation.decisions.counts import recount
from allocation.decisions.models import Decision, DeferredRun
from allocation.decisions.situation import Situation
from allocation.directives.models import StrategicDirective
from allocation.floors.models import Override
from allocation.floors.operations import use_override
from allocation.policy.recommend import DEFERRAL, Outcome, Recommendation, Step, Task
from allocation.usage.standing import Standing


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


def decide(*, situation: Situation, run: Run, actor: str, now: datetime) -> Decided:
    """Recommend a tier for a run and keep the decision with its inputs frozen: one row.

    With a `key` that has been asked before, the stored decision and its recommendation come back
    and nothing is written, also where two ask at the same moment.
    """
    return decide_all(situation=situation, runs=[run], actor=actor, now=now)[0]


def decide_all(
    *, situation: Situation, runs: Sequence[Run], actor: str, now: datetime
) -> list[Decided]:
    """`decide` for many runs, all of them or none, in a constant number of statements."""
    keys = [run.key for run in runs if run.key]
    counting = any(each.uses_left is not None for each in situation.overrides)
    several = len(runs) > 1 or counting or connection.in_atomic_block
    try:
        with transaction.atomic(savepoint=bool(keys)) if several else nullcontext():
            return _decide_all(situation, runs, {}, actor, now)
    except IntegrityError:
        if not keys:
            raise
        # One of the keys has been asked before. Nearly every key is new, and a hook waits: so the
        # unique constraint is what tells, and the stored decisions are looked for only now.
        with transaction.atomic():
            return _decide_all(situation, runs, _answered(keys, situation.tiers), actor, now)


def _decide_all(
    situation: Situation,
    runs: Sequence[Run],
    answered: dict[str, Decided],
    actor: str,
    now: datetime,
) -> list[Decided]:
    new: list[Decided] = []
    answers: list[Decided] = []
    spent: set[int] = set()
    if len(runs) > 1 and any(each.uses_left is not None for each in situation.overrides):
        take_turn(Queue.OVERRIDES)  # two lists in other orders would wait for each other's
    for run in runs:
        answer = answered.get(run.key or "")
        if answer is None:
            answer = _decide_one(situation, run, spent, actor=actor, now=now)
            new.append(answer)
            if run.key:
                answered[run.key] = answer
        answers.append(answer)
    # By their keys, so that two lists of the same ones in other orders do not wait for each other.
    _store(
        sorted((row for row, _ in new), key=lambda row: row.key or ""),
        # Decided while the server was away, told of on a later day: its own may be counted already.
        recounted=now.astimezone(UTC).date() < situation.standing.at.astimezone(UTC).date(),
    )
    return answers


def _store(decisions: Sequence[Decision], *, recounted: bool) -> None:
    """Store new decisions with what follows from them, all or nothing."""
    deferred = [
        decision
        for decision in decisions
        if decision.outcome == Outcome.DEFER and not waits_with_its_sd(decision)
    ]
    if len(decisions) == 1 and not recounted and not deferred:
        # Nearly always, and a hook waits: one statement is whole without a transaction around it.
        decisions[0].save(force_insert=True)
        return
    with transaction.atomic(savepoint=False):
        Decision.objects.bulk_create(decisions)
        for at in {decision.at for decision in decisions} if recounted else ():
            recount(at)
        _queue(deferred)


def _decide_one(
    situation: Situation, run: Run, spent: set[int], *, actor: str, now: datetime
) -> Decided:
    """The decision on one run, not stored yet; an override for one run is used up by it."""
    recommendation = situation.halt(run.task, run.sd)
    override = None
    if recommendation is None:
        override = _override(situation, run, spent, actor=actor, now=now)
        recommendation = situation.answer(run.task, sd=run.sd, spent=spent)
    decision = _decision(situation, run, recommendation, override, actor=actor, now=now)
    return decision, recommendation


def _override(
    situation: Situation, run: Run, spent: set[int], *, actor: str, now: datetime
) -> Override | None:
    """The override for a run. What was read as left may be gone by now: then it is `spent`."""
    if not situation.standing.enabled:
        return None
    code = run.sd.code if run.sd else ""
    while override := situation.override_for(run.task.sub_agent, run.task.phase, code, spent=spent):
        if override.uses_left is None or use_override(override=override, actor=actor, now=now):
            return override
        spent.add(override.pk)
    return None


def waits_with_its_sd(decision: Decision) -> bool:
    """Whether a run was deferred because its SD is: it has no place of its own in the queue."""
    return bool(decision.path) and decision.path[-1]["rule"] == DEFERRAL


def _queue(deferred: Sequence[Decision]) -> None:
    """Put deferred runs at the end of the queue; those that wait there already stay as they are."""
    if not deferred:
        return
    waiting = DeferredRun.objects.filter(released_at__isnull=True)
    last = waiting.aggregate(position=Max("position"))["position"] or 0
    DeferredRun.objects.bulk_create(
        [
            DeferredRun(
                decision=decision,
                sub_agent=decision.sub_agent,
                phase=decision.phase,
                sd=decision.sd,
                at=decision.at,
                position=position,
            )
            for position, decision in enumerate(deferred, start=last + 1)
        ],
        ignore_conflicts=True,
    )


def _answered(keys: Sequence[str], tiers: Mapping[str, Tier]) -> dict[str, Decided]:
    """What was decided under these keys before."""
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


def steps_of(recommendation: Recommendation) -> list[dict[str, str | None]]:
    """How the rules came to it, as it is stored and told."""
    return [
        {
            "rule": step.rule,
            "tier": step.tier.name if step.tier else None,
            "sentence": step.sentence,
        }
        for step in recommendation.path
    ]


def _decision(
    situation: Situation,
    run: Run,
    recommendation: Recommendation,
    override: Override | None,
    *,
    actor: str,
    now: datetime,
) -> Decision:
    standing, task, tier = situation.standing, run.task, recommendation.tier
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
        path=steps_of(recommendation),
        inputs=_inputs(situation, task, override),
        key=run.key,
        requested=run.requested,
        session_id=run.session_id,
        agent_id=run.agent_id,
    )


def _inputs(situation: Situation, task: Task, override: Override | None) -> dict[str, Any]:
    """Everything the rules looked at, to be frozen."""
    standing = situation.standing
    floor, ceiling = situation.floor_for(task), situation.ceiling_for(task)
    return {
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
        "ceiling": ceiling.name if ceiling else None,
        "override": override.pk if override else None,
    }


def _percent(standing: Standing) -> Decimal:
    # Cut and not rounded: beside GREEN never stands the 70% of YELLOW. Capped, because the column
    # is: a limit of 1 token can be overdrawn without bound.
    return min(Decimal(int(standing.share * 1_000_000)) / 10_000, Decimal(10) ** 7)
