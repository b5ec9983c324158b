"""How a judged value is written."""

from decimal import Decimal

import pytest

from allocation.display.bands import judged
from allocation.policy.kpis import KPI_BY_KEY


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("exhaustion-error", "-6.4", "6.4 h"),
        ("exhaustion-error", "5.9", "6 h"),
        ("burn-rate-error", "10.3", "10.3%"),
        ("e2e-pass", "99.7", "99%"),
        ("cost-per-sd", "-0.2", "−0.2%"),
        ("cost-per-sd", "43.4", "+43%"),
        ("cost-per-sd", "0", "0%"),
        ("mix", "15.2", "15.2 points"),
        ("sds-completed", "7", "7"),
    ],
)
def test_a_value_has_its_unit_and_stays_on_its_side_of_a_bound(
    key: str, value: str, text: str
) -> None:
    assert judged(KPI_BY_KEY[key], Decimal(value)) == text


def test_without_a_value_there_is_a_dash() -> None:
    assert judged(KPI_BY_KEY["mix"], None) == "–"
