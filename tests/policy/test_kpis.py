"""Rule 10: the KPIs of the report's step 10, their targets and their bands."""

from decimal import Decimal

import pytest

from allocation.policy.kpis import KPI_BY_KEY, KPIS, Band, Kpi, mix_distance

ON, WATCH, OFF = Band.ON_TARGET, Band.WATCH, Band.OFF_TARGET

# Every bound itself, and one step of a hundredth to either side.
READINGS = {
    "utilisation": [
        ("0", WATCH, "too low: the budget could carry more"),
        ("69.99", WATCH, "too low: the budget could carry more"),
        ("70", WATCH, "below the target"),
        ("79.99", WATCH, "below the target"),
        ("80", ON, "optimal"),
        ("95", ON, "optimal"),
        ("95.01", OFF, "too high: the week may run out"),
    ],
    "rework-haiku": [
        ("0", ON, "below 20%"),
        ("19.99", ON, "below 20%"),
        ("20", WATCH, "not below 20%"),
        ("30", WATCH, "not below 20%"),
        ("30.01", OFF, "above 30%"),
    ],
    "rework-sonnet": [
        ("9.99", ON, "below 10%"),
        ("10", WATCH, "not below 10%"),
        ("30", WATCH, "not below 10%"),
        ("30.01", OFF, "above 30%"),
    ],
    "rework-opus": [
        ("4.99", ON, "below 5%"),
        ("5", WATCH, "not below 5%"),
        ("30", WATCH, "not below 5%"),
        ("30.01", OFF, "above 30%"),
    ],
    "cost-per-sd": [("-0.01", ON, "falling"), ("0", WATCH, "flat"), ("0.01", OFF, "rising")],
    "mix": [
        ("5", ON, "close to 40/40/20"),
        ("5.01", WATCH, "drifting from 40/40/20"),
        ("15", WATCH, "drifting from 40/40/20"),
        ("15.01", OFF, "far from 40/40/20"),
    ],
    "sds-completed": [
        ("0", WATCH, "below the baseline"),
        ("5.99", WATCH, "below the baseline"),
        ("6", ON, "at the baseline"),
        ("8", ON, "at the baseline"),
        ("8.01", ON, "above the baseline"),
    ],
    "completion-time": [
        ("-0.01", ON, "no slower than before"),
        ("0", ON, "no slower than before"),
        ("0.01", OFF, "slower than before"),
    ],
    "override-rate": [
        ("0", ON, "well calibrated"),
        ("4.99", ON, "well calibrated"),
        ("5", WATCH, "needs tuning"),
        ("10", WATCH, "needs tuning"),
        ("10.01", OFF, "rules too strict"),
    ],
    "mismatch-rate": [("0", ON, "none"), ("0.01", OFF, "not zero")],
    "exhausted-weeks": [("0", ON, "none"), ("1", OFF, "not zero")],
    "burn-rate-error": [
        ("5", ON, "excellent"),
        ("-5", ON, "excellent"),
        ("5.01", ON, "good"),
        ("10", ON, "good"),
        ("-10", ON, "good"),
        ("10.01", OFF, "poor: adjust the forecast"),
        ("-10.01", OFF, "poor: adjust the forecast"),
    ],
    "exhaustion-error": [
        ("-6.01", OFF, "more than 6 hours"),
        ("-6", ON, "within 6 hours"),
        ("6", ON, "within 6 hours"),
        ("6.01", OFF, "more than 6 hours"),
    ],
    "zone-accuracy": [("80", OFF, "not above 80%"), ("80.01", ON, "above 80%")],
    "review-pass": [("85", OFF, "not above 85%"), ("85.01", ON, "above 85%")],
    "security-issues": [("0", ON, "none"), ("1", OFF, "not zero")],
    "e2e-pass": [("95", OFF, "not above 95%"), ("95.01", ON, "above 95%")],
    "rework-per-sd": [("-0.01", ON, "falling"), ("0", WATCH, "flat"), ("0.01", OFF, "rising")],
}
ROWS = [(key, *reading) for key, readings in READINGS.items() for reading in readings]


@pytest.mark.parametrize(("key", "value", "band", "words"), ROWS)
def test_a_value_falls_into_the_report_s_band(key: str, value: str, band: Band, words: str) -> None:
    reading = KPI_BY_KEY[key].read(Decimal(value))
    assert (reading.band, reading.words) == (band, words)


@pytest.mark.parametrize(("key", "value"), [row[:2] for row in ROWS])
def test_a_value_is_never_rounded_across_a_bound(key: str, value: str) -> None:
    kpi = KPI_BY_KEY[key]
    assert kpi.read(kpi.plain(Decimal(value))) == kpi.read(Decimal(value))


@pytest.mark.parametrize(
    ("key", "value", "plain"),
    [
        ("exhaustion-error", "6.4", "6.4"),
        ("exhaustion-error", "6.5", "7"),
        ("exhaustion-error", "5.96", "6"),
        ("override-rate", "4.96", "4.96"),
        ("override-rate", "4.44", "4"),
        ("rework-per-sd", "-0.04", "-0.04"),
        ("utilisation", "69.98", "69.98"),
    ],
)
def test_a_value_has_no_more_decimals_than_its_band_asks_for(
    key: str, value: str, plain: str
) -> None:
    assert str(KPI_BY_KEY[key].plain(Decimal(value))) == plain


def test_every_kpi_is_specified_here() -> None:
    assert READINGS.keys() == KPI_BY_KEY.keys()
    assert len(KPI_BY_KEY) == len(KPIS) == 18


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.key)
def test_a_kpi_without_data_says_so(kpi: Kpi) -> None:
    assert kpi.read(None).band is Band.NO_DATA
    assert kpi.read(None).words == "no data yet"


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.key)
def test_a_kpi_tells_its_title_unit_and_target(kpi: Kpi) -> None:
    assert all([kpi.key, kpi.title, kpi.unit, kpi.target])


@pytest.mark.parametrize(
    ("haiku", "sonnet", "opus", "distance"),
    [
        ("40", "40", "20", "0"),
        ("45", "35", "20", "5"),
        ("35", "40", "25", "5"),
        ("45.01", "34.99", "20", "5.01"),
        ("0", "94", "6", "54"),  # the report's fleet before any allocation
        ("100", "0", "0", "60"),
        ("0", "0", "100", "80"),
    ],
)
def test_the_distance_of_a_mix_is_that_of_its_worst_tier(
    haiku: str, sonnet: str, opus: str, distance: str
) -> None:
    shares = {"haiku": Decimal(haiku), "sonnet": Decimal(sonnet), "opus": Decimal(opus)}
    assert mix_distance(shares) == Decimal(distance)


@pytest.mark.parametrize(
    ("shares", "distance"),
    [({"haiku": 50, "sonnet": 50}, 20), ({"fable": 100}, 100), ({"opus": 20, "other": 30}, 40)],
)
def test_a_tier_that_never_ran_or_has_no_target_counts_from_0(
    shares: dict[str, int], distance: int
) -> None:
    assert mix_distance({tier: Decimal(share) for tier, share in shares.items()}) == distance


def test_a_week_without_runs_has_no_mix_to_judge() -> None:
    assert mix_distance({}) is None
    assert KPI_BY_KEY["mix"].read(mix_distance({})).band is Band.NO_DATA
