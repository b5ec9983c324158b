"""The report's six SDs (its step 3) and the week-1 log (its step 11), as if they had run just now.

Three SDs lie in the two weeks before and were logged by hand, as the report's were. Three lie in
the running week and were reported run by run, so that it stands as on the report's Mission Control
screen: 360k of 500k budget tokens, TESTING 92k, DATABASE 78k, VALIDATION 65k, SECURITY 60k,
DESIGN 32k, STORIES 18k, DOCMON 10k, others 5k. The first two of them are the week-1 log's. All is
written through the operations that everybody uses, by the actor `demo`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from allocation.audit.models import AuditEntry
from allocation.audit.operations import record
from allocation.budgets.operations import ensure_week
from allocation.catalog.models import Tier
from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.operations import Entry, log_checkpoint
from allocation.decisions.operations import decide, situation_at
from allocation.decisions.outcomes import RunOutcome, record_outcome
from allocation.directives.models import StrategicDirective
from allocation.directives.operations import SdFacts, create_sd
from allocation.policy.errors import RuleError
from allocation.policy.phases import CheckpointKind, Phase
from allocation.policy.recommend import Task
from allocation.policy.weeks import Window
from allocation.usage.ingest import Terms, store
from allocation.usage.models import UsageRecord
from allocation.usage.names import load_registry
from allocation.usage.observation import Observation

ACTOR = "demo"
NOTE = "Demo, from the research report."
LOADED = "demo load"
SUBMISSIONS = UUID("b0d9e7c1-0000-4000-8000-000000000000")

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase of an SD. It ends when `until` of the time at hand has passed.

    `tokens` are fresh ones. Where there are runs (sub-agent, tier, tokens) they add up to it; a
    stage without was logged by hand with a `mix`.
    """

    phase: Phase
    tokens: int
    until: float
    mix: dict[str, int]
    runs: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DemoSd:
    """One of the report's SDs. A week of 0 is the running one, 1 the one before."""

    facts: SdFacts
    week: int
    stages: tuple[Stage, ...]
    rework_cycles: int
    lines: int
    note: str = NOTE


def _sd(code: str, title: str, complexity: int, estimate: int | None = None) -> SdFacts:
    return SdFacts(code=code, title=title, complexity=complexity, estimate=estimate)


SONNET = {"sonnet": 100}
SONNET_AND_OPUS = {"sonnet": 70, "opus": 30}
WEEK_ONE = f"{NOTE} In its week-1 log."

