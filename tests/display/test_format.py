"""How amounts and moments are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from allocation.display import format as fmt
from allocation.display.sheet import neutral
from allocation.display.templatetags import display

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (140_000, "140,000"),
        (Fraction(1, 2), "1"),
        (Fraction(49, 100), "0"),
        (Decimal("999.5"), "1,000"),
        (-3, "-3"),
    ],
)
def test_tokens_are_whole_with_separators(value: fmt.Number, text: str) -> None:
    assert fmt.tokens(value) == text


@pytest.mark.parametrize(
    ("low", "value", "high", "text"),
    [
        (55_882, 85_000, 114_118, "85,000 56,000–114,000"),
        (1_176, 1_764, 2_353, "1,800 1,200–2,400"),
        (0, 185_058, 379_861, "190,000 0–380,000"),
        # A width of 99 has two figures in its ones, one of 100 in its tens.
        (150, 204, 249, "204 150–249"),
        (150, 204, 250, "200 150–250"),
        (522_118, 523_456, 524_999, "523,500 522,100–525,000"),
        # What is small beside its range is not rounded away.
        (0, 1_234, 379_861, "1,000 0–380,000"),
        (7, 7, 7, "7 7"),
    ],
)
def test_an_estimate_is_as_exact_as_its_range_lets_it_be(
    low: int, value: int, high: int, text: str
) -> None:
    said = f"{fmt.estimate(value, high - low)} {fmt.estimate_range(low, high)}"
    assert said == text
    assert display.to(low, high) == fmt.estimate_range(low, high)


@pytest.mark.parametrize(
    ("value", "text"), [(6_508, "6,500"), (-53_455, "-53,000"), (641, "640"), (9, "9"), (0, "0")]
)
def test_an_estimate_without_a_range_has_two_figures(value: int, text: str) -> None:
    assert fmt.estimate(value) == text


def test_an_estimate_in_dollars_is_not_finer_than_a_cent() -> None:
    assert fmt.estimate(Decimal("1.234"), Decimal("0.05"), in_dollars=True) == "$1.23"
    assert fmt.estimate(Decimal("1.234"), Decimal("7"), in_dollars=True) == "$1.20"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_499, "1k"),
        (140_000, "140k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (1_200_000, "1.2M"),
        (12_400_000, "12M"),
        (3_400_000_000, "3.4B"),
        (-140_000, "-140k"),
    ],
)
def test_a_short_amount_keeps_its_size(value: int, text: str) -> None:
    assert fmt.short(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(72, 100), "72%"),
        (Fraction(9_999, 10_000), "99%"),
        (1, "100%"),
        (Fraction(112, 100), "112%"),
        (0, "0%"),
        (12, "1,200%"),
    ],
)
def test_a_share_is_whole_percent_and_not_all_is_never_100(share: fmt.Number, text: str) -> None:
    assert fmt.percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(6_999, 10_000), "69%"),
        (Fraction(70, 100), "70%"),
        (Decimal("0.9499"), "94%"),
        (Fraction(1_129, 1_000), "112%"),
        (0, "0%"),
        (12, "1,200%"),
    ],
)
def test_a_bound_is_said_only_when_it_is_reached(share: fmt.Number, text: str) -> None:
    assert fmt.reached(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (Decimal(0), "$0.00"),
        (Decimal("0.0001"), "under $0.01"),
        (Decimal("0.005"), "under $0.01"),
        (Decimal("0.07875"), "$0.08"),
        (Decimal("1234.5"), "$1,234.50"),
    ],
)
def test_an_unknown_price_is_never_zero(value: Decimal | None, text: str) -> None:
    assert fmt.usd(value) == text


def test_an_amount_takes_the_unit_of_the_meter() -> None:
    assert fmt.amount(Fraction(5, 2), in_dollars=True) == "$2.50"
    assert fmt.amount(Fraction(5, 2), in_dollars=False) == "3"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=2, hours=18, minutes=5), "2 d 18 h"),
        (timedelta(days=7), "7 d"),
        (timedelta(hours=5, minutes=20), "5 h 20 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(minutes=-5), "0 min"),
    ],
)
def test_a_duration_has_its_two_largest_units(span: timedelta, text: str) -> None:
    assert fmt.duration(span) == text


def test_moments_are_on_the_owners_clock() -> None:
    at = datetime(2026, 11, 24, 8, 7, tzinfo=UTC)
    assert fmt.moment(at, LOS_ANGELES) == "Tue 24 Nov 2026, 00:07"
    assert fmt.soon(at, LOS_ANGELES) == "Tue 00:07"


def test_filters_write_a_dash_for_nothing() -> None:
    empty = [display.tokens(None), display.percent(None), display.when(None), display.soon(None)]
    assert empty == ["–"] * 4
    assert display.usd(None) == "unknown"


def test_filters_put_moments_into_time_elements() -> None:
    at = datetime(2026, 11, 24, 8, 7, tzinfo=UTC)
    assert display.soon(at) == '<time datetime="2026-11-24T08:07:00+00:00">Tue 08:07</time>'
    assert "24 Nov 2026" in display.when(at)
    assert display.duration(timedelta(hours=1)) == "1 h"
    assert display.tokens(1_000) == "1,000"
    assert display.percent(Fraction(1, 2)) == "50%"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_in_a_cell_is_neutralised(text: str) -> None:
    assert neutral(text) == f"'{text}"


def test_other_cells_stay_as_they_are() -> None:
    assert [neutral("SD-1"), neutral(-5), neutral(None)] == ["SD-1", -5, None]
