"""What the audit page of a budget week prints: frozen where the week is closed, else as of now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from allocation.budgets.models import BudgetWeek
from allocation.display import format as fmt
from allocation.display.bands import judged
from allocation.display.bar import Bar, named_bounds
from allocation.display.fact import Fact
from allocation.policy.kpis import KPI_BY_KEY
from allocation.reports.collect import week_facts
from allocation.reports.differences import differences
from allocation.reports.facts import EntryFacts, ForecastFacts, WeekFacts, from_json
from allocation.reports.labels import open_labels
from allocation.reports.models import WeekLesson, WeekSnapshot
from allocation.reports.sd_audit import override_rate, rework_rate_of
from allocation.reports.sd_words import SdRow, Verdict, rate_verdict, sd_row, verdict

RUNNING, OVER, CLOSED = "running", "over", "closed"


@dataclass(frozen=True, slots=True)
class DayRow:
    """How the week stood at the end of a day."""

    day: str
    used: str
    share: str
    percent: float
    zone: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Everything on the page."""

    label: str
    state: str
    start: datetime
    end: datetime
    as_of: datetime
    zone: str
    headline: str
    bar: Bar
    facts: Sequence[Fact]
    verdicts: Sequence[Verdict]
    days: Sequence[DayRow]
    unit: str
    sds: Sequence[SdRow]
    deferred_runs: int
    deferrals: Sequence[EntryFacts]
    changes: Sequence[EntryFacts]
    differences: Sequence[str]
    lesson: WeekLesson | None
    earlier: Sequence[WeekLesson]
    older: str
    newer: str


def audit_page(week: BudgetWeek, *, now: datetime, zone: ZoneInfo) -> AuditPage:
    """The page of a week at `now`. The number of queries does not depend on what the week has."""
    snapshot = WeekSnapshot.objects.filter(week=week).first()
    today = week_facts(week, now=now)
    facts = from_json(snapshot.facts) if snapshot else today
    lessons = list(WeekLesson.objects.filter(week=week))
    names = open_labels(zone)
    older, newer = _beside(week, names)
    return AuditPage(
        label=snapshot.label if snapshot else names[week.pk],
        state=CLOSED if snapshot else RUNNING if week.end > now else OVER,
        start=facts.start,
        end=week.end if snapshot is None else facts.end,
        as_of=snapshot.taken_at if snapshot else now,
        zone=facts.zone,
        headline=_headline(facts),
        bar=_bar(facts),
        facts=_facts(facts, zone),
        verdicts=_verdicts(facts),
        days=[
            DayRow(
                day=f"{day.day:%a %-d %b}",
                used=fmt.amount(day.used, in_dollars=facts.in_dollars),
                share=_reached(day.share),
                percent=float(min(day.share, Decimal(100))),
                zone=day.zone,
            )
            for day in facts.days
        ],
        unit="US dollars" if facts.in_dollars else "Budget tokens",
        sds=[sd_row(sd) for sd in facts.sds],
        deferred_runs=facts.deferred_runs,
        deferrals=facts.deferrals,
        changes=facts.changes,
        differences=differences(facts, today) if snapshot else [],
        lesson=lessons[0] if lessons else None,
        earlier=lessons[1:],
        older=older,
        newer=newer,
    )


def _beside(week: BudgetWeek, names: dict[int, str]) -> tuple[str, str]:
    """The names of the weeks before and after; "" where there is none."""
    weeks = BudgetWeek.objects.select_related("snapshot").defer("snapshot__facts")
    older = weeks.filter(start__lt=week.start).order_by("-start").first()
    newer = weeks.filter(start__gt=week.start).order_by("start").first()
    return _name(older, names), _name(newer, names)


def _name(week: BudgetWeek | None, names: dict[int, str]) -> str:
    if week is None:
        return ""
    return names.get(week.pk) or week.snapshot.label


def _headline(facts: WeekFacts) -> str:
    what = "dollars" if facts.in_dollars else "tokens"
    return f"{facts.zone.capitalize()}: {_reached(facts.share)} of the week’s {what} used"


def _bar(facts: WeekFacts) -> Bar:
    effective = float(100 - facts.reserve_percent)
    return Bar(
        used_percent=float(min(facts.share, Decimal(100))),
        effective_percent=effective,
        reserve_percent=float(facts.reserve_percent),
        bounds=named_bounds(facts.bounds),
        zone=facts.zone,
        label=_headline(facts),
    )


def _facts(facts: WeekFacts, zone: ZoneInfo) -> list[Fact]:
    def amount(value: Decimal) -> str:
        return fmt.amount(value, in_dollars=facts.in_dollars)

    reserve = facts.limit - facts.effective_limit
    held = f"{amount(reserve)} held back as reserve" if reserve else ""
    over = max(Decimal(0), facts.used - facts.effective_limit)
    ran_out = f"by {fmt.moment(facts.exhausted_at, zone)}" if facts.exhausted_at else ""
    done = sum(sd.completed for sd in facts.sds)
    unpriced = f"{facts.unpriced:,} of {facts.records:,} records have no price"
    return [
        Fact("Used", amount(facts.used), f"of {amount(facts.effective_limit)}", held),
        Fact(
            "Exhausted",
            "Yes" if facts.exhausted else "No",
            note=", ".join(filter(None, [ran_out, f"{amount(over)} over" if over else ""])),
        ),
        Fact("SDs completed", f"{done:,}", f"of {len(facts.sds):,} worked on"),
        Fact(
            "Cost",
            fmt.usd(facts.usd) if facts.records else "–",
            note=unpriced if facts.unpriced and facts.records else "",
        ),
        Fact("Raw tokens", fmt.tokens(facts.raw), note=f"Meter: {facts.meter}"),
    ]


def _verdicts(facts: WeekFacts) -> list[Verdict]:
    overrides = override_rate(facts.override_rate.count, facts.override_rate.of)
    again = facts.rework_rate
    rework = rework_rate_of(again.count, again.of, again.target_of)
    return [
        rate_verdict("Override rate", overrides, "decisions overridden"),
        rate_verdict("Rework rate of SDs", rework, "SDs with rework"),
        _accuracy(facts.forecast, facts.in_dollars),
    ]


def _accuracy(forecast: ForecastFacts, in_dollars: bool) -> Verdict:
    kpi = KPI_BY_KEY["burn-rate-error"]
    reading = kpi.read(forecast.error)
    if forecast.error is None:
        return verdict("Forecast error", "–", reading, "")
    said = ""
    if forecast.predicted is not None and forecast.actual is not None:
        predicted, actual = (
            fmt.amount(each, in_dollars=in_dollars)
            for each in (forecast.predicted, forecast.actual)
        )
        said = f"; a day in, {predicted} was predicted and {actual} came"
    rests_on = f"median of {fmt.counted(forecast.of, 'forecast')}{said}"
    return verdict("Forecast error", f"±{judged(kpi, forecast.error)}", reading, rests_on)


def _reached(percent: Decimal) -> str:
    return fmt.reached(Fraction(percent) / 100)
