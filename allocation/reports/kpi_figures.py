"""The value of every KPI, what it rests on, and how it went week by week.

- Rates are those of the last four weeks, the running one included.
- KPIs that need a whole week (utilisation, SDs completed) are those of the last week that is over.
- KPIs whose target is a trend ("falling") compare the last weeks that are over, four at most, with
  as many weeks before them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from statistics import fmean, median

from allocation.display import format as fmt
from allocation.policy.kpis import mix_distance
from allocation.policy.quality import EventKind
from allocation.policy.zones import effective_limit, exhausted
from allocation.reports.kpi_rows import Done, Outcomes, Rows

RECENT = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI. None stands for no data.

    `value` and the weekly `series` are in the KPI's unit; but where the value is a change in
    percent, the series has the amounts themselves. `rests_on` says on how much data it rests.
    """

    value: Decimal | None = None
    rests_on: str = ""
    note: str = ""
    series: Sequence[Decimal | None] = field(default=())
    write: Callable[[Decimal], str] = fmt.tokens


def figures(rows: Rows) -> dict[str, Figure]:
    """The figure of every KPI by its key."""
    forecasts = rows.record.figures
    return {
        "utilisation": _utilisation(rows),
        "exhausted-weeks": _exhausted(rows),
        **{f"rework-{tier}": _rework(rows, tier) for tier in ("haiku", "sonnet", "opus")},
        "mix": _mix(rows),
        "override-rate": _overrides(rows),
        "mismatch-rate": _mismatches(rows),
        "sds-completed": _completed(rows),
        "cost-per-sd": _cost(rows),
        "completion-time": _time(rows),
        "rework-per-sd": _rework_per_sd(rows),
        "burn-rate-error": _forecast(rows, "error", forecasts.error, of_100=True),
        "exhaustion-error": _forecast(rows, "exhaustion", forecasts.exhaustion_hours),
        "zone-accuracy": _forecast(rows, "zone", _share(forecasts.zone_hits), of_100=True),
        "review-pass": _passes(rows, EventKind.REVIEW, "review"),
        "e2e-pass": _passes(rows, EventKind.E2E, "test"),
        "security-issues": _security(rows),
    }


def percent(part: Fraction | float | int) -> Decimal:
    """A share as percent to two places."""
    return Decimal(round(Fraction(part) * 10_000)) / 100


def _utilisation(rows: Rows) -> Figure:
    series = [None if share is None else percent(share) for share in _closed_shares(rows)]
    known = [value for value in series if value is not None]
    return Figure(
        value=known[-1] if known else None,
        rests_on="the last closed week" if known else "",
        series=series,
        write=_percent_text,
    )


def _exhausted(rows: Rows) -> Figure:
    series = [
        None if share is None else Decimal(exhausted(share)) for share in _closed_shares(rows)
    ]
    known = [value for value in series if value is not None][-RECENT:]
    return Figure(
        value=Decimal(sum(known)) if known else None,
        rests_on=counted(len(known), "closed week"),
        series=series,
    )


def _rework(rows: Rows, tier: str) -> Figure:
    return _rate(rows, lambda part: (part.rework[tier], part.ended[tier]), "run")


def _mix(rows: Rows) -> Figure:
    recent = rows.recent_outcomes(RECENT)
    shares = _shares(recent.ran)
    ranked = sorted(shares, key=lambda tier: (-shares[tier], tier))
    return Figure(
        value=mix_distance(shares),
        rests_on=recently(recent.ran.total(), "run"),
        note=", ".join(f"{tier} {_percent_text(shares[tier])}" for tier in ranked),
        series=[mix_distance(_shares(part.ran)) for part in rows.outcomes],
    )


def _overrides(rows: Rows) -> Figure:
    return _rate(rows, lambda part: (part.overridden, part.asked), "decision")


def _mismatches(rows: Rows) -> Figure:
    silent = rows.recent_outcomes(RECENT).silent
    return replace(
        _rate(rows, lambda part: (part.silent, part.told), "observed run"),
        note=f"{silent:,} on another model than decided" if silent else "",
    )


def _rate(rows: Rows, counts: Callable[[Outcomes], tuple[int, int]], noun: str) -> Figure:
    """So many of so many among the decisions of the last weeks."""

    def rate(part: Outcomes) -> Decimal | None:
        some, of = counts(part)
        return percent(Fraction(some, of)) if of else None

    recent = rows.recent_outcomes(RECENT)
    return Figure(
        value=rate(recent),
        rests_on=recently(counts(recent)[1], noun),
        series=[rate(part) for part in rows.outcomes],
        write=_percent_text,
    )


def _completed(rows: Rows) -> Figure:
    ever = any(rows.done)
    series = [
        Decimal(len(done)) if ever and week.end <= rows.now else None
        for week, done in zip(rows.weeks, rows.done, strict=True)
    ]
    known = [value for value in series if value is not None]
    return Figure(
        value=known[-1] if known else None,
        rests_on="the last week that is over" if known else "",
        series=series,
    )


