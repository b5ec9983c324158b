"""Collects the facts of a budget week from what is there now, in a constant number of queries."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Q

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, BudgetWeek
from allocation.budgets.operations import SUBJECT
from allocation.budgets.page import changes_in_words
from allocation.budgets.weeks import LONG_AGO
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.checkpoints.models import Checkpoint
from allocation.decisions.counts import alike
from allocation.decisions.models import Decision
from allocation.directives.models import StrategicDirective
from allocation.display import format as fmt
from allocation.forecasts.history import amount_of
from allocation.forecasts.record import SHOWN_ORIGIN, spoken
from allocation.policy.meter import FRESH_TOKENS, Meter
from allocation.policy.recommend import Outcome
from allocation.policy.weeks import Window, days_of
from allocation.policy.zones import Bounds, effective_limit, exhausted, zone_at
from allocation.reports.facts import (
    DayFacts,
    EntryFacts,
    ForecastFacts,
    RateFacts,
    SdWeekFacts,
    WeekFacts,
)
from allocation.reports.sd_audit import (
    Rate,
    SdAudit,
    audit_sds,
    fresh_by_tier,
    override_rate,
    rework_rate,
)
from allocation.usage.totals import HOUR, RESOLUTION, Burned, burned_by, total_of

# So many SDs and audit entries of each kind stand on the page; a week has a tenth of that.
MOST_SDS = 200
MOST_ENTRIES = 200

# What begins the action of an entry that changed a rule, and what ends that of a deferral.
RULES = ("limit ", "reserve ", "rule ", "switch ", "meter ", "floor ", "price ", "tier ", "model ",
         "ceiling ", "sub-agent ", "complexity ", "override creation",
         "override revocation")  # fmt: skip
PUT_OFF = ("deferral", "resumption", "release", "pause", "approval", "stop")


def week_facts(week: BudgetWeek, *, now: datetime) -> WeekFacts:
    """The facts of a stored week: of all of it, or up to `now` where it is still running."""
    rule = BudgetRule.objects.select_related("meter").get()
    meter, book = rule.meter.to_policy(), load_price_book()
    hours = {
        hour: part
        for (hour,), part in burned_by(
            ("hour",), within=week.window, meter=meter, book=book
        ).items()
    }
    total = total_of(hours.values())
    days = days_of(week.window, rule.zone_info)
    by_day = burned_by(("day",), within=week.window, days=days, meter=meter, book=book)
    limit = effective_limit(week.limit, week.reserve_percent)
    share = total.budget / limit
    decisions = _decisions(week.window)
    sds = _sds(week.window, book)
    entries = _entries(week.window)
    return WeekFacts(
        start=week.start,
        end=week.end,
        limit=week.limit,
        reserve_percent=week.reserve_percent,
        effective_limit=_decimal(limit),
        bounds=(rule.yellow_percent, rule.orange_percent, rule.red_percent),
        meter=meter.name,
        in_dollars=meter.in_dollars,
        used=_decimal(total.budget),
        share=_decimal(share * 100),
        zone=zone_at(share, rule.bounds).value,
        raw=total.counts.raw,
        usd=total.usd,
        records=total.records,
        unpriced=total.unpriced,
        exhausted=exhausted(share),
        exhausted_at=_exhausted_at(hours, limit, week.end),
        days=_days(
            {days[index].date(): part.budget for (index,), part in by_day.items()},
            limit,
            rule.bounds,
            week,
            now=now,
            zone=rule.zone_info,
        ),
        sds=[facts for _, facts in sds],
        override_rate=_rate(override_rate(decisions["overridden"], decisions["all"])),
        rework_rate=_rate(rework_rate([audit for audit, _ in sds])),
        forecast=_forecast(week, meter),
        deferred_runs=decisions["deferred"],
        deferrals=[entry for entry in entries if entry.action.endswith(PUT_OFF)],
        changes=[entry for entry in entries if not entry.action.endswith(PUT_OFF)],
    )


def _exhausted_at(
    hours: Mapping[datetime, Burned], limit: Fraction, end: datetime
) -> datetime | None:
    used = Fraction(0)
    for hour in sorted(hours):
        used += hours[hour].budget
        if used >= limit:
            return min(hour + HOUR, end)
    return None


def _days(
    used: Mapping[date, Fraction],
    limit: Fraction,
    bounds: Bounds,
    week: BudgetWeek,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> list[DayFacts]:
    """The days on the owner's clock up to now."""
    first = week.start.astimezone(zone).date()
    last = min(max(now, week.start), week.end - RESOLUTION).astimezone(zone).date()
    days, so_far = [], Fraction(0)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        so_far += used.get(day, Fraction(0))
        share = so_far / limit
        days.append(
            DayFacts(
                day=day,
                used=_decimal(used.get(day, Fraction(0))),
                share=_decimal(share * 100),
                zone=zone_at(share, bounds).value,
            )
        )
    return days


