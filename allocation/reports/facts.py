"""What the audit page of a week is made from: plain figures, which a snapshot keeps as JSON.

Adding a field needs a default here, so that snapshots from before can still be read. Amounts are in
the unit of the meter that is named; shares are in percent.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One day on the owner's clock: what was used in it, and how the week stood at its end."""

    day: date
    used: Decimal
    share: Decimal
    zone: str


@dataclass(frozen=True, slots=True)
class SdWeekFacts:
    """One SD in a week. Tokens are fresh ones; `total` counts from its start to the week's end."""

    code: str
    title: str
    complexity: int
    status: str
    phase: str
    completed: bool
    tokens: int
    by_tier: dict[str, int]
    total: int
    estimate: int | None
    rework_cycles: int
    decisions: int
    overrides: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """One entry of the audit trail, in words."""

    at: datetime
    actor: str
    action: str
    subject: str
    words: str
    reason: str


@dataclass(frozen=True, slots=True)
class ForecastFacts:
    """How good the week's forecasts were. `predicted` is what was said a day into the week,
    `error` the median error of all `of` forecasts that were scored, in percent."""

    of: int = 0
    predicted: Decimal | None = None
    actual: Decimal | None = None
    error: Decimal | None = None
    inside80: int = 0
    zone_hits: int = 0


@dataclass(frozen=True, slots=True)
class RateFacts:
    """So many of so many; `target_of` names the tier by whose target it is judged."""

    count: int = 0
    of: int = 0
    target_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFacts:
    """A budget week as it stood. `exhausted_at` is the end of the hour in which it ran out."""

    start: datetime
    end: datetime
    limit: Decimal
    reserve_percent: Decimal
    effective_limit: Decimal
    bounds: tuple[Decimal, Decimal, Decimal]
    meter: str
    in_dollars: bool
    used: Decimal
    share: Decimal
    zone: str
    raw: int
    usd: Decimal | None
    records: int
    unpriced: int
    exhausted: bool
    exhausted_at: datetime | None
    days: list[DayFacts]
    sds: list[SdWeekFacts]
    override_rate: RateFacts
    rework_rate: RateFacts
    forecast: ForecastFacts
    deferred_runs: int
    deferrals: list[EntryFacts]
    changes: list[EntryFacts]


def to_json(facts: WeekFacts) -> dict[str, Any]:
    """The facts as a JSON column holds them; decimals and moments as text, so that none is
    rounded."""
    built: dict[str, Any] = msgspec.to_builtins(facts)
    return built


def from_json(stored: dict[str, Any]) -> WeekFacts:
    """The facts of a snapshot. Raises msgspec.ValidationError if they are none."""
    return msgspec.convert(stored, WeekFacts)