def _cost(rows: Rows) -> Figure:
    """Budget tokens of closed weeks for each SD that was completed in them.

    Weeks that were closed under another meter counted in another unit, and are left out.
    """
    closed = [
        (Decimal(week.tokens_burned), len(done))
        if week.tokens_burned and week.meter_name == rows.meter.name
        else None
        for week, done in zip(rows.weeks, rows.done, strict=True)
    ]
    in_dollars = rows.meter.in_dollars
    return _change(
        closed,
        series=[part[0] / part[1] if part and part[1] else None for part in closed],
        write=lambda value: fmt.amount(value, in_dollars=in_dollars),
    )


def _time(rows: Rows) -> Figure:
    """Hours from the first checkpoint of an SD to its completion."""
    return _of_sds(rows, lambda sd: sd.hours, _hours_text)


def _rework_per_sd(rows: Rows) -> Figure:
    return _of_sds(rows, lambda sd: Decimal(sd.rework_cycles), lambda value: f"{value:.1f}")


def _of_sds(
    rows: Rows, measure: Callable[[Done], Decimal | None], write: Callable[[Decimal], str]
) -> Figure:
    parts: list[tuple[Decimal, int] | None] = []
    for week, done in zip(rows.weeks, rows.done, strict=True):
        values = [value for sd in done if (value := measure(sd)) is not None]
        over = week.end <= rows.now and values
        parts.append((sum(values, Decimal(0)), len(values)) if over else None)
    return _change(
        parts, series=[part[0] / part[1] if part else None for part in parts], write=write
    )


def _change(
    parts: Sequence[tuple[Decimal, int] | None],
    *,
    series: Sequence[Decimal | None],
    write: Callable[[Decimal], str],
) -> Figure:
    """The change of a sum per SD: the newer half of the weeks with data against the older half."""
    known = [part for part in parts if part is not None]
    half = min(RECENT, len(known) // 2)
    newer, older = _sums(known[len(known) - half :]), _sums(known[len(known) - 2 * half :][:half])
    if not newer[1] or not older[1] or not older[0]:
        return Figure(series=series, write=write)
    now, before = newer[0] / newer[1], older[0] / older[1]
    return Figure(
        value=percent(Fraction(now) / Fraction(before) - 1),
        rests_on=f"{counted(newer[1], 'SD')} against {older[1]}",
        note=f"{write(now)} per SD, was {write(before)}",
        series=series,
        write=write,
    )


def _forecast(
    rows: Rows, name: str, value: float | Fraction | None, *, of_100: bool = False
) -> Figure:
    middle = median if name == "error" else fmean  # as forecast_record has them

    # An exhaustion that had happened already was no forecast of one.
    number = rows.record.figures.ahead if name == "exhaustion" else rows.record.figures.n

    def shown(figure: float | Fraction) -> Decimal:
        return percent(figure) if of_100 else Decimal(str(round(float(figure), 2)))

    return Figure(
        value=None if value is None else shown(value),
        rests_on=counted(number, "forecast") if value is not None else "",
        series=[shown(middle(found[name])) if found[name] else None for found in rows.scores],
        write=_percent_text if of_100 else _hours_text,
    )


def _passes(rows: Rows, kind: EventKind, noun: str) -> Figure:
    def rate(passed: int, failed: int) -> Decimal | None:
        return percent(Fraction(passed, passed + failed)) if passed + failed else None

    recent = rows.recent_events(kind, RECENT)
    return Figure(
        value=rate(recent.passed, recent.failed),
        rests_on=recently(recent.passed + recent.failed, noun),
        series=[rate(part.passed, part.failed) for part in rows.events[kind]],
        write=_percent_text,
    )


def _security(rows: Rows) -> Figure:
    recent = rows.recent_events(EventKind.SECURITY, RECENT)
    return Figure(
        value=Decimal(recent.failed) if recent.n else None,
        rests_on=recently(recent.n, "check"),
        series=[
            Decimal(part.failed) if part.n else None for part in rows.events[EventKind.SECURITY]
        ],
    )


def counted(n: int, noun: str) -> str:
    """1 run, 12 runs; "" for none."""
    return fmt.counted(n, noun) if n else ""


def recently(n: int, noun: str) -> str:
    """12 runs in 4 weeks; "" for none."""
    return f"{counted(n, noun)} in {RECENT} weeks" if n else ""


def _closed_shares(rows: Rows) -> list[Fraction | None]:
    """The share of each week's budget that was used, once the week is closed.

    A week without a token has 0 of it, unless nothing at all was counted up to then.
    """
    shares, counted_any = [], False
    for week in rows.weeks:
        used = week.tokens_burned
        counted_any = counted_any or bool(used)
        limit = effective_limit(week.limit, week.reserve_percent)
        shares.append(Fraction(used) / limit if used is not None and counted_any else None)
    return shares


def _shares(ran: Counter[str]) -> Mapping[str, Decimal]:
    total = ran.total()
    return {tier: percent(Fraction(n, total)) for tier, n in ran.items()} if total else {}


def _sums(parts: Iterable[tuple[Decimal, int]]) -> tuple[Decimal, int]:
    total, n = Decimal(0), 0
    for amount, count in parts:
        total, n = total + amount, n + count
    return total, n


def _share(hits: tuple[int, int]) -> Fraction | None:
    return Fraction(*hits) if hits[1] else None


def _percent_text(value: Decimal) -> str:
    return fmt.percent(Fraction(value) / 100)


def _hours_text(value: Decimal) -> str:
    return f"{fmt.whole(value)} h"
