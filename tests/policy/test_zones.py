"""Rule 1: zones by the share of the effective limit that is used."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.policy.errors import RuleError
from allocation.policy.zones import (
    DEFAULT_BOUNDS,
    Bounds,
    Zone,
    effective_limit,
    exhausted,
    zone_at,
)

TINY = Fraction(1, 10**60)


@pytest.mark.parametrize(
    ("share", "zone"),
    [
        (Fraction(0), Zone.GREEN),
        (Fraction(70, 100) - TINY, Zone.GREEN),
        (Fraction(70, 100), Zone.YELLOW),
        (Fraction(70, 100) + TINY, Zone.YELLOW),
        (Fraction(85, 100) - TINY, Zone.YELLOW),
        (Fraction(85, 100), Zone.ORANGE),
        (Fraction(85, 100) + TINY, Zone.ORANGE),
        (Fraction(95, 100) - TINY, Zone.ORANGE),
        (Fraction(95, 100), Zone.RED),
        (Fraction(95, 100) + TINY, Zone.RED),
        (Fraction(1), Zone.RED),
        (Fraction(250), Zone.RED),
    ],
)
def test_a_bound_belongs_to_the_worse_zone(share: Fraction, zone: Zone) -> None:
    assert zone_at(share) is zone


@pytest.mark.parametrize(
    ("used", "zone"),
    [
        (245_000, Zone.GREEN),  # the report's checkpoint sample calls this YELLOW
        (349_999, Zone.GREEN),
        (350_000, Zone.YELLOW),
        (360_000, Zone.YELLOW),  # the report's dashboard
        (424_999, Zone.YELLOW),
        (425_000, Zone.ORANGE),
        (445_000, Zone.ORANGE),  # the report's dashboard after the next SD: 55k of 500k left
        (474_999, Zone.ORANGE),
        (475_000, Zone.RED),
    ],
)
def test_the_report_s_samples_of_500k_fall_into_their_zones(used: int, zone: Zone) -> None:
    assert zone_at(Fraction(used, 500_000)) is zone


@pytest.mark.parametrize(
    ("share", "is_exhausted"),
    [(1 - TINY, False), (Fraction(1), True), (1 + TINY, True), (Fraction(0), False)],
)
def test_a_week_is_exhausted_when_all_of_the_effective_limit_is_used(
    share: Fraction, is_exhausted: bool
) -> None:
    assert exhausted(share) is is_exhausted


def test_zones_know_how_bad_they_are() -> None:
    assert [zone.severity for zone in Zone] == [0, 1, 2, 3]
    assert list(Zone) == [Zone.GREEN, Zone.YELLOW, Zone.ORANGE, Zone.RED]


@pytest.mark.parametrize(
    ("zone", "pressed"),
    [(Zone.GREEN, False), (Zone.YELLOW, True), (Zone.ORANGE, True), (Zone.RED, True)],
)
def test_the_budget_presses_from_yellow_on(zone: Zone, pressed: bool) -> None:
    assert zone.under_pressure is pressed


def test_the_shipped_bounds_are_70_85_and_95_percent() -> None:
    assert Bounds(Decimal(70), Decimal(85), Decimal(95)) == DEFAULT_BOUNDS


@pytest.mark.parametrize(
    ("yellow", "orange", "red"),
    [
        ("0.01", "0.02", "0.03"),
        ("70", "70.01", "70.02"),
        ("70", "85", "100"),
        ("99.98", "99.99", "100"),
    ],
)
def test_bounds_that_rise_are_taken(yellow: str, orange: str, red: str) -> None:
    bounds = Bounds(Decimal(yellow), Decimal(orange), Decimal(red))
    assert zone_at(Fraction(yellow) / 100, bounds) is Zone.YELLOW
    assert zone_at(Fraction(orange) / 100, bounds) is Zone.ORANGE
    assert zone_at(Fraction(red) / 100, bounds) is Zone.RED


@pytest.mark.parametrize(
    ("yellow", "orange", "red"),
    [
        ("0", "85", "95"),
        ("-1", "85", "95"),
        ("85", "85", "95"),
        ("86", "85", "95"),
        ("70", "95", "95"),
        ("70", "96", "95"),
        ("70", "85", "100.01"),
    ],
)
def test_bounds_that_do_not_rise_are_refused(yellow: str, orange: str, red: str) -> None:
    with pytest.raises(RuleError, match="must rise"):
        Bounds(Decimal(yellow), Decimal(orange), Decimal(red))


@pytest.mark.parametrize(
    ("limit", "reserve", "effective"),
    [
        ("500000", "0", Fraction(500_000)),
        ("500000", "20", Fraction(400_000)),  # the report: actual limit x 0.8
        ("500000", "0.01", Fraction(499_950)),
        ("500000", "99.99", Fraction(50)),
        ("0.01", "0", Fraction(1, 100)),
        ("1", "33.33", Fraction(6667, 10_000)),
    ],
)
def test_the_effective_limit_leaves_out_the_reserve_exactly(
    limit: str, reserve: str, effective: Fraction
) -> None:
    assert effective_limit(Decimal(limit), Decimal(reserve)) == effective


@pytest.mark.parametrize("limit", ["0", "-0.01", "-500000"])
def test_a_limit_must_be_more_than_nothing(limit: str) -> None:
    with pytest.raises(RuleError, match="limit must be more than 0"):
        effective_limit(Decimal(limit), Decimal(0))


@pytest.mark.parametrize("reserve", ["-0.01", "100", "100.01"])
def test_a_reserve_is_at_least_nothing_and_less_than_everything(reserve: str) -> None:
    with pytest.raises(RuleError, match="reserve must be at least 0%"):
        effective_limit(Decimal(500_000), Decimal(reserve))


@given(st.fractions(0, 2), st.fractions(0, 2))
def test_using_more_never_improves_the_zone(one: Fraction, other: Fraction) -> None:
    less, more = sorted([one, other])
    assert zone_at(less).severity <= zone_at(more).severity


@given(st.sets(st.decimals("0.01", 100, places=2), min_size=3, max_size=3), st.fractions(0, 2))
def test_a_zone_is_as_bad_as_the_number_of_bounds_reached(
    three: set[Decimal], share: Fraction
) -> None:
    yellow, orange, red = sorted(three)
    reached = sum(share * 100 >= Fraction(bound) for bound in three)
    assert zone_at(share, Bounds(yellow, orange, red)).severity == reached