# Tokens are split over the phases as in the report's typical SD: LEAD 25, PLAN 50, EXEC 65.
SDS: Sequence[DemoSd] = (
    DemoSd(
        _sd("SD-VERIFY-LADDER-001", "Gate 0 static analysis", 4),
        week=2,
        stages=(
            Stage(Phase.PLAN, 48_000, 0.20, SONNET_AND_OPUS),
            Stage(Phase.EXEC, 62_000, 0.45, SONNET_AND_OPUS),
        ),
        rework_cycles=2,
        lines=420,
    ),
    DemoSd(
        _sd("SD-EFFORT-POLICY-001", "Table integration, policy system", 3),
        week=2,
        stages=(
            Stage(Phase.PLAN, 30_000, 0.60, SONNET),
            Stage(Phase.EXEC, 40_000, 0.85, SONNET),
        ),
        rework_cycles=1,
        lines=160,
    ),
    DemoSd(
        _sd("SD-QUALITY-GATE-001", "Gate reweighting, unit test integration", 4, 124_000),
        week=1,
        stages=(
            Stage(Phase.PLAN, 52_000, 0.30, SONNET_AND_OPUS),
            Stage(Phase.EXEC, 68_000, 0.70, SONNET_AND_OPUS),
        ),
        rework_cycles=2,
        lines=380,
    ),
    DemoSd(
        _sd("SD-VERIFY-LADDER-002", "Gate 1 unit test integration", 3),
        week=0,
        stages=(
            Stage(
                Phase.PLAN,
                39_000,
                0.12,
                SONNET,
                (
                    ("DATABASE", "sonnet", 12_000),
                    ("DESIGN", "sonnet", 17_000),
                    ("STORIES", "sonnet", 6_000),
                    ("DOCMON", "sonnet", 4_000),
                ),
            ),
            Stage(
                Phase.EXEC,
                51_000,
                0.30,
                SONNET,
                (
                    ("TESTING", "sonnet", 36_000),
                    ("DATABASE", "sonnet", 12_000),
                    ("DESIGN", "sonnet", 3_000),
                ),
            ),
        ),
        rework_cycles=1,
        lines=190,
    ),
    DemoSd(
        _sd("SD-MODEL-OPTIMIZATION", "Model routing updates, agent config changes", 3, 82_000),
        week=0,
        stages=(
            Stage(
                Phase.PLAN,
                35_000,
                0.40,
                SONNET,
                (
                    ("DATABASE", "sonnet", 14_000),
                    ("DESIGN", "sonnet", 10_000),
                    ("STORIES", "sonnet", 7_000),
                    ("DOCMON", "sonnet", 4_000),
                ),
            ),
            Stage(
                Phase.EXEC,
                45_000,
                0.55,
                SONNET,
                (
                    ("TESTING", "sonnet", 30_000),
                    ("DATABASE", "sonnet", 12_000),
                    ("DESIGN", "sonnet", 2_000),
                    ("GITHUB", "sonnet", 1_000),
                ),
            ),
        ),
        rework_cycles=1,
        lines=180,
        note=WEEK_ONE,
    ),
    DemoSd(
        _sd("SD-VISION-TRANSITION-001B", "Database cleanup, multi-file schema changes", 4, 145_000),
        week=0,
        stages=(
            Stage(
                Phase.LEAD,
                27_000,
                0.64,
                SONNET,
                (
                    ("VALIDATION", "sonnet", 25_000),
                    ("GITHUB", "sonnet", 2_000),
                ),
            ),
            Stage(
                Phase.PLAN,
                53_000,
                0.78,
                {"sonnet": 32, "opus": 68},
                (
                    ("VALIDATION", "opus", 24_000),
                    ("SECURITY", "opus", 12_000),
                    ("DATABASE", "sonnet", 10_000),
                    ("STORIES", "sonnet", 5_000),
                    ("DOCMON", "sonnet", 2_000),
                ),
            ),
            Stage(
                Phase.EXEC,
                70_000,
                0.96,
                {"sonnet": 66, "opus": 34},
                (
                    ("SECURITY", "opus", 24_000),
                    ("TESTING", "sonnet", 26_000),
                    ("DATABASE", "sonnet", 18_000),
                    ("RETRO", "sonnet", 2_000),
                ),
            ),
        ),
        rework_cycles=2,
        lines=460,
        note=WEEK_ONE,
    ),
)
NEXT = _sd("SD-PERF-OPT-001", "Bundle size and load time", 3, 85_000)


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
        weeks = _weeks(now)
        for demo in SDS:
            _run(demo, weeks[demo.week], now)
        create_sd(sd=NEXT, actor=ACTOR, now=now, reason=NOTE)
        record(actor=ACTOR, action=LOADED, subject="the demo", reason=NOTE, now=now)
    return True


def _weeks(now: datetime) -> list[Window]:
    """What there is of the running week, and the two weeks before it."""
    running = ensure_week(now=now).window
    last = ensure_week(now=running.start - SECOND).window
    return [replace(running, end=now), last, ensure_week(now=last.start - SECOND).window]


def _run(demo: DemoSd, span: Window, now: datetime) -> None:
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
    terms = Terms(load_registry(), load_price_book())
    for number, (sub_agent, tier, tokens) in enumerate(stage.runs):
        at = _at(span, (number + 1) / (len(stage.runs) + 1))
        task = Task(sub_agent, stage.phase, sd.complexity)
        decision, answer = decide(
            situation=situation_at(at), task=task, actor=ACTOR, now=at, sd=sd, requested=tier
        )
        followed = answer.tier is not None and answer.tier.name == tier
        seen = RunOutcome(
            observed=models[tier] or tier,
            result="passed",
            # Under another limit, or while budgetctl is off, other tiers are advised.
            override_reason="" if followed else NOTE,
        )
        record_outcome(decision=decision, outcome=seen, actor=ACTOR, now=at)
        store(
            [_request(sd, stage, sub_agent, models[tier] or "", tokens=tokens, at=at)], terms=terms
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
