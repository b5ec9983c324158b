"""Answers what agents ask: which tier a run may use."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.http import Http404

from allocation.api.answers import Json, answer
from allocation.api.models import AgentToken
from allocation.api.refusals import Conflict, of_item
from allocation.api.schemas import RunAsked
from allocation.decisions.models import Decision
from allocation.decisions.operations import Decided, Run, decide_all
from allocation.decisions.situation import Situation, situation_at
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.usage.tables import among

Sds = Mapping[str, StrategicDirective]


def recommend(
    asked: Sequence[RunAsked], *, token: AgentToken, key: str | None, now: datetime
) -> list[Json]:
    """The answers in the order of the questions: all are given, or none is logged.

    Raises Http404 for an SD that does not exist, RuleError for a question that no rule answers, and
    Conflict for a key that was given with another question before.
    """
    sds = _sds(asked)
    situation = situation_at(now)
    runs = []
    for number, run in enumerate(asked):
        place = number if len(asked) > 1 else None
        with of_item(place):
            runs.append(_run(run, situation, sds, _key(run.key, key, place, token)))
    logged = [run for run, question in zip(runs, asked, strict=True) if question.zone is None]
    with transaction.atomic():
        decided = iter(
            decide_all(situation=situation, runs=logged, actor=token.actor, now=now)
            if logged
            else []
        )
        return [
            _what_if(question, run, situation)
            if question.zone
            else _given(question, run, next(decided))
            for question, run in zip(asked, runs, strict=True)
        ]


def decision_of(number: int) -> Decision:
    """A decision by its number. Raises Http404."""
    rows = Decision.objects.select_related("sd", "recommended")
    found = rows.filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise Http404(f"There is no decision {number}.")
    return found


def _sds(asked: Sequence[RunAsked]) -> Sds:
    wanted = {run.sd.strip().upper() for run in asked if run.sd}
    if not wanted:
        return {}
    found = {row.code: row for row in StrategicDirective.objects.filter(code__in=among(wanted))}
    if missing := sorted(wanted - found.keys()):
        raise Http404(f"There is no SD called “{missing[0][:60]}”.")
    return found


def _run(asked: RunAsked, situation: Situation, sds: Sds, key: str | None) -> Run:
    sd = sds[asked.sd.strip().upper()] if asked.sd else None
    phase, complexity, critical = asked.phase, asked.complexity, asked.critical
    if sd is not None:
        phase = phase or (Phase(sd.phase) if sd.phase else None)
        complexity = sd.complexity if complexity is None else complexity
        critical = sd.critical if critical is None else critical
    if phase is None or complexity is None:
        raise RuleError("Give phase and complexity, or an sd that is under way.")
    if asked.requested and asked.requested not in situation.tiers:
        there_are = ", ".join(situation.tiers)
        raise RuleError(f"“{asked.requested}” is not a tier; there are {there_are}.")
    task = Task(
        situation.code_of(asked.sub_agent), phase, complexity, bool(critical), asked.read_only
    )
    return Run(
        task=task,
        sd=sd,
        key=key,
        requested=asked.requested,
        session_id=asked.session,
        agent_id=asked.agent,
    )


def _key(own: str | None, shared: str | None, number: int | None, token: AgentToken) -> str | None:
    """The key of one question. Tokens do not share keys: one agent's `1` is not another's."""
    if own is None and shared is None:
        return None
    name = own if own is not None else shared if number is None else f"{shared}#{number}"
    return f"{token.prefix}:{name}"


def _what_if(asked: RunAsked, run: Run, situation: Situation) -> Json:
    zone = asked.zone or situation.standing.zone
    found = situation.answer(run.task, zone=zone, sd=run.sd)
    return answer(run.task, found, zone=zone, decision=None, sd=run.sd)


def _given(asked: RunAsked, run: Run, decided: Decided) -> Json:
    row, recommendation = decided
    task = Task(row.sub_agent, Phase(row.phase), row.complexity, row.critical, row.read_only)
    _check_same(asked, run, task, row)
    return answer(task, recommendation, zone=row.zone, decision=row, sd=row.sd)


def _check_same(asked: RunAsked, run: Run, task: Task, row: Decision) -> None:
    """Only what was said is compared: the SD's own phase may have moved on since."""
    said = {
        "sub_agent": (run.task.sub_agent, task.sub_agent),
        "phase": (asked.phase, task.phase),
        "complexity": (asked.complexity, task.complexity),
        "critical": (asked.critical, task.critical),
        "read_only": (asked.read_only, task.read_only),
        "sd": (asked.sd.strip().upper() if asked.sd else None, row.sd.code if row.sd else None),
    }
    differing = [name for name, (now, before) in said.items() if now is not None and now != before]
    if differing:
        raise Conflict(
            f"This key was used for another question (another {differing[0]}): take a new key."
        )
