"""Weeks of use made up for the tests, by kind of user; the same for the same seed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

from allocation.policy.forecasting.contract import ForecastInputs
from allocation.policy.forecasting.series import HourlyTokens
from allocation.policy.weeks import Window

MONDAY = datetime(2025, 6, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def _office(random: Random, hour: int) -> float:
    at_work = hour // 24 % 7 < 5 and 8 <= hour % 24 < 18
    return random.lognormvariate(0, 0.6) if at_work else 0


def _clock(random: Random, hour: int) -> float:
    return random.lognormvariate(0, 0.3)


def _bursty(random: Random, hour: int) -> float:
    return random.paretovariate(1.1) if random.random() < 0.05 else 0


def _growing(random: Random, hour: int) -> float:
    return _office(random, hour) * 1.15 ** (hour / 168)


def _idle(random: Random, hour: int) -> float:
    return 0 if (hour // 24 * 7919) % 11 < 5 else random.lognormvariate(0, 0.8)


def _jump(random: Random, hour: int) -> float:
    return _office(random, hour) * (10 if hour >= 6 * 168 + 60 else 1)


def _regime(random: Random, hour: int) -> float:
    kind = _clock if hour // (5 * 168) % 2 else _office
    return kind(random, hour)


def _fleet(random: Random, hour: int) -> float:
    """Evenly around the clock, at another pace each week."""
    return _clock(random, hour) * Random(hour // 168).lognormvariate(0, 1)


KINDS: dict[str, Callable[[Random, int], float]] = {
    "office hours": _office,
    "around the clock": _clock,
    "bursty": _bursty,
    "growing": _growing,
    "idle days": _idle,
    "tenfold jump": _jump,
    "regime change": _regime,
    "fleet": _fleet,
}


def hours_of(kind: str, weeks: float, seed: int = 1) -> HourlyTokens:
    """So many weeks of one kind of user, from a Monday 00:00 UTC on."""
    random = Random(f"{kind} {seed}")
    made = KINDS[kind]
    return HourlyTokens(
        MONDAY, tuple(int(1e5 * made(random, hour)) for hour in range(int(weeks * 168)))
    )


def weeks_of(count: int, start: datetime = MONDAY) -> tuple[Window, ...]:
    """Full weeks one after another."""
    return tuple(Window(start + WEEK * n, start + WEEK * (n + 1)) for n in range(count))


def inputs_at(
    hours: HourlyTokens, past: int, elapsed: float, limit: Fraction | int = 10**7
) -> ForecastInputs:
    """After so many full weeks, so many hours into the next."""
    *before, week = weeks_of(past + 1, hours.first)
    return ForecastInputs(hours, tuple(before), week, week.start + HOUR * elapsed, limit)