def _decisions(window: Window) -> dict[str, int]:
    rows = alike(("outcome",), since=window.start, until=window.end)
    return {
        "all": sum(row["n"] for row in rows),
        "overridden": sum(row["n"] for row in rows if row["overridden"]),
        "deferred": sum(row["n"] for row in rows if row["outcome"] == Outcome.DEFER),
    }


def _sds(window: Window, book: PriceBook) -> list[tuple[SdAudit, SdWeekFacts]]:
    """The SDs that burned, logged, decided or completed anything in the week, the largest first."""
    during = _during(window)
    burned = burned_by(
        ("sd",), within=window, where=Q(sd__isnull=False), meter=FRESH_TOKENS, book=PriceBook({})
    )
    ids = {pk for (pk,) in burned}
    ids.update(Checkpoint.objects.filter(during).order_by().values_list("sd", flat=True).distinct())
    decided = Decision.objects.filter(during, sd__isnull=False).order_by()
    ids.update(decided.values_list("sd", flat=True).distinct())
    completed = Q(completed_at__gte=window.start, completed_at__lt=window.end)
    rows = list(StrategicDirective.objects.filter(Q(pk__in=ids) | completed)[:MOST_SDS])
    audits = audit_sds(rows, book=book, within=window)
    until = Window(LONG_AGO, window.end)  # so far
    totals = fresh_by_tier([row.pk for row in rows], book=book, within=until)
    found = []
    for each in audits:
        done = each.sd.completed_at is not None and each.sd.completed_at in window
        found.append((each, each.facts(completed=done, total=totals[each.sd.pk].total())))
    return sorted(found, key=lambda pair: (-pair[1].tokens, pair[1].code))


def _entries(window: Window) -> list[EntryFacts]:
    """What the audit trail says of rules and deferrals in the week, the oldest first."""
    wanted = Q(subject=SUBJECT)
    for beginning in RULES:
        wanted |= Q(action__startswith=beginning)
    for ending in PUT_OFF:
        wanted |= Q(action__endswith=ending)
    rows = AuditEntry.objects.filter(_during(window)).filter(wanted).order_by("at", "id")
    return [
        EntryFacts(
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            words=_words(row),
            reason=row.reason,
        )
        for row in rows[:MOST_ENTRIES]
    ]


def _words(row: AuditEntry) -> str:
    if row.action.endswith(PUT_OFF):
        # Of an SD that waits the state says it all; the other columns are how the queue is kept.
        before, after = row.before or {}, row.after or {}
        states = [str(each.get("status", "")).replace("_", " ") for each in (after, before)]
        approved = after.get("approved")
        parts = [" instead of ".join(states)] if all(states) else []
        parts += [f"{fmt.tokens(approved)} tokens approved"] if isinstance(approved, int) else []
        return "; ".join(parts)
    if row.before and row.after:
        return "; ".join(changes_in_words(row.before, row.after))
    said = row.after or row.before or {}
    parts = [f"tier {said['tier']}"] if said.get("tier") else []
    parts += [f"for {said['sd_code']}"] if said.get("sd_code") else []
    parts += ["for one run"] if said.get("uses_left") else []
    return " ".join(parts)


def _forecast(week: BudgetWeek, meter: Meter) -> ForecastFacts:
    scores = list(spoken().filter(forecast__week=week).select_related("forecast"))
    if not scores:
        return ForecastFacts()
    shown = [score for score in scores if score.forecast.hours_in == SHOWN_ORIGIN]
    errors = [score.error for score in scores if score.error is not None]
    return ForecastFacts(
        of=len(scores),
        predicted=_decimal(amount_of(shown[0].forecast.point or 0, meter)) if shown else None,
        actual=_decimal(amount_of(scores[0].actual, meter)),
        error=round(100 * median(errors), 4) if errors else None,
        inside80=sum(score.hit80 for score in scores),
        zone_hits=sum(score.zone_hit for score in scores),
    )


def _rate(rate: Rate) -> RateFacts:
    return RateFacts(rate.count, rate.of, rate.target_of)


def _during(window: Window) -> Q:
    return Q(at__gte=window.start, at__lt=window.end)


def _decimal(value: Fraction) -> Decimal:
    """To six places, as BudgetWeek.tokens_burned has them."""
    return Decimal(round(value * 1_000_000)).scaleb(-6)
