"""The data readiness page: how complete each kind of data is, and what to do about each gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Count, Q, Sum
from django.urls import reverse

from allocation.budgets.models import BudgetRule
from allocation.budgets.operations import limit_was_set
from allocation.catalog.models import SubAgent
from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.models import Checkpoint
from allocation.decisions.counts import alike, week_start
from allocation.directives.models import Status, StrategicDirective
from allocation.display import format as fmt
from allocation.forecasts.record import weeks_scored
from allocation.policy.quality import Readiness, readiness
from allocation.policy.recommend import Outcome
from allocation.reports.models import QualityEvent
from allocation.usage.models import Source, UsageHour
from allocation.usage.totals import FRESH, RESOLUTION

LOOK_BACK = timedelta(weeks=8)
# A forecast is trusted by its record; four weeks of it are the report's "high".
ENOUGH_WEEKS = 4
MOST_NAMES = 5
CONNECT, HOW = "claude_code:connect", "Show how to connect"

SHAPES = {
    Readiness.READY: "green",
    Readiness.CALIBRATE: "yellow",
    Readiness.NOT_READY: "orange",
    Readiness.NO_DATA: "unknown",
}


@dataclass(frozen=True, slots=True)
class ReadinessRow:
    """One kind of data: complete in `part` of `of` cases, what that means, and what to do."""

    title: str
    counts: str
    share: str
    percent: int
    readiness: str
    shape: str
    todo: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class ReadinessPage:
    """The matrix, and one sentence over it."""

    summary: str
    since: datetime
    rows: Sequence[ReadinessRow]


@dataclass(frozen=True, slots=True)
class _Used:
    """Fresh tokens of the last weeks: all of them, and those that say more than that."""

    total: int
    captured: int
    sd: int
    phase: int
    sub_agent: int
    priced: int
    unknown_models: Sequence[str]


def readiness_page(now: datetime) -> ReadinessPage:
    """The page at `now`. A constant number of queries."""
    since = week_start(now - LOOK_BACK)
    used = _used(since, now)
    rows = [
        _limit(),
        _inventory(since, now),
        _models(used),
        _tokens("Token counts", used.captured, used, "captured and not logged by hand",
                "Connect Claude Code, so that tokens are counted by themselves."),
        _tokens("Tokens by SD", used.sd, used, "belong to an SD",
                "Name the SD when a run is reported, or import transcripts of its branch."),
        _tokens("Tokens by phase", used.phase, used, "belong to a phase",
                "Log a checkpoint at each hand-over: what was captured then counts for its phase."),
        _tokens("Tokens by sub-agent", used.sub_agent, used, "name the sub-agent",
                "Import transcripts: they know which sub-agent ran. Tokens logged by hand do not."),
        *_decisions(since, now),
        _rework(),
        _estimates(),
        _quality(since, now),
        _forecasts(),
    ]  # fmt: skip
    ready = sum(row.readiness == Readiness.READY for row in rows)
    empty = sum(row.readiness == Readiness.NO_DATA for row in rows)
    rest = f"; {empty} {'has' if empty == 1 else 'have'} no data yet" if empty else ""
    return ReadinessPage(f"{ready} of {len(rows)} kinds of data are ready{rest}.", since, rows)


def _row(
    title: str, part: int, of: int, counts: str, todo: str, *, url: str = "", action: str = ""
) -> ReadinessRow:
    found = readiness(part, of)
    gap = part < of or not of
    return ReadinessRow(
        title=title,
        counts=counts,
        share=fmt.percent(Fraction(part, of)) if of else "–",
        percent=100 * part // of if of else 0,
        readiness=found.value,
        shape=SHAPES[found],
        todo=todo if gap else "Nothing to do.",
        url=url if gap else "",
        action=action if gap else "",
    )


def _limit() -> ReadinessRow:
    """Set once by the Chairman, in whatever unit; as shipped it is the report's first guess."""
    rule = BudgetRule.objects.select_related("meter").get()
    was_set = limit_was_set()
    limit = fmt.amount(rule.limit, in_dollars=rule.meter.to_policy().in_dollars)
    return _row(
        "Weekly budget limit",
        int(was_set),
        1,
        f"{limit} a week, {'set by hand' if was_set else 'the first guess that ships'}",
        "Set the limit that your plan grants; until then every zone rests on a guess.",
        url=reverse("budgets:change-rule"),
        action="Set the limit",
    )


def _inventory(since: datetime, now: datetime) -> ReadinessRow:
    registered = set(SubAgent.objects.values_list("code", flat=True))
    hours = UsageHour.objects.filter(hour__gte=since, hour__lte=now).exclude(sub_agent="")
    seen = set(hours.order_by().values_list("sub_agent", flat=True).distinct())
    unknown = sorted(seen - registered)
    counts = f"{len(registered):,} registered; {len(seen):,} seen at work"
    if unknown:
        counts += f", not registered: {_names(unknown)}"
    return _row(
        "Sub-agent inventory",
        len(seen) - len(unknown),
        len(seen),
        counts,
        "Register each name in the admin, or make it an alias of a sub-agent that is there."
        if unknown
        else "Import transcripts or connect Claude Code, to see which sub-agents are at work.",
    )


