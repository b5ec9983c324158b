"""What the KPI page prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from allocation.display import format as fmt
from allocation.display.bands import SHAPES, judged
from allocation.policy.kpis import KPI_BY_KEY, Band, Kpi
from allocation.policy.quality import ENOUGH, MOST_DROP, MOST_REWORK, EventKind
from allocation.reports.guard import Guard, PlacedAlarm, quality_guard
from allocation.reports.kpi_figures import Figure, counted, figures
from allocation.reports.kpi_rows import kpi_rows
from allocation.reports.labels import base_of
from allocation.reports.models import QualityEvent

LAST_EVENTS = 10

REWORK = ("rework-haiku", "rework-sonnet", "rework-opus")

# The order of the report's step 10, with the mismatch rate beside the override rate.
GROUPS = (
    ("Money", ("utilisation", "cost-per-sd", "mix", *REWORK)),
    (
        "Speed",
        ("sds-completed", "completion-time", "override-rate", "mismatch-rate", "exhausted-weeks"),
    ),
    ("Forecasts", ("burn-rate-error", "exhaustion-error", "zone-accuracy")),
    ("Quality", ("review-pass", "security-issues", "e2e-pass", "rework-per-sd")),
)


@dataclass(frozen=True, slots=True)
class KpiRow:
    """One KPI in words. `lines` are the points of its spark, `trend` the same as a sentence."""

    key: str
    title: str
    target: str
    value: str
    band: str
    words: str
    shape: str
    note: str
    rests_on: str
    lines: Sequence[str]
    trend: str
    by_week: Sequence[str]


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm of the quality guard, and the floor that it proposes ("" for none)."""

    sub_agent: str
    phase: str
    tier: str
    sentences: Sequence[str]
    raise_to: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One quality event in words."""

    pk: int
    at: datetime
    kind: str
    result: str
    whose: str
    sd: str
    note: str
    actor: str


@dataclass(frozen=True, slots=True)
class KpiPage:
    """Everything on the page."""

    summary: str
    groups: Sequence[tuple[str, Sequence[KpiRow]]]
    weeks: Sequence[str]
    alarms: Sequence[AlarmRow]
    guard: str
    events: Sequence[EventRow]


def kpi_page(now: datetime, zone: ZoneInfo) -> KpiPage:
    """The page at `now`. About twenty queries, whatever there is."""
    rows = kpi_rows(now)
    found = figures(rows)
    groups = [
        (title, [_row(KPI_BY_KEY[key], found[key]) for key in keys]) for title, keys in GROUPS
    ]
    guard = quality_guard(now)
    events = QualityEvent.objects.select_related("sd", "sub_agent", "tier")
    return KpiPage(
        summary=_summary([row for _, group in groups for row in group]),
        groups=groups,
        weeks=[base_of(week.start, zone) for week in rows.weeks],
        alarms=[_alarm(each) for each in guard.alarms],
        guard=_guard(guard),
        events=[_event(row) for row in events[:LAST_EVENTS]],
    )


def _summary(rows: Sequence[KpiRow]) -> str:
    """`9 of 17 on target, 2 to watch, 1 off target; 5 have no data yet.`"""
    count = {band: sum(row.band == band for row in rows) for band in Band}
    parts = [f"{count[Band.ON_TARGET]} of {len(rows)} on target"]
    parts += [f"{count[Band.WATCH]} to watch"] if count[Band.WATCH] else []
    parts += [f"{count[Band.OFF_TARGET]} off target"] if count[Band.OFF_TARGET] else []
    without = count[Band.NO_DATA]
    rest = f"; {without} {'has' if without == 1 else 'have'} no data yet" if without else ""
    return f"{', '.join(parts)}{rest}."


def _row(kpi: Kpi, figure: Figure) -> KpiRow:
    reading = kpi.read(figure.value)
    by_week = ["–" if value is None else figure.write(value) for value in figure.series]
    known = [text for text in by_week if text != "–"]
    return KpiRow(
        key=kpi.key,
        title=kpi.title,
        target=kpi.target,
        value=judged(kpi, figure.value),
        band=reading.band.value,
        words="" if reading.band is Band.NO_DATA else reading.words,
        shape=SHAPES[reading.band],
        note=figure.note,
        rests_on=figure.rests_on,
        lines=spark_points(figure.series),
        trend=f"{kpi.title} week by week: {', '.join(known)}" if len(known) > 1 else "",
        by_week=by_week,
    )


def spark_points(series: Sequence[Decimal | None]) -> list[str]:
    """The polyline of a spark in its 100 × 24 box; none for fewer than two values.

    Weeks without data are passed over, so that the line joins what is known.
    """
    known = [(place, value) for place, value in enumerate(series) if value is not None]
    if len(known) < 2:
        return []
    low = min(value for _, value in known)
    span = max(value for _, value in known) - low
    first, last = known[0][0], known[-1][0]
    points = []
    for place, value in known:
        x = 100 * (place - first) / (last - first)
        y = 22 - 20 * float((value - low) / span) if span else 12
        points.append(f"{x:.1f},{y:.1f}")
    return [" ".join(points)]


def _guard(guard: Guard) -> str:
    """What the guard looked at, in a sentence; it never says that all is well without data."""
    if not guard.judged and not guard.too_few:
        return "No run has a result yet, so there is nothing to judge."
    what = "of sub-agent, phase and tier"
    if not guard.judged:
        return (
            f"Nothing can be judged yet: {counted(guard.too_few, 'combination')} {what} "
            f"{'has' if guard.too_few == 1 else 'have'} fewer than {ENOUGH} results."
        )
    quiet = "" if guard.alarms else " None of them asks for a rollback."
    few = (
        f" {guard.too_few} more {'has' if guard.too_few == 1 else 'have'} fewer than {ENOUGH} "
        "results, too few to judge."
        if guard.too_few
        else ""
    )
    judged = counted(guard.judged, "combination")
    return f"{judged} {what} judged by the results of 8 weeks.{quiet}{few}"


def _alarm(placed: PlacedAlarm) -> AlarmRow:
    alarm, tier = placed.alarm, placed.alarm.after.tier.name
    after, sentences = alarm.after, []
    if alarm.before is not None:
        sentences.append(
            f"Since it runs on {tier}, {fmt.percent(after.pass_rate)} of its runs pass (n = "
            f"{after.n:,}); on {alarm.before.tier} it was {fmt.percent(alarm.before.pass_rate)} "
            f"(n = {alarm.before.n:,}). That is {fmt.whole(alarm.drop)} points less; "
            f"{MOST_DROP} are allowed."
        )
    if alarm.too_much_rework:
        sentences.append(
            f"{fmt.percent(after.rework_rate)} of its runs on {tier} had to be done again "
            f"({after.rework:,} of {after.n:,}); {MOST_REWORK}% is the most allowed."
        )
    if alarm.raise_to is None:
        sentences.append("There is no tier above to go back to: look at the work itself.")
    cause = "Pass rate" if alarm.before is not None else "Rework"
    rates = (
        f"fell by {fmt.whole(alarm.drop)} points"
        if alarm.before is not None
        else f"at {fmt.percent(after.rework_rate)}"
    )
    return AlarmRow(
        sub_agent=placed.sub_agent,
        phase=placed.phase,
        tier=tier,
        sentences=sentences,
        raise_to=alarm.raise_to.name if alarm.raise_to else "",
        reason=f"Quality guard: {cause.lower()} {rates} on {tier} (n = {after.n:,}).",
    )


def _event(row: QualityEvent) -> EventRow:
    parts = [row.sub_agent.code if row.sub_agent else "", row.phase]
    parts.append(f"on {row.tier}" if row.tier else "")
    return EventRow(
        pk=row.pk,
        at=row.at,
        kind=str(row.get_kind_display()),
        result=result_in_words(row),
        whose=" ".join(filter(None, parts)),
        sd=row.sd.code if row.sd else "",
        note=row.note,
        actor=row.actor,
    )


def result_in_words(row: QualityEvent) -> str:
    """What an event says: passed, 48 of 50 passed, 2 issues."""
    kind = EventKind(row.kind)
    if kind is EventKind.REVIEW:
        return "passed" if row.passed else "failed"
    if kind is EventKind.E2E:
        return f"{row.passed:,} of {row.passed + row.failed:,} passed"
    return counted(row.failed, "issue") or "no issues"
