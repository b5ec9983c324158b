"""Loads the report's SDs (demo_sds) as if they had run just now, by the actor `demo`.

Everything is written through the operations that everybody uses, in the order in which it happens.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from allocation.audit.models import AuditEntry
from allocation.audit.operations import record
from allocation.budgets.models import BudgetRule
from allocation.budgets.operations import ensure_week, set_limit
from allocation.catalog.models import Tier
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.dashboard.demo_sds import NEXT, NOTE, SDS, DemoSd, Stage
from allocation.decisions.operations import Run, decide
from allocation.decisions.outcomes import RunOutcome, record_outcome
from allocation.decisions.situation import situation_at
from allocation.directives.models import StrategicDirective
from allocation.directives.operations import create_sd
from allocation.forecasts.operations import make_forecasts
from allocation.policy.errors import RuleError
from allocation.policy.forecasting import ORIGINS
from allocation.policy.phases import CheckpointKind, Phase
from allocation.policy.recommend import Task
from allocation.policy.weeks import Window
from allocation.usage.ingest import store
from allocation.usage.models import UsageRecord
from allocation.usage.observation import Observation
from allocation.usage.terms import load_terms

ACTOR = "demo"
LOADED = "demo load"
SUBMISSIONS = UUID("b0d9e7c1-0000-4000-8000-000000000000")

SECOND = timedelta(seconds=1)


def load_demo(*, now: datetime) -> bool:
    """Load the demo so that it ends at `now`; False, and nothing changed, if it was loaded before.

    Raises RuleError on a database with SDs or usage of its own. All of it or nothing.
    """
    with transaction.atomic():
        if AuditEntry.objects.filter(action=LOADED).exists():
            return False
        if StrategicDirective.objects.exists() or UsageRecord.objects.exists():
            raise RuleError(
                "There are SDs or usage already, and the demo would mix with them: "
                "set BUDGETCTL_HOME to an empty folder for it."
            )
        set_limit(limit=BudgetRule.objects.get().limit, actor=ACTOR, now=now, reason=NOTE)
        weeks = _weeks(now)
        for demo in SDS:
            _run(demo, weeks[demo.week])
        _forecast(weeks)
        create_sd(sd=NEXT, actor=ACTOR, now=now, reason=NOTE)
        record(actor=ACTOR, action=LOADED, subject="the demo", reason=NOTE, now=now)
    return True


def _weeks(now: datetime) -> list[Window]:
    """What there is of the running week, and the two weeks before it."""
    running = ensure_week(now=now).window
    last = ensure_week(now=running.start - SECOND).window
    return [replace(running, end=now), last, ensure_week(now=last.start - SECOND).window]


def _forecast(weeks: list[Window]) -> None:
    """What the ledger would hold of these weeks at the hours that its record looks at."""
    for week in reversed(weeks):
        for hours in ORIGINS:
            now = week.start + timedelta(hours=hours)
            if now < week.end:
                make_forecasts(now=now)


def _run(demo: DemoSd, span: Window) -> None:
    first = demo.stages[0]
    began = _at(span, max(0.0, first.until - 0.1))
    sd = create_sd(sd=demo.facts, actor=ACTOR, now=began, reason=demo.note)
    if first.phase is Phase.LEAD:
        _log(sd, Entry(kind=CheckpointKind.START, note=demo.note), began)
    since = began
    for stage in demo.stages:
        until = _at(span, stage.until)
        _report_runs(sd, stage, Window(since, until))
        last = stage is demo.stages[-1]
        entry = Entry(
            kind=_KIND_AT_END[stage.phase],
            phase=stage.phase,
            tokens=stage.tokens,
            mix=stage.mix,
            rework_cycles=demo.rework_cycles if last else 0,
            lines_modified=demo.lines if last else None,
            note=demo.note,
        )
        _log(sd, entry, until)
        since = until


_KIND_AT_END = {
    Phase.LEAD: CheckpointKind.LEAD_TO_PLAN,
    Phase.PLAN: CheckpointKind.PLAN_TO_EXEC,
    Phase.EXEC: CheckpointKind.COMPLETION,
}


def _at(span: Window, share: float) -> datetime:
    return (span.start + (span.end - span.start) * share).replace(microsecond=0)


def _log(sd: StrategicDirective, entry: Entry, at: datetime) -> None:
    submission = uuid5(SUBMISSIONS, f"{sd.code} {entry.kind}")
    log_checkpoint(sd=sd, entry=entry, submission=submission, actor=ACTOR, now=at)


def _report_runs(sd: StrategicDirective, stage: Stage, span: Window) -> None:
    """Ask for each run what it may run on, and report what it burned and on which model."""
    models = dict(Tier.objects.values_list("name", "weighed_as__model_id"))
    terms = load_terms()
    for number, (sub_agent, tier, tokens) in enumerate(stage.runs):
        at = _at(span, (number + 1) / (len(stage.runs) + 1))
        run = Run(task=Task(sub_agent, stage.phase, sd.complexity), sd=sd, requested=tier)
        decision, answer = decide(situation=situation_at(at), run=run, actor=ACTOR, now=at)
        followed = answer.tier is not None and answer.tier.name == tier
        seen = RunOutcome(
            observed=models[tier] or tier,
            result="passed",
            # Under another limit, or while budgetctl is off, other tiers are advised.
            override_reason="" if followed else NOTE,
        )
        record_outcome(decision=decision, outcome=seen, actor=ACTOR, now=at)
        store(
            [_request(sd, stage, sub_agent, models[tier] or "", tokens=tokens, at=at)],
            terms=lambda: terms,
        )


def _request(
    sd: StrategicDirective, stage: Stage, sub_agent: str, model: str, *, tokens: int, at: datetime
) -> Observation:
    """A run as one request: five input tokens for each output token (the report's step 2)."""
    output = tokens // 6
    return Observation(
        message_id=f"demo-{sd.code}-{stage.phase}-{sub_agent}",
        request_id=None,
        source="api",
        at=at,
        counted_at=at,
        agent_type=sub_agent,
        sidechain=True,
        model=model,
        input=tokens - output,
        output=output,
        sd_id=sd.pk,
        phase=stage.phase.value,
    )