def _models(used: _Used) -> ReadinessRow:
    unknown = used.unknown_models
    counts = f"{_share(used.priced, used.captured)} of captured tokens ran on a model with a price"
    if unknown:
        counts += f"; unknown: {_names(unknown)}"
    return _row(
        "Models and prices",
        used.priced,
        used.captured,
        counts if used.captured else "No tokens are captured yet",
        "Add each model with its tier and price in the admin; its cost is unknown until then."
        if unknown
        else "Import transcripts or connect Claude Code, to see which models run.",
    )


def _tokens(title: str, part: int, used: _Used, what: str, todo: str) -> ReadinessRow:
    told = f"{fmt.tokens(part)} of {fmt.tokens(used.total)} fresh tokens {what}"
    counts = told if used.total else "No tokens are counted yet"
    return _row(title, part, used.total, counts, todo, url=reverse(CONNECT), action=HOW)


def _decisions(since: datetime, now: datetime) -> list[ReadinessRow]:
    runs = alike(
        ("observed", "result"),
        since=since,
        until=now + RESOLUTION,
        only=~Q(outcome=Outcome.DEFER),
    )
    of = sum(row["n"] for row in runs)
    observed = sum(row["n"] for row in runs if row["observed"])
    ended = sum(row["n"] for row in runs if row["result"])
    none = "No run has asked for a tier yet"
    return [
        _row(
            "Model truth",
            observed,
            of,
            f"{observed:,} of {of:,} decided runs were seen on a model" if of else none,
            "Let the hooks or telemetry report which model ran.",
            url=reverse(CONNECT),
            action=HOW,
        ),
        _row(
            "Model performance",
            ended,
            of,
            f"{ended:,} of {of:,} decided runs have a result" if of else none,
            "Report for each run whether it passed, failed or needed rework, over the API.",
        ),
    ]


def _rework() -> ReadinessRow:
    done = StrategicDirective.objects.filter(status=Status.COMPLETED)
    of = done.count()
    told = Checkpoint.objects.filter(sd__in=done).order_by().values("sd").distinct().count()
    return _row(
        "Rework tracking",
        told,
        of,
        f"{told:,} of {of:,} completed SDs logged checkpoints" if of else "No SD is completed yet",
        "Log the rework cycles at each checkpoint; 0 is an answer.",
        url=reverse("checkpoints:log-checkpoint"),
        action="Log checkpoint",
    )


def _estimates() -> ReadinessRow:
    sds = StrategicDirective.objects.exclude(status=Status.ARCHIVED)
    found = sds.aggregate(all=Count("id"), estimated=Count("id", filter=Q(estimate__isnull=False)))
    part, of = found["estimated"], found["all"]
    return _row(
        "Estimates",
        part,
        of,
        f"{part:,} of {of:,} SDs have an estimate of their own" if of else "There is no SD yet",
        "Estimate each SD; without one its sub-agents' usual tokens are taken.",
        url=reverse("directives:list-sds"),
        action="Show the SDs",
    )


def _quality(since: datetime, now: datetime) -> ReadinessRow:
    done = StrategicDirective.objects.filter(completed_at__gte=since, completed_at__lte=now)
    of = done.count()
    events = QualityEvent.objects.filter(sd__in=done).order_by()
    part = events.values("sd").distinct().count()
    return _row(
        "Output quality",
        part,
        of,
        f"{part:,} of {of:,} SDs completed since have a review, test run or security check"
        if of
        else "No SD was completed since",
        "Log the outcome of each review, end-to-end run and security check.",
        url=reverse("reports:log-quality-event"),
        action="Log quality event",
    )


def _forecasts() -> ReadinessRow:
    scored = weeks_scored()
    return _row(
        "Forecast record",
        min(scored, ENOUGH_WEEKS),
        ENOUGH_WEEKS if scored else 0,
        f"{fmt.counted(scored, 'week')} scored; {ENOUGH_WEEKS} make a record"
        if scored
        else "No week has been scored yet",
        "Keep budgetctl running: a forecast is made every hour and scored when its week is over.",
    )


def _used(since: datetime, now: datetime) -> _Used:
    """Two groupings of the roll-ups: what they name, and which models they know."""
    hours = UsageHour.objects.filter(hour__gte=since, hour__lte=now).order_by()
    captured = ~Q(source=Source.MANUAL)
    sums = hours.aggregate(
        total=Sum(FRESH),
        captured=Sum(FRESH, filter=captured),
        sd=Sum(FRESH, filter=Q(sd__isnull=False)),
        phase=Sum(FRESH, filter=~Q(phase="")),
        sub_agent=Sum(FRESH, filter=~Q(sub_agent="")),
    )
    book = load_price_book()
    by_model = dict(hours.filter(captured).values_list("model").annotate(fresh=Sum(FRESH)))
    return _Used(
        **{name: value or 0 for name, value in sums.items()},
        priced=sum(fresh for model, fresh in by_model.items() if book.knows(model)),
        unknown_models=sorted(model or "no name" for model in by_model if not book.knows(model)),
    )


def _share(part: int, of: int) -> str:
    return fmt.percent(Fraction(part, of)) if of else "0%"


def _names(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
