"""Rule 9: the linear burn rate and its fallbacks."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.burn_rate import Basis, LinearForecast, linear_forecast
from allocation.policy.weeks import Window

START = datetime(2025, 12, 1, 22, tzinfo=UTC)  # Monday 14:00 in Los Angeles
WEEK = Window(START, START + timedelta(days=7))
LIMIT = Fraction(500_000)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)

hours = st.fractions(6, 168, max_denominator=3600)
amounts = st.fractions(Fraction(1, 3), 10**9, max_denominator=3)
shares = st.fractions(0, 1, max_denominator=100)


def forecast(used: Fraction | int, after: Fraction | int, **more: Fraction) -> LinearForecast:
    """The forecast for this much used after so many hours of the week; it must not be None."""
    now = START + timedelta(seconds=round(after * 3600))
    settings = {"effective_limit": LIMIT} | more
    made = linear_forecast(used=Fraction(used), week=WEEK, now=now, **settings)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("elapsed", "says_something"),
    [
        (timedelta(days=-1), False),
        (timedelta(0), False),
        (timedelta(hours=6) - MICROSECOND, False),
        (timedelta(hours=6), True),
        (timedelta(hours=6) + MICROSECOND, True),
    ],
)
def test_within_6_hours_it_is_too_early_to_say(elapsed: timedelta, says_something: bool) -> None:
    made = linear_forecast(used=Fraction(1), week=WEEK, now=START + elapsed, effective_limit=LIMIT)
    assert (made is not None) is says_something


@pytest.mark.parametrize("used", [Fraction(0), Fraction(-1)])
def test_before_anything_is_used_it_is_too_early_to_say(used: Fraction) -> None:
    now = START + timedelta(days=6)
    assert linear_forecast(used=used, week=WEEK, now=now, effective_limit=LIMIT) is None


def test_the_burn_rate_is_what_was_used_by_the_hours() -> None:
    made = forecast(240_000, after=24)
    assert made.per_hour == 10_000
    assert made.at_reset == 1_680_000
    assert made.exhausts_at == START + timedelta(hours=50)
    assert made.before_reset
    assert (made.basis, made.buffered) == (Basis.OVERALL, False)


def test_the_report_s_8500_an_hour_exhausts_255k_in_30_hours() -> None:
    made = forecast(204_000, after=24, effective_limit=Fraction(204_000 + 255_000))
    assert made.per_hour == 8_500
    assert made.exhausts_at == START + timedelta(hours=24 + 30)


@pytest.mark.parametrize(
    ("used", "exhausts_in", "before_reset"),
    [
        (250_000, timedelta(hours=84), False),  # at the reset itself, which is not before it
        (250_001, timedelta(hours=84) - 2 * SECOND, True),
        (249_999, timedelta(hours=84) + 2 * SECOND, False),
    ],
)
def test_an_exhaustion_at_the_reset_is_not_before_it(
    used: int, exhausts_in: timedelta, before_reset: bool
) -> None:
    made = forecast(used, after=84)
    assert abs(made.exhausts_at - (START + timedelta(hours=84) + exhausts_in)) <= SECOND
    assert made.before_reset is before_reset


@pytest.mark.parametrize("used", [499_999, 500_000, 500_001, 10**9])
def test_a_week_that_is_used_up_exhausts_now(used: int) -> None:
    made = forecast(used, after=100)
    assert made.exhausts_at - (START + timedelta(hours=100)) <= SECOND
    assert made.before_reset


@pytest.mark.parametrize("late", [timedelta(0), MICROSECOND, timedelta(days=30)])
def test_after_the_reset_the_week_itself_is_the_elapsed_time(late: timedelta) -> None:
    made = linear_forecast(
        used=Fraction(168_000), week=WEEK, now=WEEK.end + late, effective_limit=LIMIT
    )
    assert made is not None
    assert made.per_hour == 1_000
    assert made.at_reset == 168_000
    assert not made.before_reset


def test_a_trickle_exhausts_within_the_calendar() -> None:
    made = forecast(Fraction(1, 10**9), after=168, effective_limit=Fraction(10**30))
    assert made.exhausts_at.year == 2125
    assert not made.before_reset


@pytest.mark.parametrize(
    ("expected", "basis"),
    [
        (Fraction(100_000), Basis.RECENT),  # exactly 20 % above
        (Fraction(100_000) - Fraction(1, 10**9), Basis.RECENT),
        (Fraction(100_000) + Fraction(1, 10**9), Basis.OVERALL),
        (Fraction(0), Basis.RECENT),
    ],
)
def test_use_20_percent_above_the_forecast_turns_to_the_recent_rate(
    expected: Fraction, basis: Basis
) -> None:
    made = forecast(120_000, after=48, expected=expected, recent=Fraction(96_000))
    assert made.basis is basis
    assert made.per_hour == (4_000 if basis is Basis.RECENT else 2_500)


@pytest.mark.parametrize(
    ("recent", "basis"), [(59_999, Basis.OVERALL), (60_000, Basis.OVERALL), (60_001, Basis.RECENT)]
)
def test_the_higher_of_the_overall_and_the_recent_rate_counts(recent: int, basis: Basis) -> None:
    made = forecast(120_000, after=48, expected=Fraction(1), recent=Fraction(recent))
    assert made.basis is basis
    assert made.per_hour == max(Fraction(2_500), Fraction(recent, 24))


@pytest.mark.parametrize(
    ("after", "per_hour"), [(6, 2_000), (12, 1_000), (23, Fraction(12_000, 23)), (24, 500)]
)
def test_in_the_first_day_recent_is_since_the_week_began(
    after: int, per_hour: Fraction | int
) -> None:
    made = forecast(6_000, after=after, expected=Fraction(1), recent=Fraction(12_000))
    assert (made.basis, made.per_hour) == (Basis.RECENT, per_hour)


def test_the_recent_rate_is_by_the_hours_that_recent_use_covers() -> None:
    known = {"expected": Fraction(1), "recent": Fraction(96_000), "recent_hours": Fraction(49, 2)}
    assert forecast(120_000, after=48, **known).per_hour == Fraction(96_000) / Fraction(49, 2)


@pytest.mark.parametrize("known", [{}, {"recent": Fraction(10**6)}, {"expected": Fraction(1)}])
def test_without_both_a_forecast_and_recent_use_the_overall_rate_stays(
    known: dict[str, Fraction],
) -> None:
    assert forecast(120_000, after=48, **known).basis is Basis.OVERALL


@pytest.mark.parametrize(
    ("confidence", "buffered"),
    [
        (Fraction(0), True),
        (Fraction(1, 2) - Fraction(1, 10**60), True),
        (Fraction(1, 2), False),
        (Fraction(1), False),
    ],
)
def test_low_confidence_adds_a_buffer_of_20_percent(confidence: Fraction, buffered: bool) -> None:
    made = forecast(240_000, after=48, confidence=confidence)
    assert made.buffered is buffered
    assert made.per_hour == (6_000 if buffered else 5_000)
    assert made.at_reset == 240_000 + 120 * made.per_hour  # the past is not buffered


def test_the_buffer_comes_on_top_of_the_recent_rate() -> None:
    made = forecast(
        120_000, after=48, expected=Fraction(1), recent=Fraction(96_000), confidence=Fraction(0)
    )
    assert (made.basis, made.buffered) == (Basis.RECENT, True)
    assert made.per_hour == 4_800


@given(amounts, hours)
def test_the_baseline_is_used_by_hours_times_the_week(used: Fraction, after: Fraction) -> None:
    after = Fraction(round(after * 3600), 3600)
    assert forecast(used, after).at_reset == used / after * 168


@given(amounts, hours, amounts, amounts, shares)
def test_exhaustion_is_never_in_the_past(
    used: Fraction, after: Fraction, limit: Fraction, recent: Fraction, confidence: Fraction
) -> None:
    made = forecast(
        used, after, effective_limit=limit, recent=recent, expected=limit, confidence=confidence
    )
    assert made.exhausts_at >= START + timedelta(seconds=round(after * 3600))
    assert made.per_hour > 0
    assert made.at_reset >= used


@given(amounts, hours, amounts, amounts, st.integers(2, 10**6))
def test_scaling_all_tokens_scales_the_forecast(
    used: Fraction, after: Fraction, limit: Fraction, recent: Fraction, by: int
) -> None:
    one = forecast(used, after, effective_limit=limit, recent=recent, expected=limit)
    scaled = {"effective_limit": limit * by, "recent": recent * by, "expected": limit * by}
    other = forecast(used * by, after, **scaled)
    assert (other.per_hour, other.at_reset) == (one.per_hour * by, one.at_reset * by)
    assert (other.exhausts_at, other.basis) == (one.exhausts_at, one.basis)


@given(amounts, hours, amounts, shares, amounts)
def test_the_fallbacks_never_forecast_less_than_the_baseline(
    used: Fraction, after: Fraction, recent: Fraction, confidence: Fraction, expected: Fraction
) -> None:
    plain = forecast(used, after)
    made = forecast(used, after, recent=recent, confidence=confidence, expected=expected)
    assert made.per_hour >= plain.per_hour
    assert made.exhausts_at <= plain.exhausts_at


@given(amounts, hours)
def test_a_week_runs_out_before_the_reset_exactly_if_more_than_the_limit_is_forecast(
    used: Fraction, after: Fraction
) -> None:
    made = forecast(used, after)
    if abs(made.exhausts_at - WEEK.end) > SECOND:  # exhaustion is told to the second
        assert made.before_reset is (made.at_reset > LIMIT)
