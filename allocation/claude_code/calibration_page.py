"""What the page of the calibration prints, and what it offers to apply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from allocation.budgets.calibration import Weights
from allocation.budgets.models import BudgetRule
from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.claude_code.calibration import calibration_at
from allocation.display import format as fmt
from allocation.display.chart import Chart
from allocation.display.fact import Fact
from allocation.policy.calibration import Calibration, Estimate, SpanVerdict, Weight
from allocation.policy.meter import Meter, Weighting
from allocation.usage.standing import RunningWeek, running_week
from allocation.usage.totals import burned

MOST_SPANS = 30


@dataclass(frozen=True, slots=True)
class Offer:
    """A limit and a meter to apply; `key` tells whether it is still the one that was looked at."""

    limit: Decimal
    weights: Weights

    @property
    def key(self) -> str:
        """All that is offered, in one line."""
        tiers = ",".join(f"{tier}={weight:f}" for tier, weight in self.weights.tiers.items())
        return f"{self.limit:f};{tiers};{self.weights.cache_read:f}"


@dataclass(frozen=True, slots=True)
class CalibrationPage:
    """Everything on the page beside its form. `weights` are rows of texts."""

    found: Calibration
    headline: str
    interval: str
    facts: Sequence[Fact]
    weights: Sequence[Sequence[str]]
    spans: Sequence[Sequence[str]]
    more_spans: bool
    chart: Chart
    offer: Offer | None


def offer_of(found: Calibration) -> Offer | None:
    """What a calibration offers; None while there are not enough readings."""
    if found.limit is None or found.cache_read is None:
        return None
    tiers = {weight.tier: weight.estimate.value for weight in found.weights}
    return Offer(
        found.limit.value, Weights(tiers=tiers, cache_read=found.cache_read.estimate.value)
    )


def calibration_page(now: datetime, zone: ZoneInfo) -> CalibrationPage:
    """The page at `now`. As many queries however many readings there are."""
    book, week = load_price_book(), running_week(now)
    found = calibration_at(now, meter=week.meter, book=book)
    shown = found.spans[-MOST_SPANS:]
    return CalibrationPage(
        found=found,
        headline=fmt.tokens(found.limit.value) if found.limit else "",
        interval=interval(found.limit) if found.limit else "",
        facts=_facts(found, week, book),
        weights=weight_rows(found, week.meter),
        spans=[_span_row(verdict, zone) for verdict in reversed(shown)],
        more_spans=len(found.spans) > len(shown),
        chart=_chart(shown, zone),
        offer=offer_of(found),
    )


def interval(estimate: Estimate) -> str:
    """The 80 % interval of an estimate; a dash where it is not measured."""
    if estimate.low is None or estimate.high is None:
        return "–"
    return f"{_plain(estimate.low)} to {_plain(estimate.high)}"


def weight_rows(found: Calibration, meter: Meter) -> list[tuple[str, str, str, str, str]]:
    """Tier, weight, 80 % interval, the weight in the meter as it is, and what it rests on."""
    rows = []
    for weight in (*found.weights, *([found.cache_read] if found.cache_read else [])):
        rows.append(
            (
                weight.tier.capitalize(),
                _plain(weight.estimate.value),
                interval(weight.estimate),
                _weight_now(weight, found, meter),
                weight.why
                or ("Measured." if weight.estimate.measured else "What others count in."),
            )
        )
    return rows


def _weight_now(weight: Weight, found: Calibration, meter: Meter) -> str:
    if meter.in_dollars:
        return "–"
    if weight is found.cache_read:
        return _plain(meter.cache_read)
    if meter.weighting is Weighting.TIER:
        return _plain(dict(meter.tier_weights).get(weight.tier, Decimal(1)))
    return "its price" if meter.weighting is Weighting.LIST_PRICE else "1"


def _facts(found: Calibration, week: RunningWeek, book: PriceBook) -> list[Fact]:
    in_dollars = week.meter.in_dollars
    facts = [
        Fact(
            "Limit now",
            fmt.amount(week.limit, in_dollars=in_dollars),
            note=f"by the meter {week.meter.name}",
        ),
        Fact("Clean spans", str(found.clean), note=f"of {len(found.spans)} in the last 8 weeks"),
    ]
    offer = offer_of(found)
    if found.limit is None or offer is None:
        return facts
    effective = 1 - week.reserve / week.limit
    used = burned(within=week.window, meter=_measured(offer), book=book).budget
    before = burned(within=week.window, meter=week.meter, book=book).budget
    return [
        Fact(
            "Limit measured", fmt.tokens(offer.limit), note=f"80% interval {interval(found.limit)}"
        ),
        *facts,
        Fact(
            "This week by it",
            fmt.percent(used / (Fraction(offer.limit) * effective)),
            note=f"of the effective limit; now {fmt.percent(before / (week.limit * effective))}",
        ),
    ]


def _measured(offer: Offer) -> Meter:
    return Meter(
        "measured",
        Weighting.TIER,
        cache_read=offer.weights.cache_read,
        tier_weights=tuple(offer.weights.tiers.items()),
    )


def _span_row(verdict: SpanVerdict, zone: ZoneInfo) -> tuple[str, ...]:
    use = verdict.use
    span = use.span
    return (
        fmt.moment(span.start.at, zone),
        fmt.duration(span.end.at - span.start.at),
        _plain(span.percent),
        "–" if verdict.predicted is None else f"{verdict.predicted:.1f}",
        fmt.tokens(sum(use.fresh.values()) + use.unknown),
        fmt.tokens(sum(use.cache_reads.values())),
        f"Left out: {verdict.left_out}" if verdict.left_out else _used(verdict),
    )


def _used(verdict: SpanVerdict) -> str:
    return "Clean" if verdict.predicted is None else "Used"


def _chart(shown: Sequence[SpanVerdict], zone: ZoneInfo) -> Chart:
    title = "The plan’s meter and the estimate"
    told = [verdict for verdict in shown if verdict.predicted is not None]
    if not told:
        return Chart("calibration-spans", title, "", "There is no estimate to compare with yet.")
    labels = [f"{verdict.use.span.start.at.astimezone(zone):%-d %b %H:%M}" for verdict in told]
    rises = [float(verdict.use.span.percent) for verdict in told]
    fitted = [round(verdict.predicted or 0.0, 1) for verdict in told]
    return Chart(
        id="calibration-spans",
        title=title,
        label="Two lines that should lie on one another; the table below has each number.",
        empty="",
        note="By how many points the plan’s meter rose in each span, and should have risen.",
        spec={
            "kind": "lines",
            "x": labels,
            "x_type": "category",
            "unit": "points of the plan’s meter",
            "series": [
                {"name": "The plan’s meter", "style": "line", "values": rises},
                {"name": "By the estimate", "style": "dashed", "values": fitted},
            ],
            "marks": [],
        },
        headings=("Span from", "The plan’s meter", "By the estimate"),
        rows=[
            (label, f"{rise:g}", f"{fit:.1f}")
            for label, rise, fit in zip(labels, rises, fitted, strict=True)
        ],
    )


def _plain(value: Decimal) -> str:
    """A measured number as it is, in groups of three and without trailing zeros."""
    return f"{value.normalize():,f}"


def latest(now: datetime) -> Calibration:
    """The calibration at `now`, by the meter that it would replace."""
    meter = BudgetRule.objects.select_related("meter").get().meter.to_policy()
    return calibration_at(now, meter=meter, book=load_price_book())
