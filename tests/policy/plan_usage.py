"""A plan whose limit and weights are known, and what its meter and the counts would have said."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from allocation.policy.calibration import Calibration, SpanUse, calibrate
from allocation.policy.plan_spans import plan_spans
from allocation.policy.plan_windows import Reading

RATIOS = {"haiku": Fraction(1, 3), "sonnet": Fraction(1), "opus": Fraction(5, 3)}
TRUE = {"haiku": 0.15, "sonnet": 1.0, "opus": 3.0}
CACHE = 0.03
LIMIT = 4_000_000
START = datetime(2026, 9, 7, tzinfo=UTC)
STEP = timedelta(hours=3)

Mix = Callable[[Random], Mapping[str, float]]


def any_mix(random: Random) -> dict[str, float]:
    """Now more of one tier, now more of another."""
    return {tier: random.random() ** 3 for tier in TRUE}


def plan_usage(
    *,
    weeks: int = 4,
    mix: Mix = any_mix,
    reads: Callable[[Random], float] = lambda random: random.uniform(2, 20),
    scale: int = 1,
    seed: int = 7,
) -> list[SpanUse]:
    """The spans of so many plan weeks with all usage counted; readings are whole percent."""
    random = Random(seed)
    used: list[tuple[datetime, dict[str, int], dict[str, int]]] = []
    readings = []
    for week in range(weeks):
        start, level = START + timedelta(weeks=week), 0.0
        for step in range(56):
            at = start + STEP * step
            shares = mix(random)
            fresh = {tier: int(60_000 * share * random.random()) for tier, share in shares.items()}
            cached = {tier: int(tokens * reads(random)) for tier, tokens in fresh.items()}
            used.append((at, fresh, cached))
            level += sum(TRUE[tier] * (fresh[tier] + CACHE * cached[tier]) for tier in fresh)
            percent = Decimal(round(100 * level / LIMIT))
            readings.append(Reading(at + STEP / 2, percent, start + timedelta(weeks=1)))
    uses = []
    for span in plan_spans(readings):
        sums: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for at, *parts in used:
            if span.start.at <= at < span.end.at:
                for total, part in zip(sums, parts, strict=True):
                    for tier, tokens in part.items():
                        total[tier] = total.get(tier, 0) + tokens * scale
        uses.append(SpanUse(span, *sums))
    return uses


def calibration(uses: list[SpanUse], *, seed: int = 1, cache: str = "0") -> Calibration:
    """The calibration of some spans."""
    return calibrate(uses, ratios=RATIOS, cache_weight=Decimal(cache), seed=seed)
