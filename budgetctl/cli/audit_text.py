"""The audit as JSON and as the report shows it (its step 9)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rich.text import Text

from allocation.api.week import accuracy
from allocation.checkpoints.defaults import whole_shares
from allocation.display import format as fmt
from allocation.display.bands import judged
from allocation.display.json_values import iso, share
from allocation.policy.kpis import KPI_BY_KEY, Band
from allocation.policy.plain import safe
from allocation.policy.tiers import SHIPPED_TIERS
from allocation.reports.sd_audit import Audit, Rate, SdAudit
from allocation.reports.sd_words import NO_TARGET
from budgetctl.cli.printing import Line, heading, row
from budgetctl.cli.week_text import NO_RECORD

_SHAPES = {
    Band.ON_TARGET: ("●", "green"),
    Band.WATCH: ("▲", "yellow"),
    Band.OFF_TARGET: ("◆", "dark_orange"),
    Band.NO_DATA: ("–", "dim"),
}


def as_json(page: Audit) -> dict[str, Any]:
    """{"sds": [...], "override_rate": {...}, "rework_rate": {...}, "forecast_accuracy": {...}},
    the last null while there is no record."""
    return {
        "sds": [_sd_json(each) for each in page.sds],
        "override_rate": _rate_json(page.override_rate),
        "rework_rate": _rate_json(page.rework_rate),
        "forecast_accuracy": accuracy(page.record, page.meter),
    }


def _sd_json(each: SdAudit) -> dict[str, Any]:
    against = each.against_estimate
    return {
        "sd": each.sd.code,
        "complexity": each.sd.complexity,
        "status": each.sd.status,
        "started_at": iso(each.sd.started_at),
        "completed_at": iso(each.sd.completed_at),
        "tokens": each.tokens,
        "tokens_by_tier": dict(each.by_tier),
        "estimate": each.sd.estimate,
        "percent_against_estimate": None if against is None else share(against),
        "rework_cycles": each.rework_cycles,
        "decisions": each.decisions,
        "overrides": list(each.overrides),
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    return {
        "count": rate.count,
        "of": rate.of,
        "percent": None if rate.share is None else share(rate.share),
        "band": rate.reading.band.value,
        "words": rate.reading.words,
    }


def as_text(page: Audit) -> Iterator[Line]:
    """One block for each SD, then the rates with their bands."""
    yield Text("TOKEN AUDIT TRAIL", style="bold")
    if not page.sds:
        yield "  No SD has started yet. Log its first checkpoint: budgetctl log SD --tokens 20k"
    for each in page.sds:
        yield ""
        yield from _sd(each)
    yield ""
    yield heading(f"OVER {len(page.sds)} SDs" if len(page.sds) != 1 else "OVER 1 SD")
    yield _rate("Overrides", page.override_rate, "decisions")
    yield _rate("Rework", page.rework_rate, "SDs")
    yield row("Forecast", *_accuracy(page))


def _accuracy(page: Audit) -> tuple[Text, str]:
    record = page.record
    error = None if record.error is None else Decimal(str(round(record.error * 100, 4)))
    kpi = KPI_BY_KEY["burn-rate-error"]
    reading = kpi.read(error)
    shape, style = _SHAPES[reading.band]
    if error is None:
        return Text(shape, style), f" {NO_RECORD}"
    median = f"median error {judged(kpi, error)}"
    weeks = fmt.counted(len(record.weeks), "week")
    return Text(shape, style), f" {reading.band}: {median} in {weeks}"


def _sd(each: SdAudit) -> Iterator[Line]:
    sd = each.sd
    stands = f"in {sd.phase}" if sd.phase else str(sd.get_status_display())
    yield Text.assemble((sd.code, "bold"), f" (complexity {sd.complexity}/5, {stands})")
    mix = whole_shares(each.by_tier) if each.tokens else {}
    shares = ", ".join(f"{mix[tier]}% {safe(tier)}" for tier in sorted(mix, key=_by_rank))
    yield row("Models", shares or "–")
    yield row("Tokens", f"{fmt.tokens(each.tokens)} ({_against(each)})")
    cycles = each.rework_cycles
    yield row("Rework", f"yes, {cycles} cycle{'s' if cycles > 1 else ''}" if cycles else "no")
    for sentence in list(dict.fromkeys(each.overrides)) or ["none"]:
        yield row("Override", safe(sentence))


def _by_rank(tier: str) -> tuple[int, str]:
    """Cheapest first, as the report has it; tiers of the owner's own after those that ship."""
    names = [shipped.name for shipped in SHIPPED_TIERS]
    return (names.index(tier) if tier in names else len(names), tier)


def _against(each: SdAudit) -> str:
    against = each.against_estimate
    if against is None:
        return "no estimate"
    so_far = "" if each.sd.completed_at else "so far "
    estimate = fmt.tokens(each.sd.estimate or 0)
    if against == 0:
        return f"{so_far}as estimated"
    side = "above" if against > 0 else "below"
    size = fmt.percent(abs(against))
    return f"{so_far}{'under 1%' if size == '0%' else size} {side} the estimate of {estimate}"


def _rate(title: str, rate: Rate, what: str) -> Line:
    shape, style = _SHAPES[rate.reading.band]
    if rate.share is None:
        return row(title, Text(shape, style), f" {rate.reading.words}")
    counted = f"{rate.count:,} of {rate.of:,} {what} ({rate.text})"
    words = rate.reading.words
    if rate.reading.band is Band.NO_DATA:
        return row(title, Text(shape, style), f" {counted}; not judged: {NO_TARGET}")
    if rate.target_of:
        target = KPI_BY_KEY[f"rework-{rate.target_of}"].target
        words += f" ({rate.target_of}: {target})"
    return row(title, Text(shape, style), f" {rate.reading.band}: {counted}; {words}")
